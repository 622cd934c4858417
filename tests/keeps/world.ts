/**
 * A small world: one log, one keep, the answers of one connection, and a script of transactions.
 *
 * @module
 */

import { u32, u64, utf8 } from "@hako/ipc";
import { Answers } from "../../kernel/keeps/answers.ts";
import type { copyWords } from "../../kernel/keeps/copy.ts";
import type { Keep, openKeep } from "../../kernel/keeps/keep.ts";
import { ANSWERS_BYTES, LOG_BYTES_MIN } from "../../kernel/keeps/limits.ts";
import { keepBytes, log, record, type RecordShape, table } from "../../kernel/keeps/schema.ts";
import type { LogShape, TableShape } from "../../kernel/keeps/schema.ts";
import type { Transactions } from "../../kernel/keeps/transactions.ts";
import { SteppedWords, Steps } from "./stepped_words.ts";

/** The code under test: what ships, or a variant of it that is broken on purpose. */
export interface Parts {
  /** The transactions. */
  readonly Transactions: typeof Transactions;
  /** The copier. */
  readonly copyWords: typeof copyWords;
  /** The opening of keeps. */
  readonly openKeep: typeof openKeep;
}

const HEAD = { count: u32, name: utf8(4) };
const ROW = { value: u64 };

/** What the keep holds. */
export const SCHEMA: {
  readonly head: RecordShape<typeof HEAD>;
  readonly rows: TableShape<typeof ROW>;
  readonly tail: LogShape;
} = { head: record(HEAD), rows: table(3, ROW), tail: log(40) };

/** The memories of the world, by name. */
export type Image = Readonly<Record<"log" | "keep" | "answers", Uint32Array>>;

/** The names of the memories, the log first: the order in which they are copied. */
export const MEMORIES = ["log", "keep", "answers"] as const;

/** Zeroed memories. */
export function freshImage(): Image {
  return {
    log: new Uint32Array(LOG_BYTES_MIN / 4),
    keep: new Uint32Array(keepBytes(SCHEMA) / 4),
    answers: new Uint32Array(ANSWERS_BYTES / 4),
  };
}

/** A copy that another writer may change. */
export function cloneImage({ log, keep, answers }: Image): Image {
  return { log: log.slice(), keep: keep.slice(), answers: answers.slice() };
}

/** A text that two images share only if they are the same. */
export function keyOf(image: Image): string {
  const used = MEMORIES.flatMap((name) => {
    const words = image[name];
    const key: number[] = [];
    for (let at = 0; at < words.length; at++) if (words[at] !== 0) key.push(at, words[at]!);
    return [name, key.join()];
  });
  return used.join();
}

/** One incarnation in the world. */
export interface Life {
  readonly transactions: Transactions;
  readonly keep: Keep<typeof SCHEMA>;
  readonly answers: Answers;
}

/** Begins a life: recovers, opens. */
export function begin(
  parts: Parts,
  image: Image,
  steps: Steps = new Steps(),
  check: () => void = () => {},
): Life {
  const words = (name: (typeof MEMORIES)[number]) => new SteppedWords(name, image[name], steps);
  const transactions = new parts.Transactions(words("log"), check);
  const keep = transactions.region(1, words("keep"));
  const answers = transactions.region(2, words("answers"));
  transactions.recover();
  return { transactions, keep: parts.openKeep(keep, SCHEMA), answers: new Answers(answers) };
}

/** The sequences whose answers the script records; the last two share a slot. */
const SEQUENCES = [5, 6, 69];

/** All that a life can read, as text. */
export function read({ keep, answers }: Life): string {
  const answer = new Int32Array(128);
  return JSON.stringify({
    head: keep.head.get(),
    rows: [...keep.rows.entries()],
    tail: [...keep.tail.entries()].map((bytes) => [...bytes]),
    answers: SEQUENCES.map((sequence) => [...answer.slice(0, answers.recall(sequence, answer))]),
  });
}

/** One transaction: what it changes. What is aborted in it is aborted before it returns. */
export type Change = (life: Life) => void;

/** Transactions with everything in them. */
export const SCRIPT: readonly Change[] = [
  ({ keep }) => {
    keep.head.put({ count: 1, name: "one" });
    keep.rows.put(0, { value: 2 ** 40 });
    keep.tail.append(Uint8Array.of(1, 2, 3));
  },
  ({ keep, answers }) => {
    keep.rows.put(keep.rows.free(), { value: 7 });
    answers.stage(5, Int32Array.of(1, 50, 51), 3);
  },
  ({ keep, answers, transactions }) => {
    keep.rows.put(keep.rows.free(), { value: 9 });
    keep.head.put({ count: 99, name: "no" });
    transactions.abort();
    answers.stage(6, Int32Array.of(-5), 1);
  },
  ({ keep, answers }) => {
    keep.rows.remove(0);
    keep.tail.clear();
    keep.tail.append(Uint8Array.of(4));
    keep.tail.append(Uint8Array.of(5, 6, 7, 8, 9));
    answers.stage(69, Int32Array.of(2, 60), 2);
  },
  ({ keep }) => {
    keep.rows.put(0, { value: 1 });
    keep.rows.put(0, { value: 2 });
    keep.head.put({ count: keep.head.get().count + 1, name: "" });
  },
];

/**
 * Transactions so much alike that every mix of old and new words can be tried: what is the same
 * before and after needs no choice.
 */
export const SMALL_SCRIPT: readonly Change[] = [
  ...[1, 2, 3].map((number): Change => ({ keep, answers }) => {
    keep.rows.put(1, { value: number * (2 ** 32 + 1) });
    answers.stage(6, Int32Array.of(-number), 1);
  }),
  ({ keep }) => keep.rows.remove(1),
];

/**
 * Memories in which every row has been put: so the first transaction of {@linkcode SMALL_SCRIPT}
 * does not stage the head of the table either, and its log is like those that follow.
 */
export function usedImage(parts: Parts): Image {
  const image = freshImage();
  const { keep, transactions } = begin(parts, image);
  keep.rows.put(keep.rows.length - 1, { value: 3 });
  transactions.commit();
  return image;
}

/** What is read after each number of transactions, if nobody dies. */
export function statesOf(
  parts: Parts,
  script: readonly Change[],
  image: Image = freshImage(),
): string[] {
  const life = begin(parts, image);
  return [
    read(life),
    ...script.map((change) => {
      change(life);
      life.transactions.commit();
      return read(life);
    }),
  ];
}
