// Brings tickets of a fresh local stack into the states that docs/inspecting.md
// explains, and photographs their pages in the Temporal UI for docs/images.
// docs/images/README.md says how to run it.
import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { chromium } from "playwright-core";

const run = promisify(execFile);
const env = process.env;
const needed = ["FTE", "PUBLIC_BASE_URL", "OPENAI_BASE_URL", "TWILIO_BASE_URL", "TEMPORAL_UI_URL"];
const play = env.PLAY_URL ?? "http://127.0.0.1:8025";
const images = env.SCREENSHOTS ?? "../docs/images";
const executablePath = env.CHROMIUM ?? "/usr/bin/chromium";
const patienceMs = 60_000;

const openai = () => new URL("/", env.OPENAI_BASE_URL).href;

async function send(method, url, body) {
  const response = await fetch(url, {
    method,
    headers: { "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID() },
    body: body && JSON.stringify(body),
  });
  if (!response.ok)
    throw new Error(`${method} ${url}: ${response.status} ${await response.text()}`);
  return response.text();
}

const fte = async (...args) => (await run(env.FTE, args)).stdout;
const chat = (number, name, text) => send("POST", `${play}/api/whatsapp`, { number, name, text });
const mail = (from, name, subject, text) =>
  send("POST", `${play}/api/mail`, { from, name, subject, text });

/** Makes every request to the model that holds these words fail. */
const breakModel = (words, status, code) =>
  send("POST", `${openai()}_sim/fault`, {
    match: "/chat/completions",
    body_match: words,
    times: -1,
    status,
    body: JSON.stringify({ error: { message: "refused on purpose", type: code, code } }),
  });

async function until(what, look) {
  const end = Date.now() + patienceMs;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited too long: ${what}`);
    await new Promise((done) => setTimeout(done, 250));
  }
}

async function list(query) {
  const url = new URL("/api/v1/namespaces/default/workflows", env.TEMPORAL_UI_URL);
  url.searchParams.set("query", query);
  return JSON.parse(await send("GET", url)).executions ?? [];
}

/** The latest ticket of a customer, once its page in the Temporal UI says so. */
async function ticketOf(who, query) {
  const ticket = await until(`a ticket of ${who}`, async () => {
    const customer = await fte("customer", "show", who, "--json").catch(() => "{}");
    return JSON.parse(customer).tickets?.[0];
  });
  const same = `WorkflowId = "${ticket.workflow_id}" AND ${query}`;
  await until(same, async () => (await list(same)).length > 0);
  return ticket;
}

/** Lives through each state once. Nothing is made up but the customers and what fails. */
async function stage() {
  await fte("mode", "set", "auto");
  await send("DELETE", `${openai()}_sim/fault`);

  await chat("+4915112340001", "Ines Falk", "how much is the team plan per month");
  const answered = await ticketOf("+4915112340001", 'TicketStatus = "waiting_customer"');

  await fte("mode", "set", "draft", "--channel", "webform");
  await send("POST", `${env.PUBLIC_BASE_URL}/support/submit`, {
    name: "Anna Lindqvist",
    email: "anna.lindqvist@kantine.example",
    subject: "When does an upgrade take effect?",
    category: "billing",
    priority: "medium",
    message:
      "We have to add eight more sensors this afternoon. When does an upgrade from Start to Team take effect?",
  });
  const approval = await ticketOf(
    "anna.lindqvist@kantine.example",
    'EscalationReason = "approval_needed"',
  );
  await fte("mode", "set", "auto");

  await mail(
    "bernd.krueger@baeckerei.example",
    "Bernd Krüger",
    "Refund for renewed year",
    "Our yearly plan was renewed although we wanted to stop. I want my money back for the whole year.",
  );
  const escalated = await ticketOf("bernd.krueger@baeckerei.example", "NeedsHuman = true");

  await chat("+4915112340002", "Joris Peeters", "parcel came 2 weeks late i want a refund now");
  const taken = await ticketOf("+4915112340002", "NeedsHuman = true");
  await fte("ticket", "takeover", taken.ticket_number, "--as", "ana");
  await ticketOf("+4915112340002", 'AssignedTo = "ana"');

  await chat(
    "+4915112340003",
    "Luca Moretti",
    "this is the third alarm at night, your app is useless and I am furious. how do I pause an alarm",
  );
  const angry = await ticketOf("+4915112340003", "Sentiment < 0.3");

  await breakModel("nine bakeries", 401, "invalid_api_key");
  await mail(
    "mirjam.dewit@brood.example",
    "Mirjam de Wit",
    "Managers for nine bakeries",
    "We have nine bakeries. Can a manager change the limits of the alarms?",
  );
  const broken = await ticketOf(
    "mirjam.dewit@brood.example",
    'EscalationReason = "model_unavailable"',
  );

  await send("POST", `${new URL("/", env.TWILIO_BASE_URL).href}_sim/fault`, {
    match: "POST /2010-04-01",
    body_match: "4915112340004",
    times: -1,
    status: 400,
    body: JSON.stringify({ code: 21610, message: "refused on purpose", status: 400 }),
  });
  await chat("+4915112340004", "Kaja Nowak", "how do i cancel my plan");
  const undelivered = await ticketOf("+4915112340004", 'EscalationReason = "not_delivered"');

  await breakModel("harbour kiosk", 503, "overloaded");
  await mail(
    "tomas.berg@kiosk.example",
    "Tomas Berg",
    "Limits of the alarm in our harbour kiosk",
    "How do I set the limits of the alarm in our harbour kiosk?",
  );
  const retrying = await ticketOf("tomas.berg@kiosk.example", 'ExecutionStatus = "Running"');
  return { answered, approval, escalated, taken, angry, broken, undelivered, retrying };
}
const columns = [
  "TicketNumber",
  "TicketStatus",
  "AssignedTo",
  "EscalationReason",
  "SlaDueAt",
  "Sentiment",
  "Channel",
  "Status",
];

/** The pages of the Temporal UI, one picture each. */
async function shoot(page, tickets) {
  const base = `${env.TEMPORAL_UI_URL}/namespaces/default/workflows`;
  await mkdir(images, { recursive: true });

  const open = async (ticket, tab) => {
    const [found] = await list(`WorkflowId = "${ticket.workflow_id}"`);
    const { workflowId, runId } = found.execution;
    await page.goto(`${base}/${encodeURIComponent(workflowId)}/${runId}/${tab}`);
    await page.getByText("Queries", { exact: true }).waitFor();
  };
  // What the UI needs to draw is not announced: a picture is taken once two in a row are the same.
  const save = async (name, clip) => {
    let last = Buffer.alloc(0);
    const png = await until(`a still picture of ${name}`, async () => {
      const now = await page.screenshot({ clip, animations: "disabled", caret: "hide" });
      const still = now.equals(last);
      last = now;
      return still && now;
    });
    await writeFile(join(images, `${name}.png`), png);
    console.log(`${name}.png  ${Math.round(png.length / 1024)} KiB`);
  };
  const left = 64; // to the right of the menu
  /** What lies between the top of one element and the bottom of another. */
  const between = async (first, last) => {
    const [top, bottom] = await Promise.all([first.boundingBox(), last.boundingBox()]);
    const width = page.viewportSize().width - left;
    return { x: left, y: top.y - 8, width, height: bottom.y + bottom.height - top.y + 8 };
  };
  const tabs = page.getByText("Queries", { exact: true });
  const details = async (name, ticket, top = tabs) => {
    await open(ticket, "user-metadata");
    const frame = page.locator('iframe[src*="Ticket"]');
    await frame.contentFrame().getByText(ticket.ticket_number).first().waitFor();
    await save(name, await between(top, frame));
  };

  await page.addInitScript((labels) => {
    const value = { default: labels.map((label) => ({ label })) };
    localStorage.setItem("namespace-workflow-table-columns", JSON.stringify(value));
    localStorage.setItem("workflow-nav-open", "false");
  }, columns);
  await page.goto(`${base}?query=${encodeURIComponent("NeedsHuman = true")}`);
  await page.getByText(tickets.escalated.ticket_number).waitFor();
  await save("list", { x: left, y: 56, width: 1216, height: 424 });

  await details("answered", tickets.answered);
  await details("waiting", tickets.approval);
  await details("escalated", tickets.escalated, page.getByRole("heading", { level: 1 }));
  await details("broken", tickets.broken);

  const timeline = async (name) => {
    await open(tickets.retrying, "history");
    await page
      .getByText(/Attempt \d+/)
      .first()
      .waitFor();
    await page.getByRole("button", { name: "Freeze" }).click();
    const title = await page.getByRole("heading", { name: "Event History" }).boundingBox();
    await save(name, { x: left, y: title.y - 16, width: 1216, height: 352 });
  };
  await timeline("timeline");
  await page.emulateMedia({ colorScheme: "dark" });
  await timeline("timeline-dark");
  await page.emulateMedia({ colorScheme: "light" });

  await open(tickets.angry, "user-metadata");
  await page.getByRole("button", { name: "More Actions" }).click();
  await page.getByRole("menuitem", { name: "Send an Update" }).first().click();
  const dialog = page.locator("dialog[open]");
  await dialog.getByTestId("update-select-button").click();
  await page.getByRole("option", { name: "takeover" }).click();
  // Indented as the editor indents it, or the button moves away from under the pointer.
  const request = JSON.stringify({ action_id: crypto.randomUUID(), actor: "ana" }, null, 2);
  await dialog.locator(".cm-content").fill(request);
  await save("update", await dialog.boundingBox());
  await dialog.getByTestId("confirm-modal-button").click();
  await ticketOf("+4915112340003", 'AssignedTo = "ana"');
}

async function main() {
  const missing = needed.filter((name) => !env[name]);
  if (missing.length > 0) {
    console.error(`set ${missing.join(", ")}: see docs/images/README.md`);
    return 2;
  }
  const tickets = await stage();
  const browser = await chromium.launch({
    executablePath,
    headless: true,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  try {
    const context = await browser.newContext({
      viewport: { width: 1280, height: 1000 },
      locale: "en",
      timezoneId: "UTC",
    });
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    await shoot(page, tickets);
  } finally {
    await browser.close();
  }
  return 0;
}

process.exitCode = await main();
