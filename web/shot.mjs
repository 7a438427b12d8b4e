// Takes screenshots of pages and has axe look at them.
//
//   node shot.mjs --base http://127.0.0.1:8099 --out DIR [--cookie name=value]... [--lang en,he] [--width 1280,390]
//                 [--theme light,dark] [--height 900] [--fold] [--no-axe] [--no-pictures] path...
//
// A picture is named page.language.width.theme.png and shows the whole page, or with --fold what fits the window.
// Prints what axe calls serious or critical, errors in the console and content wider than the page; exits 1 on any.
import { readFile, mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { chromium } from "playwright-core";
import { launch } from "./launch.mjs";

const args = process.argv.slice(2);
const given = { cookie: [], paths: [] };
while (args.length) {
  const arg = args.shift();
  if (["--fold", "--no-axe", "--no-pictures"].includes(arg)) given[arg.slice(2)] = true;
  else if (arg === "--cookie") given.cookie.push(args.shift());
  else if (arg.startsWith("--")) given[arg.slice(2)] = args.shift();
  else given.paths.push(arg);
}
const base = given.base ?? "http://127.0.0.1:8080";
const list = (value, usual) => (value ?? usual).split(",");
const out = given.out ?? "shots";
await mkdir(out, { recursive: true });
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const browser = await chromium.launch(launch);
let faults = 0;
const fault = (...what) => {
  faults++;
  console.log(...what);
};

for (const theme of list(given.theme, "light")) {
  for (const width of list(given.width, "1280").map(Number)) {
    for (const lang of list(given.lang, "en")) {
      // Scripts of the page are held to its own policy; axe is run by the debugger, which is not.
      const context = await browser.newContext({ viewport: { width, height: Number(given.height ?? 900) }, colorScheme: theme, locale: lang, deviceScaleFactor: width < 600 ? 2 : 1, reducedMotion: "reduce" });
      const cookies = [...given.cookie, `kolo_language=${lang}`, `kolo_theme=${theme}`].map((c) => {
        const at = c.indexOf("=");
        return { name: c.slice(0, at), value: c.slice(at + 1), url: base };
      });
      await context.addCookies(cookies);
      for (const address of given.paths) {
        const page = await context.newPage();
        const name = `${address.replace(/^\//, "").replace(/[^\w-]+/g, "_") || "index"}.${lang}.${width}.${theme}`;
        page.on("console", (m) => m.type() === "error" && !/status of 4\d\d|status of 5\d\d/.test(m.text()) && fault(`${name}: console: ${m.text()}`));
        page.on("pageerror", (e) => fault(`${name}: error: ${e.message}`));
        const response = await page.goto(new URL(address, base).href, { waitUntil: "networkidle" });
        if (!response || response.status() >= 500 && !/internal/.test(address)) fault(`${name}: status ${response?.status()}`);
        await page.evaluate(() => document.fonts.ready);
        await page.waitForFunction(() => [...document.querySelectorAll("[data-chart]")].every((b) => b.querySelector("canvas")));
        const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        if (over > 1) fault(`${name}: ${over} pixels wider than the window`);
        if (!given["no-pictures"]) await page.screenshot({ path: path.join(out, `${name}.png`), fullPage: !given.fold });
        if (!given["no-axe"]) {
          await page.evaluate(axe);
          const { violations } = await page.evaluate(() => window.axe.run());
          for (const v of violations.filter((v) => ["serious", "critical"].includes(v.impact))) {
            fault(`${name}: ${v.impact}: ${v.id}: ${v.help}`);
            for (const node of v.nodes.slice(0, 4)) console.log(`    ${node.target.join(" ")}  ${(node.any[0] ?? node.all[0] ?? node.none[0])?.message ?? ""}`);
          }
        }
        await page.close();
      }
      await context.close();
    }
  }
}
await browser.close();
console.log(faults ? `${faults} faults` : "no faults");
process.exit(faults ? 1 : 0);
