import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { randomFrom } from "../../tools/scenarios/random.ts";
import { isExplained } from "./brute_force.ts";
import { judge } from "./checker.ts";
import { soundHistory } from "./example_histories.ts";
import type { Operation } from "./history.ts";
import { modelOf } from "./models.ts";

const OBJECTS = ["queue", "register", "counter"] as const;

const object = fc.constantFrom(...OBJECTS);
const seed = fc.nat();
const stretch = fc.nat({ max: 40 });

Deno.test("judge() accepts whatever happened one by one, however stretched", () => {
  fc.assert(fc.property(seed, stretch, fc.integer({ min: 1, max: 200 }), (seed, stretch, count) => {
    const history = soundHistory({ objects: OBJECTS, count, stretch }, randomFrom(seed));
    assertEquals(judge(history, modelOf).refusal, undefined);
  }));
});

Deno.test("judge() accepts a sound history of which some answers were not heard", () => {
  fc.assert(fc.property(seed, stretch, fc.array(fc.nat({ max: 99 })), (seed, stretch, lost) => {
    const history = soundHistory({ objects: OBJECTS, count: 100, stretch }, randomFrom(seed));
    for (const index of lost.slice(0, 6)) history[index] = unheard(history[index]!);
    assertEquals(judge(history, modelOf).refusal, undefined);
  }));
});

Deno.test("judge() refuses a wrong answer in a history without overlap", () => {
  fc.assert(fc.property(seed, fc.nat({ max: 99 }), fc.integer({ min: 1 }), (seed, index, by) => {
    const history = soundHistory({ objects: OBJECTS, count: 100, stretch: 0 }, randomFrom(seed));
    const wrong = { ...history[index]!, answer: history[index]!.answer! + by };
    assertEquals(judge(history.with(index, wrong), modelOf).refusal?.operation, wrong);
  }));
});

Deno.test("judge() refuses what no order explains, however stretched: values from nowhere and twice", () => {
  fc.assert(fc.property(seed, fc.nat({ max: 25 }), fc.nat(), fc.boolean(), (...drawn) => {
    const [seed, stretch, choice, twice] = drawn;
    const history = soundHistory({ objects: ["queue"], count: 120, stretch }, randomFrom(seed));
    const taken = history.flatMap(({ kind, answer }, i) => kind === "dequeue" && answer ? [i] : []);
    fc.pre(taken.length >= 2);
    const index = taken[choice % taken.length]!;
    const other = taken[(choice + 1) % taken.length]!;
    const answer = twice ? history[other]!.answer : 1_000_000;
    const wrong = { ...history[index]!, answer };
    assert(judge(history.with(index, wrong), modelOf).refusal !== undefined);
  }));
});

Deno.test("judge() says what the definition says of any small history, sound or not", () => {
  let refusedCount = 0;
  const mutation = fc.record({ index: fc.nat({ max: 6 }), answer: fc.nat({ max: 8 }) });
  const lost = fc.array(fc.nat({ max: 6 }), { maxLength: 3 });
  fc.assert(
    fc.property(object, seed, stretch, fc.option(mutation), lost, (...drawn) => {
      const [object, seed, stretch, mutation, lost] = drawn;
      const history = soundHistory({ objects: [object], count: 7, stretch }, randomFrom(seed));
      if (mutation !== null) {
        const { index, answer } = mutation;
        history[index] = { ...history[index]!, answer };
      }
      for (const index of lost) history[index] = unheard(history[index]!);
      const explained = isExplained(history, modelOf(object));
      assertEquals(judge(history, modelOf).refusal === undefined, explained);
      if (!explained) refusedCount++;
    }),
    { numRuns: 3_000 },
  );
  assert(refusedCount > 300, "both verdicts are tried");
});

/** The operation as if its client had died before it heard the answer; half of them are fenced. */
function unheard(operation: Operation): Operation {
  const fenced = operation.invokedAt % 2 === 0;
  return { ...operation, answer: undefined, endedAt: fenced ? operation.endedAt : Infinity };
}
