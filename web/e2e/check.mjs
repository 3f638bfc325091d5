// What the stories played in a real browser have in common. CHROMIUM names the browser,
// SCREENSHOTS a folder for pictures.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { chromium } from "playwright-core";

const { SCREENSHOTS } = process.env;
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";

let passed = 0;
let failed = 0;

/** Runs one check. A failed one ends the run: the next would only repeat its failure. */
export async function check(what, run) {
  try {
    const result = await run();
    passed++;
    console.log(`ok    ${what}`);
    return result;
  } catch (error) {
    failed++;
    console.error(`FAIL  ${what}\n      ${indent(stripVTControlCharacters(error.message))}`);
    throw error;
  }
}

export function expect(condition, message) {
  if (!condition) throw new Error(message);
}

export function indent(text) {
  return text.replaceAll("\n", "\n      ");
}

export async function shoot(page, name) {
  if (!SCREENSHOTS) return;
  await mkdir(SCREENSHOTS, { recursive: true });
  const size = page.viewportSize();
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    for (const width of [1200, 360]) {
      await page.setViewportSize({ width, height: 800 });
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(overflow <= 0, `${name} is ${overflow} px wider than ${width} px`);
      const path = join(SCREENSHOTS, `${name}-${colorScheme}-${width}.png`);
      await page.screenshot({ path, fullPage: true });
    }
  }
  await page.setViewportSize(size);
}

/** Plays a story in a browser of its own and returns the exit code. */
export async function launch(story) {
  // Playwright gives each launch a fresh user data directory and removes it afterwards.
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
      viewport: { width: 1200, height: 800 },
      locale: "en",
    });
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    await story(page);
  } catch (error) {
    // A failed check has already been told; anything else has not.
    if (failed === 0) {
      failed++;
      console.error(`FAIL  ${error.message}`);
    }
  } finally {
    await browser.close();
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}
