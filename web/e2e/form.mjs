// Plays one customer in a real browser: an invalid try, a real request, the ticket
// number, the assistant's answer. Needs BASE_URL; see the settings below.
import { check, expect, indent, launch, shoot } from "./check.mjs";

const { BASE_URL, EXPECT } = process.env;
const answerDeadlineMs = 60_000;
const question =
  process.env.QUESTION ?? "How do I reset my password? The link in the email does not open.";

async function story(page) {
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    const text = message.text();
    // A ticket that does not exist is asked for on purpose.
    if (message.type() === "error" && !/status of 404/.test(text)) complaints.push(text);
  });

  await check("the form opens", async () => {
    await page.goto(BASE_URL, { waitUntil: "load" });
    await page.getByRole("heading", { name: "Write to support" }).waitFor();
  });
  await shoot(page, "form");

  await check("an empty form shows its errors and focuses the first", async () => {
    await page.getByRole("button", { name: "Send message" }).click();
    for (const field of ["name", "email", "subject", "message"]) {
      const error = page.locator(`#${field}-error`);
      await error.waitFor();
      const described = await page.locator(`#${field}`).getAttribute("aria-describedby");
      expect(described?.split(" ").includes(`${field}-error`), `${field} is not tied to its error`);
    }
    const focused = await page.evaluate(() => document.activeElement?.id);
    expect(focused === "name", `the focus is on ${focused}, not on name`);
  });
  await shoot(page, "errors");

  await check("an invalid email stays refused", async () => {
    await page.getByLabel("Email", { exact: true }).fill("not an address");
    await page.getByRole("button", { name: "Send message" }).click();
    await page.locator("#email-error").filter({ hasText: "name@example.com" }).waitFor();
  });

  await check("what was typed survives a reload", async () => {
    await page.getByLabel("Name", { exact: true }).fill("Ada Example");
    await page.getByLabel("Email", { exact: true }).fill(`ada.${Date.now()}@example.com`);
    await page.getByLabel("What is it about?").selectOption("technical");
    await page.getByRole("radio", { name: "High" }).check();
    await page.getByLabel("Subject").fill("I cannot sign in");
    await page.getByLabel("Message", { exact: true }).fill(question);
    await page.reload({ waitUntil: "load" });
    const kept = await page.getByLabel("Message", { exact: true }).inputValue();
    expect(kept === question, `the message is now ${JSON.stringify(kept)}`);
  });

  const number = await check("a valid request gets a ticket number and its page", async () => {
    await page.getByRole("button", { name: "Send message" }).click();
    await page.waitForURL("**/ticket/*");
    const heading = page.getByRole("heading", { name: /^T-[0-9A-HJKMNP-TV-Z]{10}$/ });
    await heading.waitFor();
    return heading.textContent();
  });
  console.log(`      ${number} ${page.url()}`);
  await shoot(page, "ticket-new");

  const answer = await check("the assistant's answer appears by itself", async () => {
    const entry = page.locator('[data-author="assistant"] .text').last();
    await entry.waitFor({ timeout: answerDeadlineMs });
    const text = (await entry.textContent()).trim();
    expect(text !== "", "the answer is empty");
    return text;
  });
  console.log(`      ${indent(answer)}`);
  await shoot(page, "ticket-answered");

  if (EXPECT) {
    await check(`the answer matches /${EXPECT}/i`, async () => {
      expect(new RegExp(EXPECT, "i").test(answer), `it says ${JSON.stringify(answer)}`);
    });
  }

  await check("the page still shows everything after a reload", async () => {
    await page.reload({ waitUntil: "load" });
    await page.getByRole("heading", { name: number }).waitFor();
    await page.locator('[data-author="customer"] .text').filter({ hasText: question }).waitFor();
    await page.locator('[data-author="assistant"] .text').first().waitFor();
  });

  await check("an unknown ticket is explained", async () => {
    const other = await page.context().newPage();
    await other.goto(new URL("/ticket/no-such-ticket", BASE_URL).href);
    await other.getByRole("heading", { name: "We could not find this ticket" }).waitFor();
    await other.close();
  });

  await check("no script error, nothing refused by the content security policy", async () => {
    expect(complaints.length === 0, complaints.join("\n"));
  });
}

async function main() {
  if (!BASE_URL) {
    console.error("usage: BASE_URL=http://localhost:8080 node e2e/form.mjs");
    console.error(
      "optional: CHROMIUM, QUESTION, EXPECT (a regular expression), SCREENSHOTS (a folder)",
    );
    return 2;
  }
  return await launch(story);
}

process.exitCode = await main();
