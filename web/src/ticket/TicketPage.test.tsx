import { act, fireEvent, render, screen } from "@testing-library/react";
import { beforeEach, expect, it, vi } from "vitest";
import { statuses, type Ticket, type TicketStatus } from "../api/support";
import {
  type Call,
  fakeServer,
  fromAssistant,
  fromCustomer,
  json,
  offline,
  receipt,
  ticketWith,
} from "../test/server";
import { TicketPage } from "./TicketPage";
import { statusWords } from "./words";

beforeEach(() => {
  vi.useFakeTimers();
});

const pass = (ms: number) => act(() => vi.advanceTimersByTimeAsync(ms));

async function open(answer: (call: Call, number: number) => Response | Error) {
  const calls = fakeServer(answer);
  const view = render(<TicketPage id={receipt.ticket_id} />);
  await pass(0);
  return { calls, view };
}

function arrive(text = fromCustomer.text) {
  history.replaceState({ receipt, text }, "", `/ticket/${receipt.ticket_id}`);
}

const show = (changes: Partial<Ticket>) => json(ticketWith(changes));
const live = () => screen.getByRole("status").textContent;
const shown = (author: string) =>
  [...document.querySelectorAll(`[data-author=${author}] .text`)].map((e) => e.textContent);

it("shows the ticket number and the text at once, before the server has answered", async () => {
  arrive();
  await open(() => offline());
  expect(screen.getByRole("heading", { name: receipt.ticket_number })).toBe(document.activeElement);
  expect(shown("customer")).toEqual([fromCustomer.text]);
  expect(screen.getByText(/Expected answer: usually within 5 minutes\. You may/)).toBeTruthy();
});

it("says that we have the message while nothing is stored yet", async () => {
  await open(() => json({ ...ticketWith({ status: "received" }), messages: null }));
  expect(screen.getByText("We have your message.")).toBeTruthy();
  expect(screen.getByText(/Preparing your answer/)).toBeTruthy();
});

it("shows the new answer by itself, announces it, and not what was there before", async () => {
  await open((_, number) =>
    number === 1
      ? show({ messages: [fromCustomer] })
      : show({ status: "waiting_customer", messages: [fromCustomer, fromAssistant] }),
  );
  expect(shown("customer")).toEqual([fromCustomer.text]);
  expect(live()).toBe("");

  await pass(2000);
  expect(shown("assistant")).toEqual([fromAssistant.text]);
  expect(live()).toBe(`New answer from Support assistant: ${fromAssistant.text}`);
  expect(screen.queryByText(/Preparing your answer/)).toBeNull();
});

it("announces an answer that was faster than the first look", async () => {
  arrive();
  await open(() => show({ status: "waiting_customer", messages: [fromCustomer, fromAssistant] }));
  expect(live()).toContain(fromAssistant.text);
  expect(shown("customer")).toEqual([fromCustomer.text]);
});

it.each(statuses)("has words for %s", async (status: TicketStatus) => {
  await open(() => show({ status, messages: [fromCustomer] }));
  expect(screen.getByText(statusWords[status].label)).toBeTruthy();
  expect(screen.queryByText(status)).toBeNull();
});

it("takes a status it does not know as work in progress", async () => {
  await open(() => json({ ...ticketWith(), status: "snoozed" }));
  expect(screen.getByText(statusWords.open.label)).toBeTruthy();
});

it("keeps the conversation on screen when the network is lost, and says so", async () => {
  const { calls } = await open((_, number) =>
    number === 2 ? offline() : show({ messages: [fromCustomer] }),
  );
  await pass(2000);
  expect(screen.getByRole("alert").textContent).toContain("We keep trying.");
  expect(shown("customer")).toEqual([fromCustomer.text]);

  fireEvent.click(screen.getByRole("button", { name: "Try now" }));
  await pass(0);
  expect(calls).toHaveLength(3);
  expect(screen.queryByRole("alert")).toBeNull();
});

it("explains a ticket that does not exist", async () => {
  await open(() => json({ status: 404 }, 404));
  expect(screen.getByRole("heading", { name: "We could not find this ticket" })).toBeTruthy();
});

it("stops asking when the customer leaves", async () => {
  const { calls, view } = await open(() => show({}));
  view.unmount();
  await pass(600_000);
  expect(calls).toHaveLength(1);
});

it("shows text as text: no markup, safe links only", async () => {
  const text = '<img src=x onerror="alert(1)">\njavascript:alert(1) https://example.com/help.';
  await open(() => show({ messages: [{ ...fromAssistant, text }] }));
  expect(shown("assistant")).toEqual([text]);
  expect(document.querySelector(".conversation img")).toBeNull();
  const links = [...document.querySelectorAll<HTMLAnchorElement>(".conversation a")];
  expect(links.map((link) => link.href)).toEqual(["https://example.com/help"]);
  expect(links[0]?.rel).toContain("noopener");
});

