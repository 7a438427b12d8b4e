// Walks the main path in a real browser, as a newcomer does: the set-up page, an own file imported, its NPS by week, the
// words behind a figure, another language, signing out and in again.
//
//   node journey.mjs --base http://127.0.0.1:8080 --file answers.csv --email E --password P --lang en
//
// Prints one line of JSON with what stood on the pages; fails when a step cannot be taken or the console has errors.
import { chromium } from "playwright-core";
import { launch } from "./launch.mjs";

const given = {};
for (let i = 2; i < process.argv.length; i += 2) given[process.argv[i].slice(2)] = process.argv[i + 1];
const seen = { errors: [] };
const browser = await chromium.launch(launch);
try {
  const context = await browser.newContext({ locale: given.lang, viewport: { width: 1280, height: 900 }, reducedMotion: "reduce" });
  context.setDefaultTimeout(30_000);
  const page = await context.newPage();
  page.on("console", (m) => m.type() === "error" && seen.errors.push(m.text()));
  page.on("pageerror", (e) => seen.errors.push(e.message));
  const start = Date.now();

  await page.goto(given.base); // an empty instance leads to its set-up
  await page.fill("[name=workspace]", "Blue Door");
  await page.fill("[name=name]", "Ana");
  await page.fill("[name=email]", given.email);
  await page.fill("[name=password]", given.password);
  await page.locator("form:has([name=workspace]) button.btn-primary").click();
  await page.waitForURL((u) => u.pathname === "/" || u.pathname === "/import");

  await page.goto(new URL("/import", given.base).href);
  await page.setInputFiles("input[type=file]", given.file); // and it goes by itself
  await page.waitForURL(/\/import\/[0-9a-f-]+$/);
  seen.preview = await page.locator("table tbody tr").count();
  await page.locator("button[name=start]").first().click();

  // The page looks again by itself until the figures are complete.
  const explore = page.locator('#watch a[href^="/explore?"]').first();
  await explore.waitFor();
  await page.locator("#watch .k-score-value, #watch .k-score").first().waitFor();
  seen.import = page.url();
  await explore.click();
  await page.waitForURL(/\/explore\?/);
  await page.locator("table tbody tr").first().waitFor();
  seen.seconds = (Date.now() - start) / 1000;
  seen.weeks = await page.locator("table").last().locator("tbody tr").evaluateAll((rows) =>
    rows.map((r) => [...r.cells].map((c) => c.textContent.replace(/[\u2066-\u2069]/g, "").trim())));
  await page.locator("[data-chart] svg, [data-chart] canvas").first().waitFor();

  await page.locator("table tbody a[href*='/feedback?']").first().click();
  await page.waitForURL(/\/feedback\?/);
  seen.words = (await page.locator("main").innerText()).slice(0, 4000);

  await page.locator("summary:has(use[href='#i-language'])").click();
  await page.locator("button[name=language][value=he]").click();
  await page.waitForSelector("html[dir=rtl][lang=he]");
  await page.locator("summary.k-avatar").click();
  await page.locator("form[action='/sign-out'] button").click();
  await page.waitForURL(/\/sign-in/);
  await page.fill("[name=email]", given.email);
  await page.fill("[name=password]", given.password);
  await page.locator("form button.btn-primary").click();
  await page.waitForURL((u) => u.pathname === "/");
  seen.home = await page.locator("h1").innerText();
} finally {
  await browser.close();
}
console.log(JSON.stringify(seen));
