import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { randomFrom } from "../../tools/scenarios/random.ts";
import { isExplained } from "./brute_force.ts";
import { describeRefusal, judge, OPEN_MAX } from "./checker.ts";
import { historyOf, soundHistory } from "./example_histories.ts";
import { modelOf } from "./models.ts";

interface Example {
  readonly what: string;
  readonly object: string;
  readonly lines: readonly string[];
}

const SOUND: readonly Example[] = [
  { what: "nothing", object: "queue", lines: [] },
  {
    what: "two values in the order of their enqueuing",
    object: "queue",
    lines: [
      "a 1-2 enqueue 7 = 1",
      "b 3-4 enqueue 8 = 1",
      "a 5-6 dequeue = 7",
      "b 7-8 dequeue = 8",
      "a 9-10 dequeue = 0",
    ],
  },
  {
    what: "two values enqueued at once, in either order",
    object: "queue",
    lines: ["a 1-4 enqueue 7 = 1", "b 2-3 enqueue 8 = 1", "a 5-6 dequeue = 7", "b 7-8 dequeue = 8"],
  },
  {
    what: "a dequeue that overlaps the enqueue of its value",
    object: "queue",
    lines: ["a 1-9 enqueue 7 = 1", "b 2-3 dequeue = 7"],
  },
  {
    what: "an empty answer beside an enqueue that is not over",
    object: "queue",
    lines: ["a 1-9 enqueue 7 = 1", "b 2-3 dequeue = 0", "b 4-5 dequeue = 7"],
  },
  {
    what: "a read of the old value while the write is not over",
    object: "register",
    lines: ["a 1-9 write 5 = 1", "b 2-3 read = 0", "b 4-5 read = 5"],
  },
  {
    what: "one of two swaps of the same value",
    object: "register",
    lines: ["a 1-4 swap 0 5 = 1", "b 2-3 swap 0 6 = 0", "b 5-6 read = 5"],
  },
  {
    what: "sums that come back in another order",
    object: "counter",
    lines: ["a 1-9 add 1 = 6", "b 2-8 add 2 = 5", "c 3-7 add 3 = 3"],
  },
  {
    what: "a write that nobody heard of and that took effect",
    object: "register",
    lines: ["a 1-x write 5", "b 2-3 read = 0", "b 4-5 read = 5"],
  },
  {
    what: "a write that nobody heard of and that never took effect",
    object: "register",
    lines: ["a 1-9 write 5", "b 2-3 read = 0", "b 10-11 read = 0"],
  },
  {
    what: "an effect seen after the fence, which came before it",
    object: "register",
    lines: ["a 1-9 write 5", "b 10-11 read = 5"],
  },
  {
    what: "a dequeue that nobody heard of and that took a value with it",
    object: "queue",
    lines: [
      "a 1-2 enqueue 7 = 1",
      "a 3-4 enqueue 8 = 1",
      "b 5-9 dequeue",
      "c 10-11 dequeue = 8",
    ],
  },
];