it("says when a message could not be delivered", async () => {
  await open(() =>
    show({ messages: [{ ...fromAssistant, channel: "email", delivery: "failed" }] }),
  );
  expect(screen.getByText(/by email · Could not be delivered to you/)).toBeTruthy();
});

it("sends a further message, shows it at once, and once only when it is listed", async () => {
  const further = { ...fromCustomer, id: "m3", text: "It is still empty." };
  let stored = [fromCustomer, fromAssistant] as Ticket["messages"];
  const { calls } = await open((call) =>
    call.method === "POST" ? json({}) : show({ status: "waiting_customer", messages: stored }),
  );
  fireEvent.change(screen.getByLabelText("Add a message"), { target: { value: further.text } });
  fireEvent.click(screen.getByRole("button", { name: "Send" }));
  await pass(0);

  const post = calls.find((call) => call.method === "POST");
  expect(post).toMatchObject({
    path: `/support/ticket/${receipt.ticket_id}/messages`,
    key: expect.stringMatching(/^[0-9a-f-]{36}$/),
    body: { message: further.text },
  });
  expect(shown("customer")).toEqual([fromCustomer.text, further.text]);
  expect(localStorage.length).toBe(0);

  stored = [...stored, further];
  await pass(5000);
  expect(shown("customer")).toEqual([fromCustomer.text, further.text]);
  expect(screen.queryByText("We have it")).toBeNull();
});

it("keeps a further message that could not be sent, also over a reload", async () => {
  const answer = (call: Call) =>
    call.method === "POST" ? json({ correlation_id: "c-7" }, 503) : show({});
  const { calls, view } = await open(answer);
  fireEvent.change(screen.getByLabelText("Add a message"), { target: { value: "Hello again" } });
  fireEvent.click(screen.getByRole("button", { name: "Send" }));
  await pass(0);
  expect(screen.getByRole("alert").textContent).toContain("c-7");
  fireEvent.click(screen.getByRole("button", { name: "Try again" }));
  await pass(0);
  const keys = calls.filter((call) => call.method === "POST").map((call) => call.key);
  expect(keys).toHaveLength(2);
  expect(keys[0]).toBe(keys[1]);

  view.unmount();
  await open(answer);
  expect(screen.getByLabelText<HTMLTextAreaElement>("Add a message").value).toBe("Hello again");
});

it("gives a further message another key once it was edited after a try, or sent", async () => {
  let posts = 0;
  const { calls } = await open((call) => {
    if (call.method !== "POST") return show({});
    posts++;
    return posts === 1 ? offline() : json({});
  });
  for (const value of ["Hello", "Hello again", "Hello again"]) {
    fireEvent.change(screen.getByLabelText("Add a message"), { target: { value } });
    fireEvent.click(screen.getByRole("button", { name: "Send" }));
    await pass(0);
  }
  const sent = calls.filter((call) => call.method === "POST");
  expect(sent.map((call) => call.body.message)).toEqual(["Hello", "Hello again", "Hello again"]);
  expect(new Set(sent.map((call) => call.key)).size).toBe(3);
});

it.each([
  ["email", /answer our last email/],
  ["whatsapp", /write to us on WhatsApp/],
] as const)(
  "says where to write when the page of a closed %s ticket takes nothing",
  async (channel, words) => {
    let closed = false;
    await open(() =>
      show(closed ? { status: "closed", continue_on: channel } : { messages: [fromCustomer] }),
    );
    fireEvent.change(screen.getByLabelText("Add a message"), {
      target: { value: "One more thing" },
    });
    closed = true;
    await pass(5000);
    expect(screen.getByText(words)).toBeTruthy();
    expect(screen.queryByRole("button", { name: "Send" })).toBeNull();
    expect(screen.getByLabelText<HTMLTextAreaElement>(/had begun/).value).toBe("One more thing");
  },
);

it("shows no text whose direction was turned around", async () => {
  const text = "Open https://example.com/\u202Egpj.exe";
  await open(() => show({ messages: [{ ...fromAssistant, text }] }));
  expect(shown("assistant")).toEqual(["Open https://example.com/gpj.exe"]);
});

it("asks for text before sending an empty message", async () => {
  const { calls } = await open(() => show({}));
  fireEvent.click(screen.getByRole("button", { name: "Send" }));
  await pass(0);
  expect(screen.getByText("Please write a message first.")).toBeTruthy();
  expect(calls.some((call) => call.method === "POST")).toBe(false);
});
