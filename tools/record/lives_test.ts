import { assertEquals } from "@std/assert";
import type { SystemEvent } from "@hako/kernel";
import { Lives } from "./lives.ts";
import type { LifeRecord } from "./record.ts";

type Heard = readonly [atMs: number, event: SystemEvent];

const ready = (epoch: number, tookMs: number): SystemEvent => {
  return { type: "ready", domain: "fs", epoch, tookMs };
};
const died = (epoch: number, why = "terminated"): SystemEvent => {
  return { type: "died", domain: "fs", epoch, why };
};
const fenced = (epoch: number, gone = true): SystemEvent => {
  return { type: "fenced", domain: "fs", epoch, gone, tookMs: 1 };
};

function livesAfter(heard: readonly Heard[]): { lives: Lives; ofFs: readonly LifeRecord[] } {
  const lives = new Lives();
  for (const [atMs, event] of heard) lives.hear(event, atMs);
  return { lives, ofFs: lives.all.filter(({ domain }) => domain === "fs") };
}

Deno.test("a life begins where the one before was found dead", () => {
  const { ofFs, lives } = livesAfter([
    [10, ready(1, 8)],
    [50, died(1)],
    [51, fenced(1)],
    [70, ready(2, 19)],
  ]);
  const why = "terminated";
  assertEquals(ofFs, [
    { domain: "fs", epoch: 1, startMs: 2, readyMs: 10, endMs: 50, fencedMs: 51, isGone: true, why },
    { domain: "fs", epoch: 2, startMs: 50, readyMs: 70 },
  ]);
  assertEquals(lives.deaths, 1);
});

Deno.test("a zombie is a life that is fenced and not known to be gone", () => {
  const { ofFs } = livesAfter([[10, ready(1, 8)], [50, died(1)], [600, fenced(1, false)]]);
  assertEquals(ofFs.map(({ isGone, fencedMs }) => [isGone, fencedMs]), [[false, 600]]);
});

Deno.test("a life that never served, or of which nobody told, is a life all the same", () => {
  const { ofFs, lives } = livesAfter([
    [10, ready(1, 8)],
    [50, died(1)],
    [60, died(2, "injected")],
    [90, ready(5, 20)],
  ]);
  const shown = ofFs.map(({ epoch, startMs, readyMs, endMs }) => [epoch, startMs, readyMs, endMs]);
  assertEquals(shown, [[1, 2, 10, 50], [2, 50, undefined, 60], [5, 60, 90, undefined]]);
  assertEquals(lives.deaths, 2);
});

Deno.test("what a kernel's successor tells again counts once", () => {
  const twice: readonly Heard[] = [[10, ready(1, 8)], [50, died(1)], [51, fenced(1)]];
  const { ofFs, lives } = livesAfter([...twice, ...twice, [70, ready(2, 5)], [71, died(1)]]);
  assertEquals([ofFs.length, lives.deaths, ofFs[0]!.endMs], [2, 1, 50]);
});

Deno.test("a kernel lives from its predecessor's death; it is back when a domain goes on", () => {
  const lives = new Lives();
  lives.hear({ type: "kernel-died", epoch: 1, why: "terminated" }, 100);
  lives.hear({ type: "kernel-died", epoch: 2, why: "terminated" }, 300);
  for (const atMs of [140, 145, 350]) lives.kernelGoesOn(atMs);
  const shown = lives.all.map(({ epoch, startMs, readyMs, endMs }) => {
    return [epoch, startMs, readyMs, endMs];
  });
  assertEquals(shown, [[1, 0, 0, 100], [2, 100, 140, 300], [3, 300, 350, undefined]]);
  assertEquals(lives.deaths, 2);
});