const UNSOUND: readonly Example[] = [
  {
    what: "a lost update",
    object: "counter",
    lines: ["a 1-4 add 1 = 1", "b 2-3 add 1 = 1"],
  },
  {
    what: "an update done twice",
    object: "counter",
    lines: ["a 1-2 add 1 = 1", "a 3-4 add 1 = 3"],
  },
  {
    what: "a value dequeued twice",
    object: "queue",
    lines: ["a 1-2 enqueue 7 = 1", "a 3-6 dequeue = 7", "b 4-5 dequeue = 7"],
  },
  {
    what: "a value from nowhere",
    object: "queue",
    lines: ["a 1-2 enqueue 7 = 1", "b 3-4 dequeue = 9"],
  },
  {
    what: "values out of order",
    object: "queue",
    lines: [
      "a 1-2 enqueue 7 = 1",
      "b 3-4 enqueue 8 = 1",
      "a 5-8 dequeue = 8",
      "b 9-10 dequeue = 7",
    ],
  },
  {
    what: "an empty answer although a value is there",
    object: "queue",
    lines: ["a 1-2 enqueue 7 = 1", "b 3-4 dequeue = 0"],
  },
  {
    what: "a full answer although there is room",
    object: "queue",
    lines: ["a 1-2 enqueue 7 = 0"],
  },
  {
    what: "a value that was lost",
    object: "queue",
    lines: ["a 1-2 enqueue 7 = 1", "a 3-4 enqueue 8 = 1", "b 5-6 dequeue = 8"],
  },
  {
    what: "a stale read",
    object: "register",
    lines: ["a 1-2 write 5 = 1", "b 3-4 read = 0"],
  },
  {
    what: "a read that goes back in time",
    object: "register",
    lines: ["a 1-9 write 5 = 1", "b 2-3 read = 5", "c 4-5 read = 0"],
  },
  {
    what: "two swaps of the same value",
    object: "register",
    lines: ["a 1-4 swap 0 5 = 1", "b 2-3 swap 0 6 = 1"],
  },
  {
    what: "an effect that came after its fence",
    object: "register",
    lines: ["a 1-4 write 5", "b 5-6 read = 0", "b 7-8 read = 5"],
  },
  {
    what: "an operation that nobody heard of, done twice",
    object: "counter",
    lines: ["a 1-x add 1", "b 2-3 add 10 = 12"],
  },
];

for (const { what, object, lines } of SOUND) {
  Deno.test(`judge() accepts ${what} (${object})`, () => {
    const history = historyOf(object, lines);
    assertEquals(judge(history, modelOf).refusal, undefined);
    assert(isExplained(history, modelOf(object)), "the brute force agrees");
  });
}

for (const { what, object, lines } of UNSOUND) {
  Deno.test(`judge() refuses ${what} (${object})`, () => {
    const history = historyOf(object, lines);
    assertEquals(judge(history, modelOf).refusal?.object, object);
    assert(!isExplained(history, modelOf(object)), "the brute force agrees");
  });
}

Deno.test("judge() judges each object by itself", () => {
  const sound = historyOf("counter-1", ["a 1-2 add 1 = 1"]);
  const unsound = historyOf("counter-2", ["a 3-4 add 1 = 2"]);

  const { refusal, operationCount } = judge([...sound, ...unsound], modelOf);

  assertEquals([refusal?.object, operationCount], ["counter-2", 2]);
});

Deno.test("describeRefusal() names what has no explanation, and what was open", () => {
  const lines = ["a 1-9 write 5 = 1", "b 2-3 read = 5", "c 4-5 read = 0"];
  const { refusal } = judge(historyOf("register-1", lines), modelOf);

  const text = describeRefusal(refusal!);

  assertStringIncludes(text, "no order explains c read() -> 0 on register-1 [4, 5]");
  assertStringIncludes(text, "possible states before it: 5");
  assertStringIncludes(text, "open: a write(5) -> 1 on register-1 [1, 9]");
});

Deno.test("judge() gives no verdict on more overlap than it has bits for", () => {
  const lines = Array.from({ length: OPEN_MAX + 1 }, (_, i) => `t 1-9 write ${i + 1} = 1`);
  assertThrows(() => judge(historyOf("register", lines), modelOf), RangeError, "31 operations");
});

Deno.test("judge() refuses an operation that ends before it begins", () => {
  const history = historyOf("register", ["a 5-4 read = 0"]);
  assertThrows(() => judge(history, modelOf), RangeError, "ends before it begins");
});

Deno.test("judge() reads 100,000 operations of a few clients, and finds the one that is wrong", () => {
  const objects = ["queue-0", "queue-1", "register-0", "register-1", "counter-0", "counter-1"];
  const history = soundHistory({ objects, count: 100_000, stretch: 40 }, randomFrom(1));
  assertEquals(judge(history, modelOf).refusal, undefined);

  // The last sum: everything before it has to be gone through.
  const index = history.findLastIndex(({ kind }) => kind === "add");
  const wrong = { ...history[index]!, answer: history[index]!.answer! - 1 };

  assertEquals(judge(history.with(index, wrong), modelOf).refusal?.operation, wrong);
});
