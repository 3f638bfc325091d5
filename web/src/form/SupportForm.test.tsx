import { render, screen, waitFor } from "@testing-library/react";
import userEvent, { type UserEvent } from "@testing-library/user-event";
import { expect, it } from "vitest";
import { type Call, fakeServer, json, offline, receipt } from "../test/server";
import { SupportPage } from "./SupportPage";

const field = (name: string) => screen.getByLabelText<HTMLInputElement>(name);
const sendButton = () => screen.getByRole("button", { name: /^Send message|^Sending/ });

function open(answer: (call: Call, number: number) => Response | Error | Promise<Response>) {
  const calls = fakeServer(answer);
  render(<SupportPage />);
  return { calls, user: userEvent.setup() };
}

async function fill(user: UserEvent) {
  await user.type(field("Name"), "Ada Example");
  await user.type(field("Email"), "ada@example.com");
  await user.selectOptions(field("What is it about?"), "billing");
  await user.click(field("High"));
  await user.type(field("Subject"), "Wrong invoice");
  await user.type(field("Message"), "I was billed twice this month.");
}

it("shows every error beside its field, focuses the first, sends nothing", async () => {
  const { calls, user } = open(() => json(receipt));
  await user.click(sendButton());

  await waitFor(() => expect(document.activeElement).toBe(field("Name")));
  for (const name of ["Name", "Email", "Subject", "Message"]) {
    const control = field(name);
    expect(control.getAttribute("aria-invalid")).toBe("true");
    const id = control.getAttribute("aria-describedby")?.split(" ")[0] ?? "";
    expect(document.getElementById(id)?.textContent).toMatch(/^Please/);
  }
  expect(field("Phone (optional)").getAttribute("aria-invalid")).toBe("false");
  expect(calls).toEqual([]);
});

it("takes an error away as soon as the field is right", async () => {
  const { user } = open(() => json(receipt));
  await user.click(sendButton());
  await user.type(field("Name"), "Ada");
  await waitFor(() => expect(field("Name").getAttribute("aria-invalid")).toBe("false"));
  expect(document.getElementById("name-error")).toBeNull();
});

it("sends the request with its key and moves to the ticket page", async () => {
  const { calls, user } = open(() => json(receipt));
  await fill(user);
  await user.click(sendButton());

  await waitFor(() => expect(location.pathname).toBe(`/ticket/${receipt.ticket_id}`));
  expect(calls).toHaveLength(1);
  expect(calls[0]).toMatchObject({
    method: "POST",
    path: "/support/submit",
    key: expect.stringMatching(/^[0-9a-f-]{36}$/),
  });
  expect(calls[0]?.body).toEqual({
    name: "Ada Example",
    email: "ada@example.com",
    category: "billing",
    priority: "high",
    subject: "Wrong invoice",
    message: "I was billed twice this month.",
    website: "",
  });
  expect(history.state.receipt.ticket_number).toBe(receipt.ticket_number);
  expect(localStorage.length).toBe(0);
});

it("sends once when the button is pressed twice", async () => {
  let release = (_: Response) => {};
  const { calls, user } = open(
    () =>
      new Promise((resolve) => {
        release = resolve;
      }),
  );
  await fill(user);
  await user.click(sendButton());
  await screen.findByRole("button", { name: "Sending…" });
  await user.click(sendButton());
  release(json(receipt));
  await waitFor(() => expect(location.pathname).toBe(`/ticket/${receipt.ticket_id}`));
  expect(calls).toHaveLength(1);
});

it("shows the server's field errors beside the fields and keeps the text", async () => {
  const { user } = open(() =>
    json(
      {
        type: "about:blank",
        title: "Invalid",
        status: 422,
        correlation_id: "c-9",
        errors: [
          { field: "subject", message: "looks like spam" },
          { field: "email", message: "this domain does not exist" },
        ],
      },
      422,
    ),
  );
  await fill(user);
  await user.click(sendButton());

  await screen.findByText("This domain does not exist.");
  await screen.findByText("Looks like spam.");
  await waitFor(() => expect(document.activeElement).toBe(field("Email")));
  expect(field("Message").value).toBe("I was billed twice this month.");
  expect(screen.queryByRole("alert")).toBeNull();
});

it("shows a refusal that belongs to no visible field as a sentence", async () => {
  const { user } = open(() =>
    json({ errors: [{ field: "website", message: "must be empty" }], correlation_id: "c-3" }, 422),
  );
  await fill(user);
  await user.click(sendButton());
  const alert = await screen.findByRole("alert");
  expect(alert.textContent).toContain("Must be empty.");
  expect(alert.textContent).toContain("c-3");
});

