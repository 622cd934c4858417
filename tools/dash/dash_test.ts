import { assert, assertEquals } from "@std/assert";
import { resolve } from "node:path";
import { denoProgram } from "../command_line/deno_program.ts";
import { programArguments } from "../command_line/launch.ts";
import { parseCommand } from "../command_line/parse.ts";
import { dashCommand } from "./command.ts";
import { linesOf, type ReadingLine } from "./lines.ts";
import type { Seen } from "./test_browser.ts";

const ROOT = resolve(import.meta.dirname!, "../..");
const CHROMIUM = "/usr/bin/chromium";
const LINE_CHARACTERS_MAX = 1024 * 1024;

const isBrowserThere = exists(CHROMIUM);
const skipped = isBrowserThere ? "" : ` (skipped: there is no ${CHROMIUM})`;

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Starts `hako dash` as the launcher does, in a directory of its own. */
function startDash(directory: string, ...words: string[]) {
  const place = { sourceRoot: ROOT, directory, temporaryDirectory: `${directory}/hako` };
  const invocation = parseCommand(dashCommand, words);
  const child = new Deno.Command(denoProgram(), {
    args: programArguments(dashCommand, invocation, place, words),
    env: { NO_COLOR: "1", TMPDIR: place.temporaryDirectory },
    cwd: directory,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const said = new Response(child.stderr).text();
  return { child, said, lines: linesOf(child.stdout, LINE_CHARACTERS_MAX) };
}

/** Runs the browser on an address, and hands on what it says. */
function browse(url: string, onSeen: (seen: Seen) => void): Promise<number> {
  const child = new Deno.Command(denoProgram(), {
    args: [
      ...["run", "--quiet", "--frozen", "--no-prompt", `--config=${ROOT}/deno.json`],
      // Playwright looks around in /proc, for which Deno wants all permissions.
      "--allow-all",
      ...[`${ROOT}/tools/dash/test_browser.ts`, url],
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const heard = (async () => {
    for await (const line of linesOf(child.stdout, LINE_CHARACTERS_MAX)) onSeen(JSON.parse(line));
  })();
  return heard.then(() => child.status).then(({ code }) => code);
}

async function inDirectory(run: (directory: string) => Promise<void>): Promise<void> {
  const directory = Deno.makeTempDirSync();
  try {
    await run(directory);
    assertEquals([...Deno.readDirSync(directory)], [], "nothing is left behind");
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

Deno.test("hako dash: a program with the token may press, one without or under another name may not", () => {
  return inDirectory(async (directory) => {
    const { child, said, lines } = startDash(directory, "--seed", "7");
    try {
      await pressByProgram((await lines.next()).value as string);
    } finally {
      child.kill("SIGTERM");
      await child.status;
    }
    assertEquals((await child.status).code, 0);
    assert(/^hako dash: [\d,]+ operations, 1 death, 0 errors$/m.test(await said), await said);
  });
});

async function pressByProgram(url: string): Promise<void> {
  const { origin, host, searchParams } = new URL(url);
  const token = searchParams.get("token");
  const listening = await fetch(`${origin}/lines`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const heard = linesOf(listening.body!, LINE_CHARACTERS_MAX);
  const body = JSON.stringify({ deed: "kill", domain: "storage" });
  const head = { Host: host, Origin: origin, Authorization: `Bearer ${token}` };
  for (
    const changed of [
      { Host: "evil.example" },
      { Host: host.replace("127.0.0.1", "localhost") },
      { Origin: "http://evil.example" },
      { Authorization: `Bearer ${"0".repeat(64)}` },
    ]
  ) {
    const answer = await ask(host, "/press", { ...head, ...changed }, body);
    assert(answer.startsWith("HTTP/1.1 403 ") && answer.includes("\r\n\r\nRefused: "), answer);
  }
  const page = await ask(host, "/", { Host: host });
  assert(page.startsWith("HTTP/1.1 403 ") && !page.includes("<"), page);
  assert((await ask(host, "/press", head, body)).endsWith("\r\n\r\n{}"));

  // What was refused has done nothing, and what was done is told.
  for await (const line of heard) {
    const { type, deaths, domains = [] } = JSON.parse(line) as Partial<ReadingLine>;
    if (type !== "reading") continue;
    const storage = domains.find(({ domain }) => domain === "storage");
    if (storage?.epoch !== 2 || storage.state !== "ready") continue;
    assertEquals(deaths, 1);
    break;
  }
}

/** Asks as no browser would, and answers all that comes back. */
async function ask(
  host: string,
  path: string,
  headers: Record<string, string>,
  body = "",
): Promise<string> {
  const [hostname, port] = host.split(":");
  using connection = await Deno.connect({ hostname: hostname!, port: Number(port) });
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const method = body === "" ? "GET" : "POST";
  const rest = `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`;
  const request = `${method} ${path} HTTP/1.1\r\n${lines.join("")}${rest}`;
  await connection.write(new TextEncoder().encode(request));
  return await new Response(connection.readable).text();
}

Deno.test(
  `hako dash: every button is pressed, no client sees an error, and no other page can press${skipped}`,
  { ignore: !isBrowserThere },
  () => inDirectory(pressEverything),
);

async function pressEverything(directory: string): Promise<void> {
  const { child, said, lines } = startDash(directory, "--seed", "7");
  const seen: Record<string, unknown> = {};
  try {
    const url = (await lines.next()).value as string;
    assert(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[0-9a-f]{64}$/.test(url), url);
    const code = await browse(url, ({ step, saw }) => {
      seen[step] = saw;
      if (step === "may end") child.kill("SIGINT");
    });
    assertEquals(code, 0, JSON.stringify(seen));
  } finally {
    if (seen["may end"] !== true) child.kill("SIGTERM");
    await child.status;
  }
  const { deaths, ...rest } = seen;
  const refused = "TypeError";
  assertEquals(rest, {
    fits: true,
    Kill: "new lives of all",
    Upgrade: "new lives of all",
    Restart: "new lives of all",
    Hang: "new lives of all",
    attack: { simple: refused, query: refused, header: refused, listen: refused, look: refused },
    answers: "net::ERR_BLOCKED_BY_RESPONSE.NotSameOrigin", // What came back is kept from them.
    embedded: 0,
    "presses of others": 0,
    reconnected: true,
    errors: "0",
    "wrong on the page": [],
    "may end": true,
    "last words": "the system was halted in order",
  });
  assert(Number(deaths) >= 10, `${deaths} deaths, beside three upgrades`);
  assertEquals((await child.status).code, 0);
  assert(/^hako dash: [\d,]+ operations, \d+ deaths, 0 errors$/m.test(await said), await said);
}
