import { assertEquals, assertStringIncludes } from "@std/assert";
import type { SystemRecord } from "../record/record.ts";
import { diedOfEachKind, diedOfNothingElse } from "./death_kinds.ts";

/** A record of these faults, and of these ends: `undefined` is one that nobody lived to tell of. */
function recordOf(
  strikes: readonly (readonly [domain: string, kind: string])[],
  ends: readonly (readonly [domain: string, why: string | undefined])[],
): SystemRecord {
  const histogram = { buckets: [] };
  return {
    graph: [],
    durationMs: 1,
    intervals: [],
    histogram,
    strikes: strikes.map(([domain, kind]) => ({ atMs: 0, domain, kind })),
    lives: ends.map(([domain, why], index) => ({
      domain,
      epoch: index + 1,
      startMs: 0,
      endMs: 1,
      ...(why === undefined ? {} : { why }),
    })),
  };
}

const HANGS = [["fs", "blocked"], ["fs", "zombie"]] as const;

Deno.test("each kind is known by what is said of the death", () => {
  const deaths: readonly (readonly [kind: string, why: string])[] = [
    ["terminate", "terminated"],
    ["restart", "restarted on request"],
    ["throw", "Error: injected fault at runtime.request\n    at happen"],
    ["reject", "Error: injected rejection at runtime.request"],
    ["exit", "self.close()"],
    ["blocked", "it hangs"],
    ["heap", "ran out of its 32 MiB of memory"],
  ];
  for (const [kind, why] of deaths) {
    const record = recordOf([["fs", kind]], [["fs", why]]);
    assertEquals(diedOfEachKind(record).outcome, "passed", kind);
    assertEquals(diedOfNothingElse(record).outcome, "passed", kind);
    for (const [other] of deaths) {
      if (other === kind) continue;
      const wrong = recordOf([["fs", other]], [["fs", why]]);
      assertEquals(diedOfEachKind(wrong).outcome, "failed", `${other} for ${kind}`);
    }
  }
});

Deno.test("one death is not enough for two kinds that look the same", () => {
  const { outcome, detail } = diedOfEachKind(recordOf(HANGS, [["fs", "it hangs"]]));
  assertEquals(outcome, "failed");
  assertStringIncludes(detail, "fs by blocked and zombie");
  const both = recordOf(HANGS, [["fs", "it hangs"], ["fs", "it hangs"]]);
  assertEquals(diedOfEachKind(both).outcome, "passed");
});

Deno.test("a death of which a kernel did not live to tell may have been any, but one", () => {
  const told = diedOfEachKind(recordOf(HANGS, [["fs", "it hangs"], ["fs", undefined]]));
  assertEquals(told.outcome, "passed");
  const untold = diedOfEachKind(recordOf(HANGS, [["fs", undefined], ["disk", undefined]]));
  assertEquals(untold.outcome, "failed");
});

Deno.test("the death of one is not that of another, and none is none", () => {
  assertEquals(
    diedOfEachKind(recordOf([["fs", "exit"]], [["disk", "self.close()"]])).outcome,
    "failed",
  );
  assertEquals(diedOfEachKind(recordOf([], [])).outcome, "skipped");
});

Deno.test("a death that looks like no fault is told", () => {
  const { outcome, detail } = diedOfNothingElse(
    recordOf([["disk", "throw"]], [["disk", "Error: a bug\n    at line"]]),
  );
  assertEquals([outcome, detail], ["failed", "disk: Error: a bug"]);
});
