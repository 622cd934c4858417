import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { Gate, newToken } from "./gate.ts";

const ADDRESS = "127.0.0.1:4444";
const TOKEN = newToken();
const gate = new Gate(ADDRESS, TOKEN);

/** What a browser sends that has our own page open. */
const OWN = {
  host: ADDRESS,
  origin: `http://${ADDRESS}`,
  "sec-fetch-site": "same-origin",
  authorization: `Bearer ${TOKEN}`,
};

function page(token: string | undefined, headers: Record<string, string> = { host: ADDRESS }) {
  const query = token === undefined ? "" : `?token=${token}`;
  return gate.refusePage(new Request(`http://${ADDRESS}/${query}`, { headers }));
}

function press(headers: Record<string, string>, method = "POST") {
  return gate.refuseCall(new Request(`http://${ADDRESS}/press`, { method, headers }), "POST");
}

/** The headers but those named, and with others. */
function but(left: readonly string[], more: Record<string, string> = {}): Record<string, string> {
  const rest = Object.entries(OWN).filter(([name]) => !left.includes(name));
  return { ...Object.fromEntries(rest), ...more };
}

Deno.test("a token has 256 bits, and no two runs have the same", () => {
  assert(/^[0-9a-f]{64}$/.test(TOKEN));
  assertNotEquals(newToken(), TOKEN);
});

Deno.test("the page is for who knows the token", () => {
  assertEquals(page(TOKEN), undefined);
  const wrong = [
    "",
    TOKEN.slice(0, -1),
    `${TOKEN}0`,
    TOKEN.slice(0, -1) + (TOKEN.endsWith("0") ? "1" : "0"),
    TOKEN.toUpperCase() === TOKEN ? "x".repeat(64) : TOKEN.toUpperCase(),
    "0".repeat(64),
    "0".repeat(100_000),
    "%00".repeat(64),
  ];
  for (const token of wrong) assertEquals(page(token)?.status, 403, token.slice(0, 80));
  assertEquals(page(undefined)?.why, "the address needs the token that hako dash has printed");
});

Deno.test("a name that somebody made to mean this machine is refused, and none at all", () => {
  const hosts = [
    "evil.example:4444",
    "localhost:4444",
    "127.0.0.1",
    "127.0.0.1:4445",
    "127.0.0.1:4444.evil.example",
    "[::1]:4444",
    "",
  ];
  for (const host of hosts) {
    assertEquals(page(TOKEN, { host })?.why, `this is not ${ADDRESS}`, host);
    assertEquals(press({ ...OWN, host })?.status, 403, host);
  }
  assertEquals(page(TOKEN, {})?.status, 403);
});

Deno.test("the page may be gone to, and neither fetched nor put into a frame, though the token is known", () => {
  const went = { host: ADDRESS, "sec-fetch-site": "cross-site", "sec-fetch-dest": "document" };
  assertEquals(page(TOKEN, went), undefined, "by a link in another program");
  for (const dest of ["iframe", "frame", "embed", "object", "empty", "script", "image"]) {
    const headers = { ...went, "sec-fetch-dest": dest };
    assertEquals(page(TOKEN, headers), { status: 403, why: "another page asks" }, dest);
  }
});

Deno.test("a button is pressed by our own page and by nobody else", () => {
  assertEquals(press(OWN), undefined);
  assertEquals(press(but(["sec-fetch-site"])), undefined, "an older browser");
  const origins = [
    "null",
    "http://evil.example",
    `https://${ADDRESS}`,
    "http://127.0.0.1:4445",
    `http://${ADDRESS}.evil.example`,
    `http://${ADDRESS}/`,
  ];
  for (const origin of origins) {
    assertEquals(press({ ...OWN, origin }), { status: 403, why: "another page asks" }, origin);
  }
  for (const site of ["cross-site", "same-site", "none"]) {
    assertEquals(press({ ...OWN, "sec-fetch-site": site })?.status, 403, site);
  }
  assertEquals(press(but(["origin"])), { status: 403, why: "it does not say who asks" });
});

Deno.test("a button needs the token in a header that no other page can send", () => {
  const sent = [
    {},
    { authorization: "" },
    { authorization: TOKEN },
    { authorization: `Basic ${TOKEN}` },
    { authorization: `Bearer ${TOKEN}${TOKEN}` },
    { authorization: `Bearer ${"é".repeat(64)}` },
    { cookie: `token=${TOKEN}` },
  ];
  for (const headers of sent) {
    assertEquals(press(but(["authorization"], headers))?.status, 403, JSON.stringify(headers));
  }
  const inQuery = new Request(`http://${ADDRESS}/press?token=${TOKEN}`, {
    method: "POST",
    headers: but(["authorization"]),
  });
  assertEquals(gate.refuseCall(inQuery, "POST")?.status, 403);
});

Deno.test("looking is no pressing: every other method is refused", () => {
  for (const method of ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"]) {
    assertEquals(press(OWN, method)?.status, 405, method);
  }
  const post = new Request(`http://${ADDRESS}/?token=${TOKEN}`, { method: "POST", headers: OWN });
  assertEquals(gate.refusePage(post)?.status, 405);
});
