import { assert, assertEquals, assertThrows } from "@std/assert";
import { ERRNO, OsError } from "@hako/ipc";
import { Answers } from "./answers.ts";
import { copyKeeps } from "./copy.ts";
import { ANSWERS_BYTES, LOG_BYTES_MIN } from "./limits.ts";
import { isState, logState, nextState } from "./log_state.ts";
import { type Region, Transactions } from "./transactions.ts";

class Fenced extends Error {}

/** A life over a log and two small memories, which a test can fence. */
class Life {
  isFenced = false;
  /** Looks at the fence since the last reset. */
  looks = 0;
  readonly transactions: Transactions;
  readonly first: Region;
  readonly second: Region;

  constructor(log: SharedArrayBuffer, first: SharedArrayBuffer, second: SharedArrayBuffer) {
    this.transactions = new Transactions(log, () => {
      this.looks++;
      if (this.isFenced) throw new Fenced();
    });
    this.first = this.transactions.region(1, first);
    this.second = this.transactions.region(2, second);
  }

  change(value: number): void {
    this.first.stage(3, Uint32Array.of(value, value + 1), 2);
    this.second.stage(0, Uint32Array.of(value), 1);
  }

  read(): number[] {
    const words = new Uint32Array(2);
    this.first.load(3, words, 2);
    const [a, b] = words;
    this.second.load(0, words, 1);
    return [a!, b!, words[0]!];
  }
}

function buffers(): [SharedArrayBuffer, SharedArrayBuffer, SharedArrayBuffer] {
  const small = () => new SharedArrayBuffer(4096);
  return [new SharedArrayBuffer(LOG_BYTES_MIN), small(), small()];
}

function open(memories: ReturnType<typeof buffers>): Life {
  const life = new Life(...memories);
  life.transactions.recover();
  return life;
}

Deno.test("Transactions.commit() of a fenced life keeps nothing", () => {
  const memories = buffers();
  const life = open(memories);
  life.change(10);
  life.isFenced = true;
  assertThrows(() => life.transactions.commit(), Fenced);
  assertEquals(open(memories).read(), [0, 0, 0]);
});

Deno.test("Transactions.commit() that is fenced at its store does not return", () => {
  const memories = buffers();
  const life = open(memories);
  life.change(10);
  let isFirst = true;
  const log = new Uint32Array(memories[0]);
  Object.defineProperty(life, "isFenced", {
    get: () => {
      if (isFirst) return isFirst = false;
      assertEquals(log[0], nextState(logState(0)), "it is committed");
      return true;
    },
  });
  assertThrows(() => life.transactions.commit(), Fenced);
  assertEquals(new Uint32Array(memories[1])[3], 0, "and nothing is in its place");
  assertEquals(open(memories).read(), [10, 11, 10], "a successor may finish it");
});

Deno.test("Transactions.commit() of nothing does not look at the fence", () => {
  const life = open(buffers());
  life.looks = 0;
  life.transactions.commit();
  assertEquals(life.looks, 0);
});

Deno.test("Region.stage() refuses what outgrows the log before anything is stored", () => {
  const memories = buffers();
  const { transactions, first } = open(memories);
  const words = new Uint32Array(LOG_BYTES_MIN / 4).fill(5);
  first.stage(0, words, 700);
  const error = assertThrows(() => first.stage(700, words, 250), OsError) as OsError;
  assertEquals(error.code, "EFBIG");
  assertEquals(new Uint32Array(memories[0]).subarray(1).some((word) => word !== 0), false);
  transactions.commit();
  const found = new Uint32Array(2);
  first.load(699, found, 1);
  first.load(700, found.subarray(1), 1);
  assertEquals([...found], [5, 0], "what fits is kept");
});

Deno.test("an answer finds room however much its handler has staged", () => {
  const memories = buffers();
  const { transactions, first } = open(memories);
  const answers = new Answers(transactions.region(9, new SharedArrayBuffer(ANSWERS_BYTES)));
  const one = new Uint32Array(1);
  assertThrows(
    () => {
      for (let at = 0;; at++) first.stage(at, one, 1);
    },
    OsError,
    "EFBIG",
  );
  answers.stage(4, new Int32Array(79).fill(3), 79);
  transactions.commit();
  const found = new Int32Array(79);
  assertEquals([answers.recall(4, found), found[78]], [79, 3]);
});

Deno.test("Answers.recall() tells another request from none, and damage from both", () => {
  const memory = new SharedArrayBuffer(ANSWERS_BYTES);
  const { transactions } = open(buffers());
  const answers = new Answers(transactions.region(9, memory));
  const found = new Int32Array(79);
  assertEquals([answers.recall(0, found), answers.recall(63, found)], [0, 0]);
  answers.stage(2 ** 32 - 1, Int32Array.of(-5), 1);
  transactions.commit();
  assertEquals([answers.recall(2 ** 32 - 1, found), found[0]], [1, -5]);
  assertEquals(answers.recall(2 ** 32 - 65, found), 0);

  const words = new Uint32Array(memory);
  const at = words.indexOf(-5 >>> 0);
  for (const [word, value] of [[at, 7], [at - 2, 80], [at - 2, 0], [at - 3, 5], [at - 4, 1]]) {
    const was = words[word!]!;
    words[word!] = value!;
    assertEquals([answers.recall(2 ** 32 - 1, found), found[0]], [1, -ERRNO.EUCLEAN], `${word}`);
    words[word!] = was;
  }
  assertThrows(() => new Answers(transactions.region(10, buffers()[1])), RangeError);
});

