import { assert, assertEquals } from "@std/assert";
import { Audience, LISTENERS_MAX } from "./audience.ts";
import { Gate, newToken } from "./gate.ts";
import { History } from "./history.ts";
import type { Press } from "./lines.ts";
import { BURST_MAX, PressRate } from "./press_rate.ts";
import { BODY_BYTES_MAX, Site } from "./site.ts";

const ADDRESS = "127.0.0.1:4444";
const TOKEN = newToken();
const HEADERS = {
  host: ADDRESS,
  origin: `http://${ADDRESS}`,
  authorization: `Bearer ${TOKEN}`,
};

/** A site whose system has one server and one app, and obeys with this answer. */
function siteThat(answer?: string) {
  const pressed: Press[] = [];
  const history = new History();
  const targets = [
    { domain: "fs", deeds: ["kill", "hang"] as const },
    { domain: "kernel", deeds: ["kill"] as const },
  ];
  history.add({ type: "begin", graph: [], targets });
  const clock = { nowMs: 0 };
  const audience = new Audience();
  const site = new Site({
    gate: new Gate(ADDRESS, TOKEN),
    ...{ history, audience },
    rate: new PressRate(() => clock.nowMs),
    press: (press) => {
      pressed.push(press);
      return Promise.resolve(answer);
    },
    page: (nonce) => `<script nonce="${nonce}">`,
  });
  const ask = (path: string, init: RequestInit = {}) =>
    site.answer(new Request(`http://${ADDRESS}${path}`, { headers: HEADERS, ...init }));
  const press = (body: BodyInit) => ask("/press", { method: "POST", body });
  return { site, ask, press, pressed, clock, audience, history };
}

Deno.test("the page runs its own scripts only, is embedded nowhere, kept nowhere, and names nobody", async () => {
  const { ask } = siteThat();
  const one = await ask(`/?token=${TOKEN}`);
  const other = await ask(`/?token=${TOKEN}`);
  const policy = one.headers.get("content-security-policy")!;
  const nonce = /nonce="([^"]+)"/.exec(await one.text())![1]!;

  assertEquals(one.status, 200);
  assert(policy.includes("default-src 'none'") && policy.includes("frame-ancestors 'none'"));
  assert(policy.includes(`script-src 'nonce-${nonce}'`), policy);
  assert(!/unsafe|https?:|\*/.test(policy), policy);
  assert(!(await other.text()).includes(nonce), "a nonce is used once");
  assertEquals(one.headers.get("x-frame-options"), "DENY");
  assertEquals(one.headers.get("referrer-policy"), "no-referrer");
  assertEquals(one.headers.get("cache-control"), "no-store");
  assertEquals(one.headers.get("access-control-allow-origin"), null);
});

Deno.test("who has no token is refused in words, everywhere, and told nothing", async () => {
  const { ask, pressed } = siteThat();
  const headers = { host: ADDRESS, origin: `http://${ADDRESS}` };
  const body = '{"deed":"kill","domain":"fs"}';
  for (
    const answer of [
      await ask("/", { headers }),
      await ask("/lines", { headers }),
      await ask("/press", { method: "POST", headers, body }),
    ]
  ) {
    assertEquals(answer.status, 403);
    assert(/^Refused: .*token.*\.\n$/.test(await answer.text()));
    assertEquals(answer.headers.get("x-frame-options"), "DENY");
  }
  assertEquals(pressed, []);
});

Deno.test("a press reaches the system, and why it could not be done comes back", async () => {
  const good = siteThat();
  const answer = await good.press('{"deed":"kill","domain":"fs","number":7,"more":[1]}');
  assertEquals([answer.status, await answer.json()], [200, {}]);
  assertEquals(good.pressed, [{ deed: "kill", domain: "fs" }], "and nothing else of it");

  const bad = await siteThat("EBUSY: busy").press('{"deed":"hang","domain":"fs"}');
  assertEquals([bad.status, await bad.json()], [200, { error: "EBUSY: busy" }]);
});

Deno.test("unknown domains and deeds are refused before they reach the system", async () => {
  const { press, pressed, clock } = siteThat();
  const domains = [
    "storage",
    "program",
    "",
    "__proto__",
    "constructor",
    "fs ",
    "FS",
    "../fs",
    "<img src=x onerror=alert(1)>",
    "fs\nfs",
    "\u202efs",
  ];
  for (const domain of domains) {
    clock.nowMs += 1_000;
    const answer = await press(JSON.stringify({ deed: "kill", domain }));
    assertEquals(answer.status, 404, domain);
    const text = await answer.text();
    assertEquals(text, "Refused: no domain of that name has buttons.\n", "it repeats nothing");
    assertEquals(answer.headers.get("content-type"), "text/plain; charset=utf-8");
  }
  const bodies = [
    '{"deed":"halt","domain":"fs"}',
    '{"deed":"upgrade","domain":"fs"}',
    '{"deed":"hang","domain":"kernel"}',
    '{"deed":"__proto__","domain":"fs"}',
    '{"deed":["kill"],"domain":"fs"}',
    '{"deed":"kill","domain":{"toString":1}}',
    '{"deed":"kill"}',
    '["kill","fs"]',
    "null",
    "kill fs",
    "",
  ];
  for (const body of bodies) {
    clock.nowMs += 1_000;
    assertEquals((await press(body)).status, 400, body);
  }
  assertEquals(pressed, []);
});

Deno.test("a body is read up to its limit and no further", async () => {
  const { press, pressed } = siteThat();
  const padded = `{"deed":"kill","domain":"fs","x":"${"y".repeat(BODY_BYTES_MAX)}"}`;
  assertEquals((await press(padded)).status, 413);

  let pulled = 0;
  const endless = new ReadableStream({
    pull: (controller) => {
      pulled++;
      controller.enqueue(new Uint8Array(200));
    },
  });
  assertEquals((await press(endless)).status, 413);
  assert(pulled < 10, `${pulled} chunks were read`);
  assertEquals(pressed, []);
});

Deno.test("buttons can be pressed only so often, and again after a while", async () => {
  const { press, pressed, clock } = siteThat();
  const body = '{"deed":"kill","domain":"fs"}';
  for (let i = 0; i < BURST_MAX; i++) assertEquals((await press(body)).status, 200);
  assertEquals((await press(body)).status, 429);
  clock.nowMs += 100;
  assertEquals([(await press(body)).status, (await press(body)).status], [200, 200]);
  assertEquals((await press(body)).status, 429);
  assertEquals(pressed.length, BURST_MAX + 2);
});

Deno.test("only so many pages listen; one that leaves makes room", async () => {
  const { ask, audience } = siteThat();
  const answers: Response[] = [];
  for (let i = 0; i < LISTENERS_MAX; i++) answers.push(await ask("/lines"));
  assertEquals(answers.map(({ status }) => status), Array(LISTENERS_MAX).fill(200));
  assertEquals((await ask("/lines")).status, 503);

  await answers[0]!.body!.cancel();
  const next = await ask("/lines");
  assertEquals([next.status, audience.size], [200, LISTENERS_MAX]);
  audience.close();
  assertEquals(audience.size, 0);
  assert((await next.text()).startsWith('{"type":"begin"'));
});

Deno.test("there is nothing at other addresses, however they are written", async () => {
  const { ask } = siteThat();
  for (
    const path of ["/deno.json", "/../deno.json", "/lines/", "//press", "/%2e%2e/press/", "/PRESS"]
  ) {
    assertEquals((await ask(path)).status, 404, path);
  }
});
