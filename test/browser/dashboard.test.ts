import { launch, type Browser, type Page } from "puppeteer-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { View } from "../../src/compute/operate/view.js";
import { serveDashboard, type Dashboard } from "../../src/do/dashboard/server.js";
import { eventually } from "../support/eventually.js";
import { callsOf, first, look, second, viewed } from "../support/seen.js";

// The page in Debian's Chromium. The hosts' data are made up; the server, its page and its scripts are real.

let browser: Browser;
let dashboard: Dashboard;
let page: Page;
let view: View;
const faults: string[] = [];

beforeAll(async () => {
  browser = await launch({
    executablePath: "/usr/bin/chromium",
    // Chromium's sandbox does not start as root in a container; the page is our own
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
  });
  view = busy();
  dashboard = await serveDashboard(0, () => Promise.resolve(view));
  page = await browser.newPage();
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") faults.push(message.text());
  });
  await page.setViewport({ width: 1000, height: 700 });
  await page.goto(dashboard.url);
});
afterAll(async () => {
  dashboard.close();
  await browser.close();
});

/** Two proxies with calls of two platforms. */
function busy(): View {
  const calls = [
    ...callsOf(12, "udp:203.0.113.10:5060", first),
    ...callsOf(9, "udp:203.0.113.10:5060", second),
    ...callsOf(4, "tls:203.0.113.11:5061", second),
  ];
  return viewed([
    { name: "sipproxy0", image: "north-2", look: look({ calls, count: 25, refused: { full: 3 } }) },
    {
      name: "sipproxy1",
      image: "north-2",
      look: look({ calls: callsOf(2, "udp:203.0.113.10:5060", first), count: 2 }),
    },
  ]);
}

const text = () => page.evaluate(() => document.body.innerText);
const shows = (...parts: string[]) =>
  eventually(async () => {
    const shown = await text();
    for (const part of parts) expect(shown).toContain(part);
  });
/** Whether the page's content is wider than the window. */
const overflows = () =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);

test("shows platforms, proxies, recorders, and the calls on the lines", async () => {
  await shows(
    "north",
    "27 calls",
    "203.0.113.10",
    "sipproxy0",
    "25 of 300 calls",
    "recorder1",
    "13 calls",
    "full",
  );
  const lines = await page.$$eval(".lines text", (texts) => texts.map(({ textContent }) => textContent));
  expect(lines.map(Number).sort((a, b) => a - b)).toEqual([2, 2, 4, 12, 13, 21]);
  // every line has two different ends
  const loose = await page.$$eval(".lines path", (paths) =>
    paths.filter((path) => {
      const box = path.getBoundingClientRect();
      return box.width < 20 || box.height > innerHeight;
    }),
  );
  expect(loose).toEqual([]);
});

test("follows what happens: a drain, a recorder that is down, a host that is gone, a roll", async () => {
  const targets = [first, second].map((uri) => ({
    set: 1,
    uri,
    flags: uri === first ? "IP" : "AP",
    priority: 0,
  }));
  const older = look({ draining: true, targets, packagesAt: Date.UTC(2026, 9, 1) / 1000 });
  view = viewed([
    { name: "sipproxy0", image: "north-2", look: look({ targets }) },
    { name: "sipproxy1", image: "north-1", look: older },
    { name: "sipproxy2", why: "ssh: connection refused" },
  ]);
  await shows("draining", "down", "unreachable", "ssh: connection refused");
  await shows("1 of 2 hosts run the newest image, north-2; not yet: sipproxy1");
});

test("is read at a phone's width without moving it sideways", async () => {
  view = busy();
  await page.setViewport({ width: 360, height: 740 });
  await shows("27 calls");
  expect(await overflows()).toBe(false);
  await page.setViewport({ width: 1000, height: 700 });
});

test("shows what others say as text, whatever it is", async () => {
  const hostile = '<img src=x onerror="document.title=1"><script>document.title=2</script>';
  view = viewed([{ name: hostile, why: hostile }]);
  await shows(hostile);
  expect(await page.title()).toBe("sip-proxy");
});

test("keeps the last view, and says so, when the command has ended", async () => {
  view = busy();
  await shows("27 calls");
  expect(faults).toEqual([]);
  dashboard.close();
  await shows("27 calls", "sip-proxy dashboard does not answer: start it again");
});