Deno.test("changes of a memory that was closed since are dropped, the others kept", () => {
  const memories = buffers();
  const life = open(memories);
  life.change(20);
  life.transactions.removeRegion(2);
  life.transactions.commit();
  assertEquals(open(memories).read(), [20, 21, 0]);

  // The same in a recovery: the predecessor died with both committed.
  const dead = open(memories);
  dead.change(30);
  let looks = 0;
  Object.defineProperty(dead, "isFenced", { get: () => ++looks === 2 });
  assertThrows(() => dead.transactions.commit(), Fenced);
  const transactions = new Transactions(memories[0], () => {});
  const region = transactions.region(1, memories[1]);
  assertEquals(transactions.recover(), true);
  const found = new Uint32Array(2);
  region.load(3, found, 2);
  assertEquals([[...found], new Uint32Array(memories[2])[0]], [[30, 31], 0]);
});

Deno.test("a memory that was replaced is left alone, whoever still holds its region", () => {
  const memories = buffers();
  const life = open(memories);
  const [, memory] = buffers();
  const replacement = life.transactions.region(2, memory);
  life.change(20); // By the old region, of which a channel that is about to close may not know.
  life.transactions.commit();
  assertEquals(life.read(), [20, 21, 0]);
  assertEquals(new Uint32Array(memory).some((word) => word !== 0), false);

  replacement.stage(0, Uint32Array.of(4), 1);
  assertThrows(() => life.transactions.region(2, memories[2]), Error, "nothing is staged");
  life.transactions.commit();
  assertEquals([new Uint32Array(memory)[0], new Uint32Array(memories[2])[0]], [4, 0]);
});

Deno.test("a log whose entries leave their memories touches nothing", () => {
  const memories = buffers();
  const life = open(memories);
  life.change(40);
  let looks = 0;
  Object.defineProperty(life, "isFenced", { get: () => ++looks === 2 });
  assertThrows(() => life.transactions.commit(), Fenced);

  const transactions = new Transactions(memories[0], () => {});
  const tiny = new SharedArrayBuffer(8);
  transactions.region(1, memories[1]);
  transactions.region(2, tiny);
  assertEquals(transactions.recover(), true, "one word fits");
  const again = open(memories);
  again.first.stage(1000, Uint32Array.of(1, 2, 3), 3);
  looks = 0;
  Object.defineProperty(again, "isFenced", { get: () => ++looks === 2 });
  assertThrows(() => again.transactions.commit(), Fenced);
  const small = new Transactions(memories[0], () => {});
  const shrunk = new SharedArrayBuffer(4004);
  small.region(1, shrunk);
  assertThrows(() => small.recover(), OsError, "an entry leaves region 1");
  assertEquals(new Uint32Array(shrunk).some((word) => word !== 0), false);
});

Deno.test("two lives on one log: the second is found out", () => {
  const memories = buffers();
  const life = open(memories);
  const other = open(memories);
  other.change(1);
  other.transactions.commit();
  life.change(2);
  assertThrows(() => life.transactions.commit(), OsError, "somebody else");
  assertEquals(other.read(), [1, 2, 1]);
});

Deno.test("nothing is staged or committed before the log is recovered, which is done once", () => {
  const life = new Life(...buffers());
  assertThrows(() => life.change(1), Error, "recovered before");
  life.transactions.recover();
  assertThrows(() => life.transactions.recover(), Error, "once");
  assertThrows(() => life.first.stage(1023, new Uint32Array(2), 2), Error, "inside");
});

Deno.test("the state goes on for ever, and never takes a value that is none", () => {
  let state = logState(0);
  const seen = new Set<number>();
  for (let step = 0; step < 65_536; step++) {
    assert(isState(state) && state !== 0);
    seen.add(state);
    state = nextState(state);
  }
  assertEquals([seen.size, state], [65_536, logState(0)]);
  assertEquals([0, 1, 0xffff_ffff, logState(5) ^ 1].map(isState), [false, false, false, false]);
});

Deno.test("copyKeeps() copies what is committed and not in its place yet", () => {
  const [log, ...rest] = buffers();
  const life = open([log, ...rest]);
  life.change(50);
  life.transactions.commit();
  life.change(60);
  let looks = 0;
  Object.defineProperty(life, "isFenced", { get: () => ++looks === 2 });
  assertThrows(() => life.transactions.commit(), Fenced);

  const copy = copyKeeps(log, rest);
  new Uint32Array(rest[0]).fill(9); // The zombie scribbles on what nobody reads.
  assertEquals(open([copy.log, copy.buffers[0]!, copy.buffers[1]!]).read(), [60, 61, 60]);
  assertEquals(life.transactions.isEmpty, false, "the zombie's own transaction never ended");
});
