/**
 * What happened: the operations that some threads invoked on shared objects, and the answers they got,
 * in one order of instants that all of them share.
 *
 * ```text
 *   thread 1   |--- add 1 -> 1 ---|
 *   thread 2            |--- add 2 -> 3 ---|
 *   thread 3        |--- add 4 .............x        nobody heard; fenced at x
 *              ---------------------------------> instants
 * ```
 *
 * @module
 */

/** What an operation does to its object. */
export type OperationKind = "enqueue" | "dequeue" | "read" | "write" | "swap" | "add";

/** One operation, from its invocation to its answer. */
export interface Operation {
  /** The object that it was done to. Objects are judged one by one. */
  readonly object: string;
  /** Who invoked it. For people: the judge knows no thread. */
  readonly thread: string;
  /** What it does. */
  readonly kind: OperationKind;
  /** The value that goes in: to enqueue, to write, to add, or to put where `expected` stood. */
  readonly argument: number;
  /** For `swap`: the value that must stand there. */
  readonly expected: number;
  /** What came back; `undefined` if nobody heard: it took effect once or never. */
  readonly answer: number | undefined;
  /** The instant just before it was invoked. */
  readonly invokedAt: number;
  /**
   * The instant just after its answer came. Without an answer, that of the fence after which it must
   * not take effect any more; `Infinity` if it was never fenced.
   */
  readonly endedAt: number;
}

/** The operations of a history in any order. */
export type History = readonly Operation[];

/** One operation as a line: `"client-2 dequeue() -> 17 on queue-0 [201, 240]"`. */
export function describeOperation(operation: Operation): string {
  const { thread, kind, argument, expected, answer, object, invokedAt, endedAt } = operation;
  const given = kind === "swap"
    ? `${expected}, ${argument}`
    : kind === "dequeue" || kind === "read"
    ? ""
    : `${argument}`;
  const heard = answer === undefined ? "nothing heard" : answer;
  return `${thread} ${kind}(${given}) -> ${heard} on ${object} [${invokedAt}, ${endedAt}]`;
}
