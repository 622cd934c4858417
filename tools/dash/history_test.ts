import { assertEquals } from "@std/assert";
import { Audience } from "./audience.ts";
import { HAPPENINGS_SHOWN, History, SHOWN_MS } from "./history.ts";
import type { Happening, HostLine, ReadingLine } from "./lines.ts";

function reading(atMs: number): ReadingLine {
  const interval = { operations: 1, errors: 0, p50Us: 1, p99Us: 1, maxUs: 1, residentBytes: 1 };
  return {
    ...{ type: "reading", atMs, kernelEpoch: 1, isCurrent: true, zombies: 0, domains: [] },
    ...{ callsPerSecond: 1, deaths: 0, upgrades: 0 },
    intervals: [{ atMs, ...interval }],
    strikes: [{ atMs, domain: "fs", kind: "terminate" }],
  };
}

function happening(atMs: number): Happening {
  return { atMs, domain: "fs", kind: "life", text: "" };
}

Deno.test("a page that comes late is told the last minute, in one reading", () => {
  const history = new History();
  history.add({ type: "begin", graph: [], targets: [] });
  for (let atMs = 0; atMs <= 2 * SHOWN_MS; atMs += 500) history.add(reading(atMs));
  for (let atMs = 0; atMs < 2 * HAPPENINGS_SHOWN; atMs++) {
    history.add({ type: "happenings", happenings: [happening(atMs)] });
  }
  history.add({ type: "end", text: "over" });

  const [begin, happened, last, end, ...more] = history.lines();
  assertEquals([begin?.type, end?.type, more.length], ["begin", "end", 0]);
  assertEquals(happened?.type === "happenings" && happened.happenings.length, HAPPENINGS_SHOWN);
  assertEquals(happened?.type === "happenings" && happened.happenings[0]?.atMs, HAPPENINGS_SHOWN);
  assertEquals(last?.type === "reading" && last.atMs, 2 * SHOWN_MS);
  assertEquals(last?.type === "reading" && last.intervals.length, SHOWN_MS / 500);
  assertEquals(last?.type === "reading" && last.strikes.length, SHOWN_MS / 500);
});

Deno.test("a page that does not read is left behind, and the others hear on", async () => {
  const audience = new Audience();
  const slow = audience.join([]).getReader();
  const heard: HostLine[] = [];
  const fast = audience.join([{ type: "end", text: "first" }]).pipeThrough(new TextDecoderStream())
    .getReader();
  const long: HostLine = {
    type: "happenings",
    happenings: [{ ...happening(0), text: "x".repeat(1024 * 1024) }],
  };
  await fast.read();
  for (let i = 0; i < 10; i++) {
    audience.tell(long);
    let text = "";
    while (!text.endsWith("\n")) text += (await fast.read()).value;
    heard.push(JSON.parse(text));
  }
  assertEquals([heard.length, audience.size], [10, 1]);
  let read = 0;
  while (!(await slow.read()).done) read++;
  assertEquals(read, 3, "what it was told before, and then its stream ends");
  audience.close();
  assertEquals((await fast.read()).done, true);
});