it.each([
  ["the network is gone", () => offline(), /could not reach our server/, ""],
  [
    "the server is full",
    () => json({ correlation_id: "c-5" }, 503, { "Retry-After": "7" }),
    /try again in 7 seconds/,
    "c-5",
  ],
  [
    "there were too many",
    () => json({ correlation_id: "c-6" }, 429, { "Retry-After": "120" }),
    /wait 2 minutes/,
    "c-6",
  ],
])(
  "keeps everything when %s, and a retry is the same request",
  async (_, refusal, words, reference) => {
    const { calls, user } = open((_call, number) => (number === 1 ? refusal() : json(receipt)));
    await fill(user);
    await user.click(sendButton());

    const alert = await screen.findByRole("alert");
    expect(alert.textContent).toMatch(words);
    expect(alert.textContent).toContain(reference);
    expect(field("Message").value).toBe("I was billed twice this month.");

    await user.click(screen.getByRole("button", { name: "Try again" }));
    await waitFor(() => expect(location.pathname).toBe(`/ticket/${receipt.ticket_id}`));
    expect(calls).toHaveLength(2);
    expect(calls[1]).toEqual(calls[0]);
  },
);

it("says beside the address that too much came from it, and keeps the text", async () => {
  const words = "We already have several messages from this address.";
  const { user } = open(() =>
    json({ errors: [{ field: "email", message: words }], correlation_id: "c-8" }, 429, {
      "Retry-After": "40",
    }),
  );
  await fill(user);
  await user.click(sendButton());
  await screen.findByText(words);
  expect(field("Email").getAttribute("aria-invalid")).toBe("true");
  const alert = await screen.findByRole("alert");
  expect(alert.textContent).toMatch(/wait 40 seconds/);
  expect(alert.textContent).toMatch(/still here/);
  expect(field("Message").value).toBe("I was billed twice this month.");
  expect(localStorage.getItem("fte.draft.form")).toContain("billed twice");
});

it("restores the draft and its key after the page was closed", async () => {
  const first = fakeServer(() => offline());
  const { unmount } = render(<SupportPage />);
  const user = userEvent.setup();
  await fill(user);
  await user.click(sendButton());
  await screen.findByRole("alert");
  unmount();

  const second = fakeServer(() => json(receipt));
  render(<SupportPage />);
  expect(field("Message").value).toBe("I was billed twice this month.");
  expect(field("High").checked).toBe(true);
  await user.click(sendButton());
  await waitFor(() => expect(second).toHaveLength(1));
  expect(second[0]?.key).toBe(first[0]?.key);
});

it.each([
  ["its answer was lost", () => offline()],
  ["the server failed", () => json({}, 500)],
  ["the server is full", () => json({}, 503)],
])("sends what was edited after %s as another request", async (_, refusal) => {
  const { calls, user } = open((_call, number) => (number === 1 ? refusal() : json(receipt)));
  await fill(user);
  await user.click(sendButton());
  await screen.findByRole("alert");
  await user.type(field("Message"), " Please check.");
  await user.click(sendButton());
  await waitFor(() => expect(calls).toHaveLength(2));
  expect(calls[1]?.body.message).toBe("I was billed twice this month. Please check.");
  expect(calls[1]?.key).not.toBe(calls[0]?.key);
});

it("gives the next request another key", async () => {
  const { calls, user } = open(() => json(receipt));
  await fill(user);
  await user.click(sendButton());
  await waitFor(() => expect(calls).toHaveLength(1));
  await user.click(sendButton());
  await waitFor(() => expect(calls).toHaveLength(2));
  expect(calls[1]?.key).not.toBe(calls[0]?.key);
});

it("starts over when the customer drops the draft", async () => {
  const { unmount } = render(<SupportPage />);
  const user = userEvent.setup();
  await user.type(field("Subject"), "Old matter");
  unmount();

  render(<SupportPage />);
  expect(field("Subject").value).toBe("Old matter");
  await user.click(screen.getByRole("button", { name: "Start over" }));
  expect(field("Subject").value).toBe("");
  expect(document.activeElement).toBe(field("Name"));
  expect(localStorage.length).toBe(0);
});

it("hides the bait from people but sends it", async () => {
  const { calls, user } = open(() => json(receipt));
  expect(screen.queryByRole("textbox", { name: "Website" })).toBeNull();
  const bait = document.querySelector<HTMLInputElement>("input[name=website]");
  expect(bait?.tabIndex).toBe(-1);

  await fill(user);
  if (bait) await user.type(bait, "https://spam.example");
  expect(localStorage.getItem("fte.draft.form")).not.toContain("spam");
  await user.click(sendButton());
  await waitFor(() => expect(calls[0]?.body.website).toBe("https://spam.example"));
});

it("counts characters and never cuts them off", async () => {
  const { user } = open(() => json(receipt));
  await user.click(field("Message"));
  await user.paste("😀".repeat(5001));
  expect(screen.getByText("5001 / 5000")).toBeTruthy();
  await user.tab();
  await screen.findByText("Please shorten your message to 5000 characters; it has 5001.");
  expect(field("Message").value).toHaveLength(10_002);
});

it("says that attachments are not accepted", () => {
  open(() => json(receipt));
  expect(screen.getByText(/Attachments are not accepted/)).toBeTruthy();
});
