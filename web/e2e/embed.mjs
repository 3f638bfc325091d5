// Plays a customer of another site that carries the form: its styles stay its own and
// the form's stay the form's, a draft survives, a message is sent across origins.
// Needs BASE_URL and EMBED_ORIGIN, an http origin on localhost that the gateway lists.
import { once } from "node:events";
import { createServer } from "node:http";
import { check, expect, launch, shoot } from "./check.mjs";

const { BASE_URL, EMBED_ORIGIN } = process.env;

/** A page that does to every element on it what a form must not catch. */
const shop = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src ${BASE_URL}; connect-src ${BASE_URL}">
<meta name="color-scheme" content="light dark">
<title>A shop</title>
<style>
html { font-size: 10px; }
body { margin: 2rem auto; max-width: 70rem; padding: 0 1rem; font: italic 3rem/2 serif; text-transform: uppercase; letter-spacing: 2px; text-align: center; color: crimson; }
input, button, textarea, select, label, p, h2 { border: 4px solid lime !important; background: yellow !important; float: left !important; }
.field, .card, .button { display: none !important; }
</style>
<script src="${BASE_URL}/embed.js" async></script>
<script src="${BASE_URL}/embed.js" async></script>
</head>
<body>
<h1>A shop</h1>
<fte-support-form></fte-support-form>
</body>
</html>`;

async function story(page) {
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" && !/status of 4/.test(message.text())) {
      complaints.push(message.text());
    }
  });
  const styleOf = (locator, property) =>
    locator.evaluate((element, name) => getComputedStyle(element)[name], property);

  await check("the form stands on another site", async () => {
    await page.goto(`${EMBED_ORIGIN}/contact`, { waitUntil: "load" });
    await page.getByRole("heading", { name: "Write to support" }).waitFor();
    expect((await page.locator("fte-support-form form").count()) === 1, "it stands there twice");
  });
  await shoot(page, "embed-form");

  await check("neither side catches the other's styles", async () => {
    const label = page.locator("fte-support-form label", { hasText: "Name" });
    expect((await styleOf(label, "fontSize")) === "15.2px", "its letters hang on the page's");
    expect((await styleOf(label, "textTransform")) === "none", "its labels shout");
    expect((await styleOf(label, "fontStyle")) === "normal", "its labels slant");
    expect((await styleOf(label, "float")) === "none", "its labels float");
    expect((await styleOf(page.locator("h1"), "fontStyle")) === "italic", "it changed the page");
  });

  await check("an empty form shows its errors and focuses the first", async () => {
    await page.getByRole("button", { name: "Send message" }).click();
    await page.locator("#name-error").waitFor();
    const focused = await page.evaluate(
      () => document.querySelector("fte-support-form").shadowRoot.activeElement?.id,
    );
    expect(focused === "name", `the focus is on ${focused}, not on name`);
  });
  await shoot(page, "embed-errors");

  const email = `eva.${Date.now()}@example.com`;
  await check("what was typed survives a reload", async () => {
    await page.getByLabel("Name", { exact: true }).fill("Eva Example");
    await page.getByLabel("Email", { exact: true }).fill(email);
    await page.getByLabel("Subject").fill("My parcel is late");
    await page
      .getByLabel("Message", { exact: true })
      .fill("Where is my parcel? It is a week late.");
    await page.reload({ waitUntil: "load" });
    const kept = await page.getByLabel("Message", { exact: true }).inputValue();
    expect(kept.startsWith("Where is my parcel?"), `the message is now ${JSON.stringify(kept)}`);
  });

  const address = await check("a message gets its number and the way to its page", async () => {
    await page.getByRole("button", { name: "Send message" }).click();
    await page.getByText(/Your ticket is T-[0-9A-HJKMNP-TV-Z]{10}/).waitFor();
    const link = await page.getByRole("link", { name: "Open your ticket" }).getAttribute("href");
    expect(link.startsWith(`${BASE_URL}/ticket/`), `the link leads to ${link}`);
    expect(new URL(page.url()).origin === EMBED_ORIGIN, "the customer was led away");
    return link;
  });
  await shoot(page, "embed-sent");

  await check("the ticket cannot be read from the other site", async () => {
    const path = `${BASE_URL}/support${new URL(address).pathname}`;
    const read = await page.evaluate(
      (url) =>
        fetch(url).then(
          (response) => response.status,
          () => "refused",
        ),
      path,
    );
    expect(read === "refused", `it was answered with ${read}`);
    // The browser says so on its console, rightly.
    complaints.splice(
      0,
      complaints.length,
      ...complaints.filter((c) => !/CORS|ERR_FAILED/.test(c)),
    );
  });

  await check("another message begins with an empty form", async () => {
    await page.getByRole("button", { name: "Write another message" }).click();
    expect((await page.getByLabel("Subject").inputValue()) === "", "the old subject is there");
  });

  await check("a theme can be set", async () => {
    const element = page.locator("fte-support-form");
    const card = element.locator("form");
    const colours = [];
    for (const theme of ["light", "dark"]) {
      await element.evaluate((e, value) => e.setAttribute("theme", value), theme);
      colours.push(await styleOf(card, "backgroundColor"));
    }
    expect(colours[0] !== colours[1], `it is ${colours[0]} both times`);
    await element.evaluate((e) => e.removeAttribute("theme"));
  });

  await check(
    "no script error, nothing refused by the site's content security policy",
    async () => {
      expect(complaints.length === 0, complaints.join("\n"));
    },
  );
}

async function main() {
  if (!BASE_URL || !EMBED_ORIGIN) {
    console.error(
      "usage: BASE_URL=http://localhost:8080 EMBED_ORIGIN=http://shop.localhost:3000 node e2e/embed.mjs",
    );
    return 2;
  }
  // A real server: to a page that was made up, the browser refuses whatever is local.
  const site = createServer((_, response) => {
    response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" }).end(shop);
  });
  site.listen(new URL(EMBED_ORIGIN).port, "127.0.0.1");
  await once(site, "listening");
  try {
    return await launch(story);
  } finally {
    site.close();
  }
}

process.exitCode = await main();
