import { act, render, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { App } from "./App";
import { openTicket, pageOf } from "./navigation";
import { fakeServer, json, receipt, ticketWith } from "./test/server";

it.each([
  ["/", { name: "form" }],
  ["/ticket/abc", { name: "ticket", id: "abc" }],
  ["/ticket/abc/", { name: "ticket", id: "abc" }],
  ["/ticket/a%20b", { name: "ticket", id: "a b" }],
  ["/ticket/%", { name: "ticket", id: "%" }],
  ["/ticket/", { name: "unknown" }],
  ["/ticket/a/b", { name: "unknown" }],
  ["/other", { name: "unknown" }],
])("%s", (path, page) => {
  expect(pageOf(path)).toEqual(page);
});

it("goes from the form to the ticket page and back", async () => {
  fakeServer(() => json(ticketWith()));
  render(<App />);
  expect(screen.getByRole("heading", { name: "How can we help?" })).toBeTruthy();

  act(() => openTicket({ receipt, text: "Hello there" }));
  expect(screen.getByRole("heading", { name: receipt.ticket_number })).toBeTruthy();

  act(() => history.back());
  await screen.findByRole("heading", { name: "How can we help?" });
});

it("explains an address that leads nowhere", () => {
  history.replaceState(null, "", "/nowhere");
  render(<App />);
  expect(screen.getByRole("heading", { name: "We could not find this page" })).toBeTruthy();
});
