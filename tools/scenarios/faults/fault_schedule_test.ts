import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { FaultSchedule, type Strike } from "./fault_schedule.ts";
import { parseFault } from "./fault_text.ts";

const EVERYBODY = ["disk", "fs", "storage"];

/** The first strikes of a plan, those by the clock and then those by the share of the work. */
function strikes(texts: readonly string[], seed: number, countMax = 100): Strike[] {
  const schedule = new FaultSchedule(texts.map(parseFault), () => EVERYBODY, seed);
  const drawn: Strike[] = [];
  for (const next of [() => schedule.nextByTime(), () => schedule.nextByShare()]) {
    for (let strike = next(); strike !== undefined && drawn.length < countMax; strike = next()) {
      drawn.push(strike);
      schedule.take(strike);
    }
  }
  return drawn;
}

const shown = ({ spec, domain, atMs, atShare }: Strike) => [spec.text, domain, atMs, atShare];

Deno.test("the same seed is the same plan, another seed another", () => {
  const plan = ["*:kill@every=200ms", "fs:zombie@times=5", "*:throw@every=300ms,times=7"];
  const [first, again, other] = [7, 7, 8].map((seed) => strikes(plan, seed).map(shown));
  assertEquals(first, again);
  assertNotEquals(first, other);
});

Deno.test("a fault more leaves the moments of those before it as they are", () => {
  const plan = ["*:kill@every=200ms,times=9", "disk:throw@at=1s"];
  const alone = strikes(plan.slice(0, 1), 3).map(shown);
  const both = strikes(plan, 3).map(shown).filter(([text]) => text === plan[0]);
  assertEquals(both, alone);
});

Deno.test("strikes come in the order of time, about as often as the plan says", () => {
  const drawn = strikes(["fs:kill@every=100ms", "disk:kill@every=170ms"], 1, 400);
  const times = drawn.map(({ atMs }) => atMs!);
  assertEquals(times, times.toSorted((a, b) => a - b));
  const ofFs = drawn.filter(({ domain }) => domain === "fs").map(({ atMs }) => atMs!);
  const meanMs = ofFs.at(-1)! / ofFs.length;
  assert(meanMs > 90 && meanMs < 110, `${meanMs} ms apart`);
  ofFs.forEach((atMs, i) => {
    const apartMs = atMs - (ofFs[i - 1] ?? 0);
    assert(apartMs >= 50 && apartMs <= 150, `${apartMs} ms apart`);
  });
});

Deno.test("everybody has a turn before anybody has another", () => {
  const drawn = strikes(["*:kill@every=100ms,times=12"], 5);
  assertEquals(drawn.length, 12);
  for (let i = 0; i < 12; i += 3) {
    assertEquals(drawn.slice(i, i + 3).map(({ domain }) => domain).sort(), EVERYBODY);
  }
});

Deno.test("strikes by the share of the work lie within it, in order", () => {
  const drawn = strikes(["fs:kill@times=20", "disk:kill@times=5"], 2);
  const shares = drawn.map(({ atShare }) => atShare!);
  assertEquals([shares.length, shares], [25, shares.toSorted((a, b) => a - b)]);
  assert(shares[0]! > 0 && shares.at(-1)! < 1);
});

Deno.test("a schedule knows how many of its strikes are still to come", () => {
  const plan = ["fs:kill@every=1s,times=3", "fs:hang@at=1s", "fs:kill@times=2", "*:kill@every=1s"];
  const schedule = new FaultSchedule(plan.map(parseFault), () => EVERYBODY, 4);
  assertEquals(schedule.left, 6);
  for (let left = 6; left > 2;) {
    const strike = schedule.nextByTime()!;
    schedule.take(strike);
    if (strike.spec.text !== plan[3]) left--;
    assertEquals(schedule.left, left);
  }
  for (const left of [1, 0]) {
    schedule.take(schedule.nextByShare()!);
    assertEquals(schedule.left, left);
  }
  assertEquals(schedule.nextByTime()?.spec.text, plan[3], "it has no end");
});
