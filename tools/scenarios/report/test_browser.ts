/**
 * The browser of `html_report_browser_test.ts`, in a process that may start one: opens the page and
 * says as JSON what it saw. Its arguments are the addresses of pages: a line for each.
 *
 * @module
 */

import { type Browser, chromium, type Page } from "playwright-core";

/** What was seen. */
export interface Seen {
  /** Errors on the console, and thrown by scripts. */
  readonly errors: readonly string[];
  /** What was asked for besides the page itself. */
  readonly requests: readonly string[];
  /** Colours in each canvas: of one that is empty there is a single one. */
  readonly colours: readonly number[];
  /** What the first chart draws its lines with, in each theme: the ground, and the colours of its canvas. */
  readonly themes: readonly { readonly ground: string; readonly picture: string }[];
  /** What the button of the theme says, before and after. */
  readonly buttons: readonly string[];
  /** What the keyboard reached by Tab, in order: the first of each kind. */
  readonly reached: readonly string[];
  /** What is said under the first chart after End, and after one more step to the left. */
  readonly readings: readonly string[];
  /** Rows of the first chart's table, and of the first table of lives. */
  readonly rows: readonly number[];
  /** What a copy button put on the clipboard or selected, and the command beside it. */
  readonly copied: readonly string[];
  /** Whether the page is wider than a phone. */
  readonly isTooWide: boolean;
}

const CHROMIUM = "/usr/bin/chromium";

const QUIET = [
  ...["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
  ...["--disable-component-update", "--disable-sync"],
];

/** The longest wait for anything on the page. */
const WAIT_MS_MAX = 30_000;

/** As many steps of the keyboard lead beyond the first chart. */
const TABS_MAX = 40;

if (import.meta.main) {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: QUIET });
  try {
    for (const url of Deno.args) console.log(JSON.stringify(await look(browser, url)));
  } finally {
    await browser.close();
  }
}

async function look(browser: Browser, url: string): Promise<Seen> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    colorScheme: "light",
  });
  context.setDefaultTimeout(WAIT_MS_MAX);
  const page = await context.newPage();
  const errors: string[] = [];
  const requests: string[] = [];
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("request", (request) => request.url() !== url && requests.push(request.url()));
  await page.goto(url);
  const reached = await reachByTab(page);
  const colours: number[] = [];
  for (const host of await page.locator("[data-chart]").all()) {
    await host.scrollIntoViewIfNeeded();
    const canvas = host.locator("canvas");
    await canvas.waitFor();
    colours.push(new Set(await pixelsOf(page, colours.length)).size);
  }
  const readings = await readAlong(page);
  const first = await themeOf(page);
  const button = page.locator("#theme");
  const before = await button.textContent() ?? "";
  await button.focus();
  await page.keyboard.press("Enter");
  const second = await themeOf(page);
  const buttons = [before, await button.textContent() ?? ""];
  const rows = await openTables(page);
  const copied = await copy(page);
  await page.setViewportSize({ width: 400, height: 800 });
  const isTooWide = await page.evaluate<boolean>(
    "document.documentElement.scrollWidth > document.documentElement.clientWidth",
  );
  const themes = [first, second];
  return { errors, requests, colours, themes, buttons, reached, readings, rows, copied, isTooWide };
}

/** Presses Tab from the top until a chart has the focus. */
async function reachByTab(page: Page): Promise<string[]> {
  const reached: string[] = [];
  for (let index = 0; index < TABS_MAX; index++) {
    await page.keyboard.press("Tab");
    const [name, hasRing] = await page.evaluate<[string, boolean]>(
      `[document.activeElement.className || document.activeElement.id || document.activeElement.tagName,
        getComputedStyle(document.activeElement).outlineStyle !== "none"]`,
    );
    const what = hasRing ? name : `${name} without a ring`;
    if (!reached.includes(what)) reached.push(what);
    if (what === "chart-stage") break;
  }
  return reached;
}

/** The pixels of a canvas, as numbers. */
function pixelsOf(page: Page, index: number): Promise<number[]> {
  return page.evaluate<number[]>(`(() => {
    const canvas = document.querySelectorAll("[data-chart] canvas")[${index}];
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return [...new Set(new Uint32Array(data.buffer))];
  })()`);
}

async function themeOf(page: Page): Promise<Seen["themes"][number]> {
  const ground = await page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
  const colours = (await pixelsOf(page, 0)).sort((a, b) => a - b);
  return { ground, picture: colours.join() };
}

/** Moves the cursor of the first chart by the keyboard. */
async function readAlong(page: Page): Promise<string[]> {
  await page.locator(".chart-stage").first().focus();
  const reading = page.locator(".chart-reading").first();
  const readings: string[] = [];
  for (const key of ["End", "ArrowLeft"]) {
    await page.keyboard.press(key);
    await reading.filter({ hasText: "at " }).filter({ hasNotText: readings.at(-1) ?? "–" })
      .waitFor();
    readings.push(await reading.textContent() ?? "");
  }
  return readings;
}

async function openTables(page: Page): Promise<number[]> {
  const rows: number[] = [];
  for (const details of [".chart-table", "[data-lives]"]) {
    const first = page.locator(details).first();
    await first.locator("summary").focus();
    await page.keyboard.press("Enter");
    await first.locator("tbody tr").first().waitFor();
    rows.push(await first.locator("tbody tr").count());
  }
  return rows;
}

/** Who may not write to the clipboard gets the command selected. */
async function copy(page: Page): Promise<string[]> {
  const button = page.locator("button[data-copies]").first();
  await button.click();
  await button.filter({ hasText: /Copied|Selected/ }).waitFor();
  const isSelected = await button.textContent() === "Selected";
  const command = await page.locator(".replay code").first().textContent() ?? "";
  const selected = await page.evaluate<string>("getSelection().toString()");
  return [isSelected ? selected.replaceAll("\n", " ") : command, command];
}
