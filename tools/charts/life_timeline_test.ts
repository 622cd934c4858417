import { assert, assertEquals, assertFalse, assertStringIncludes } from "@std/assert";
import type { LifeRecord } from "../record/record.ts";
import { lifeWords, renderTimeline } from "./life_timeline.ts";
import { MARKS_MAX, rowsOf, timeMarks } from "./timeline_marks.ts";

const FIRST: LifeRecord = {
  domain: "fs",
  epoch: 1,
  startMs: 0,
  readyMs: 50,
  endMs: 500,
  fencedMs: 502,
  isGone: true,
  why: "its worker ended",
};

function count(svg: string, className: string): number {
  return svg.match(new RegExp(`class="${className}"`, "g"))?.length ?? 0;
}

Deno.test("a life is a start, a service, a death and a fence", () => {
  const second = { domain: "fs", epoch: 2, startMs: 500, readyMs: 530 };
  const svg = renderTimeline({ lives: [FIRST, second], strikes: [], durationMs: 1_000 });
  const marks = ["start", "served", "death", "fence", "zombie"].map((name) => count(svg, name));
  assertEquals(marks, [2, 2, 1, 1, 0]);
  assertStringIncludes(svg, `<rect class="served" x="5%" y="24" width="45%"`);
  assertStringIncludes(svg, "2 lives, 1 death");
});

Deno.test("a life that never served has no service, and a zombie is a ring", () => {
  const { readyMs: _, ...unready } = { ...FIRST, isGone: false };
  const svg = renderTimeline({ lives: [unready], strikes: [], durationMs: 1_000 });
  const marks = ["start", "served", "death", "fence", "zombie"].map((name) => count(svg, name));
  assertEquals(marks, [1, 0, 1, 0, 1]);
  assertStringIncludes(lifeWords(unready), "never served");
});

Deno.test("an end in order is no death, and an upgrade no harm", () => {
  const { why: _, ...ended } = FIRST;
  const strikes = [
    { atMs: 10, domain: "fs", kind: "upgrade" },
    { atMs: 700, domain: "disk", kind: "eio" },
  ];
  const svg = renderTimeline({ lives: [ended], strikes, durationMs: 1_000 });
  assertEquals([count(svg, "death"), count(svg, "end")], [0, 1]);
  assertEquals([count(svg, "strike upgrade"), count(svg, "strike")], [1, 1]);
  assertStringIncludes(svg, "fault at 0.7 s: eio disk");
});

Deno.test("a record of nothing is a picture all the same", () => {
  const svg = renderTimeline({ lives: [], strikes: [], durationMs: 0 });
  assertStringIncludes(svg, "<svg");
  assertFalse(/NaN|Infinity|undefined/.test(svg));
});

Deno.test("ten thousand lives are as many marks as can be seen, and none is lost", () => {
  const lives = Array.from({ length: 10_000 }, (_, index) => {
    const startMs = index * 3;
    return { ...FIRST, epoch: index + 1, startMs, readyMs: startMs + 1, endMs: startMs + 3 };
  }).map(({ fencedMs: _, ...life }) => life);
  const [row] = rowsOf(lives, [], 30_000);
  assert(row!.lives.length <= MARKS_MAX);
  assertEquals(row!.lives.flatMap((mark) => mark.lives).length, 10_000);
  assertEquals(row!.deaths, 10_000);
});

Deno.test("times along the axis are round and few", () => {
  assertEquals(timeMarks(10_000), [0, 2_000, 4_000, 6_000, 8_000, 10_000]);
  assertEquals(timeMarks(0), [0]);
  for (const ms of [1, 7, 333, 12_345, 86_400_000]) {
    const marks = timeMarks(ms);
    assert(marks.length >= 4 && marks.length <= 9 && marks.at(-1)! <= ms);
  }
});

Deno.test("what a domain says stays text", () => {
  const evil = `</title><script>alert(1)</script>`;
  const life = { ...FIRST, domain: evil, why: evil };
  const strikes = [{ atMs: 1, domain: evil, kind: evil }];
  assertFalse(renderTimeline({ lives: [life], strikes, durationMs: 9 }).includes("<script"));
});
