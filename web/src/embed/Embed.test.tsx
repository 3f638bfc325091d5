import { render, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it } from "vitest";
import { fakeServer, json, offline, receipt } from "../test/server";
import { Embed } from "./Embed";

const server = "https://support.example";

async function send(answer: () => Response | Error) {
  const calls = fakeServer(answer);
  render(<Embed server={server} />);
  const user = userEvent.setup();
  await user.type(screen.getByLabelText("Name"), "Ada Example");
  await user.type(screen.getByLabelText("Email"), "ada@example.com");
  await user.type(screen.getByLabelText("Subject"), "Wrong invoice");
  await user.type(screen.getByLabelText("Message"), "I was billed twice this month.");
  await user.click(screen.getByRole("button", { name: "Send message" }));
  return { calls, user };
}

const link = () => screen.getByRole<HTMLAnchorElement>("link", { name: "Open your ticket" });

it("sends the form to the script's own server and stays on the page", async () => {
  const { calls, user } = await send(() =>
    json({ ...receipt, status_url: `${server}/ticket/${receipt.ticket_id}` }),
  );
  await screen.findByText(receipt.ticket_number);
  expect(calls.map((call) => call.path)).toEqual([`${server}/support/submit`]);
  expect(location.pathname).toBe("/");
  expect(document.activeElement?.textContent).toBe(receipt.message);
  expect(screen.getByText(/Expected answer: usually within 5 minutes\./)).toBeTruthy();
  expect(link().href).toBe(`${server}/ticket/${receipt.ticket_id}`);
  expect(link().rel).toContain("noopener");

  await user.click(screen.getByRole("button", { name: "Write another message" }));
  expect(screen.getByLabelText<HTMLInputElement>("Subject").value).toBe("");
  expect(localStorage.length).toBe(0);
});

it.each(["javascript:alert(1)", "/ticket/x", ""])(
  "leads to the server's page, not to %j",
  async (status_url) => {
    await send(() => json({ ...receipt, status_url }));
    await screen.findByText(receipt.ticket_number);
    expect(link().href).toBe(`${server}/ticket/${receipt.ticket_id}`);
  },
);

it("keeps what was written when the server does not answer this site", async () => {
  await send(() => offline());
  const alert = await screen.findByRole("alert");
  expect(alert.textContent).toMatch(/could not reach our server/);
  await waitFor(() => expect(localStorage.getItem("fte.draft.form")).toContain("billed twice"));
});
