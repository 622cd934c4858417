/**
 * The browser of `dash_test.ts`, in a process that may start one: opens the page, presses its buttons,
 * and says as lines of JSON what it saw. Its argument is the page's address.
 *
 * @module
 */

import { chromium, type Page } from "playwright-core";

/** What it says, step by step. */
export interface Seen {
  /** The step. */
  readonly step: string;
  /** What was seen then. */
  readonly saw: unknown;
}

const CHROMIUM = "/usr/bin/chromium";

const QUIET = [
  ...["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
  ...["--disable-component-update", "--disable-sync"],
];

/** The longest wait for anything on the page. */
const WAIT_MS_MAX = 30_000;

const SERVERS = ["disk", "storage", "fs"] as const;

if (import.meta.main) await main(Deno.args[0]!);

async function main(url: string): Promise<void> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: QUIET });
  try {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    context.setDefaultTimeout(WAIT_MS_MAX);
    const page = await context.newPage();
    const wrong: string[] = [];
    page.on("console", (message) => message.type() === "error" && wrong.push(message.text()));
    page.on("pageerror", (error) => wrong.push(String(error)));
    await page.addInitScript(cutStreams);
    await page.goto(url);
    await page.locator("#connection[data-state=live]").waitFor();
    await isAtWork(page);
    say("fits", await fitsTheScreen(page));
    await strike(page);
    await attack(await context.newPage(), url, page);
    await reconnect(page);
    const before = await page.locator("#errors-more").textContent() ?? "";
    await page.locator("#errors-more").filter({ hasNotText: before }).waitFor();
    say("errors", await page.locator("#errors").textContent());
    say("wrong on the page", wrong);
    say("may end", true);
    await page.locator("#connection[data-state=ended]").waitFor();
    say("last words", await page.locator("#connection").textContent());
  } finally {
    await browser.close();
  }
}

/** Each server dies by each button, and the kernel; waits for the new lives. */
async function strike(page: Page): Promise<void> {
  for (const deed of ["Kill", "Upgrade", "Restart", "Hang"]) {
    const lives = await Promise.all(SERVERS.map((name) => lifeOf(page, name)));
    for (const name of SERVERS) {
      const button = page.getByRole("button", { name: `${deed} ${name}`, exact: true });
      // As with the keyboard: it is there, can be reached, and obeys.
      await button.focus();
      await page.keyboard.press("Enter");
    }
    for (const [index, name] of SERVERS.entries()) await nextLife(page, name, lives[index]!);
    say(deed, "new lives of all");
  }
  const life = await lifeOf(page, "kernel");
  await page.getByRole("button", { name: "Kill kernel" }).click();
  await nextLife(page, "kernel", life);
  await isAtWork(page);
  say("deaths", Number(await page.locator("#deaths").textContent()));
}

/** Another page, of another origin on this machine, that has even got hold of the token. */
async function attack(evil: Page, url: string, own: Page): Promise<void> {
  const html = "<!doctype html><iframe></iframe>";
  const server = Deno.serve({
    ...{ hostname: "127.0.0.1", port: 0, onListen: () => {} },
    handler: () => new Response(html, { headers: { "content-type": "text/html" } }),
  });
  const answered: Record<string, string> = {};
  evil.on("requestfailed", (request) => {
    answered[new URL(request.url()).pathname] ??= request.failure()?.errorText ?? "";
  });
  const presses = await own.locator("#events [data-kind=press]").count();
  await evil.goto(`http://127.0.0.1:${server.addr.port}/`);
  const tried = await evil.evaluate(attempts, url);
  const frame = evil.frames().find((one) => one !== evil.mainFrame())!;
  await frame.waitForLoadState();
  say("attack", tried);
  say("answers", answered["/press"]);
  say("embedded", await frame.locator("button").count());
  say("presses of others", await own.locator("#events [data-kind=press]").count() - presses);
  await evil.close();
  await server.shutdown();
}

/** What a hostile page may try; runs there. */
async function attempts(url: string): Promise<Record<string, string>> {
  const { origin, searchParams } = new URL(url);
  const body = '{"deed":"kill","domain":"storage"}';
  const authorization = `Bearer ${searchParams.get("token")}`;
  const of = async (path: string, init: RequestInit): Promise<string> => {
    try {
      const { type, status } = await fetch(origin + path, init);
      return `${type} ${status}`;
    } catch (error) {
      return (error as Error).name;
    }
  };
  // deno-lint-ignore no-explicit-any -- the page's own document, of which Deno knows nothing
  const { document } = globalThis as any;
  const frame = document.querySelector("iframe");
  const loaded = new Promise((resolve) => frame.addEventListener("load", resolve));
  frame.src = url;
  await loaded;
  return {
    simple: await of("/press", { method: "POST", body, mode: "no-cors" }),
    query: await of(`/press?${searchParams}`, { method: "POST", body, mode: "no-cors" }),
    header: await of("/press", { method: "POST", body, headers: { authorization } }),
    listen: await of("/lines", { headers: { authorization } }),
    look: await of(`/?${searchParams}`, {}),
  };
}

/** Lets a test end the page's stream as a broken connection does; runs in the page. */
function cutStreams(): void {
  const real = globalThis.fetch;
  globalThis.fetch = (input, init) => {
    if (input !== "/lines") return real(input, init);
    const cut = new AbortController();
    Object.assign(globalThis, { cut: () => cut.abort() });
    return real(input, { ...init, signal: cut.signal });
  };
}

async function reconnect(page: Page): Promise<void> {
  const words = page.locator("#connection[data-state=disconnected]").waitFor();
  await page.evaluate("cut()");
  await words;
  await page.locator("#connection[data-state=live]").waitFor();
  say("reconnected", await page.locator("#events li").count() > 10);
}

async function lifeOf(page: Page, domain: string): Promise<string> {
  return await page.locator(`[data-domain=${domain}]`).getAttribute("data-epoch") ?? "";
}

async function nextLife(page: Page, domain: string, epoch: string): Promise<void> {
  await page.locator(`[data-domain=${domain}][data-state=ready]:not([data-epoch="${epoch}"])`)
    .waitFor();
}

async function isAtWork(page: Page): Promise<void> {
  await page.locator("#calls").filter({ hasText: /[1-9]/ }).waitFor();
}

function say(step: string, saw: unknown): void {
  console.log(JSON.stringify({ step, saw } satisfies Seen));
}

/** Of a page that is still being drawn a part may hang over. */
async function fitsTheScreen(page: Page): Promise<boolean> {
  const endMs = performance.now() + WAIT_MS_MAX;
  while (performance.now() < endMs) {
    if (await page.evaluate("document.documentElement.scrollHeight <= innerHeight")) return true;
  }
  return false;
}
