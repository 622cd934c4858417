/**
 * The last call of every owner that has changed something, and its answer: so that one that is
 * repeated, because a kernel has died in between, is done once.
 *
 * @module
 */

import { assert, type Field, u32, u64, type Values } from "@hako/ipc";
import type { KernelAnswer } from "./calls.ts";
import { viewOf } from "./execution.ts";
import type { Handle } from "./handle.ts";
import { GRANTED_AT_ONCE_MAX } from "./limits.ts";
import type { Rows } from "./rows.ts";
import type { CapabilityTable } from "./table.ts";

/** A call's name: an incarnation numbers its calls, and has at most one unanswered. */
export interface CallName {
  /** The incarnation's epoch. */
  readonly epoch: number;
  /** The number of the call within it. */
  readonly number: number;
}

/** What is kept for an owner. The handles are those of the answer's capabilities. */
export const ANSWERED_FIELDS: {
  readonly epoch: Field<number>;
  readonly number: Field<number>;
  readonly type: Field<number>;
  readonly count: Field<number>;
  readonly isRetired: Field<number>;
  readonly handle0: Field<number>;
  readonly handle1: Field<number>;
  readonly handle2: Field<number>;
  readonly handle3: Field<number>;
  readonly handle4: Field<number>;
  readonly handle5: Field<number>;
  readonly handle6: Field<number>;
  readonly handle7: Field<number>;
} = {
  epoch: u32,
  number: u32,
  type: u32, // An index of ANSWER_TYPES.
  count: u32, // Capabilities that were answered, or that have ended.
  isRetired: u32,
  handle0: u64,
  handle1: u64,
  handle2: u64,
  handle3: u64,
  handle4: u64,
  handle5: u64,
  handle6: u64,
  handle7: u64,
};

/** The values of one owner's row. */
export type AnsweredRow = Values<typeof ANSWERED_FIELDS>;

/** The answers that are kept; what was refused, only looked at, or is repeatable is done again. */
const ANSWER_TYPES = ["capabilities", "ended", "done"] as const;

/** The answers that a successor of the kernel gives again. */
export class AnsweredCalls {
  readonly #rows: Rows<AnsweredRow>;
  readonly #table: CapabilityTable;

  /** @param rows One for each owner. */
  constructor(rows: Rows<AnsweredRow>, table: CapabilityTable) {
    this.#rows = rows;
    this.#table = table;
  }

  /** Keeps an answer, within the transaction that does what was called for. */
  note(owner: number, { epoch, number }: CallName, answer: KernelAnswer): void {
    const type = ANSWER_TYPES.findIndex((name) => name === answer.type);
    if (type < 0) return;
    if (answer.type === "capabilities" && answer.isRepeatable) return;
    const views = answer.type === "capabilities" ? answer.capabilities : [];
    assert(views.length <= GRANTED_AT_ONCE_MAX, "no call makes more capabilities than a grant");
    const handles = Array.from(
      { length: GRANTED_AT_ONCE_MAX },
      (_, at) => views[at]?.handle ?? 0,
    );
    const count = answer.type === "ended" ? answer.count : views.length;
    const isRetired = answer.type === "ended" && answer.isRetired ? 1 : 0;
    this.#rows.put(owner, { epoch, number, type, count, isRetired, ...fieldsOf(handles) });
  }

  /**
   * The answer to a call that was done before. What it answered may have ended since: then that is
   * what is said.
   */
  repeat(owner: number, { epoch, number }: CallName): KernelAnswer | undefined {
    const row = this.#rows.get(owner);
    if (row === undefined || row.epoch !== epoch || row.number !== number) return undefined;
    const type = ANSWER_TYPES[row.type];
    if (type === "done") return { type };
    if (type === "ended") return { type, count: row.count, isRetired: row.isRetired !== 0 };
    const found = handlesOf(row).slice(0, row.count).map((handle) => this.#table.named(handle));
    const views = found.flatMap((entry) => entry === undefined ? [] : [viewOf(entry)]);
    if (views.length === row.count) return { type: "capabilities", capabilities: views };
    return { type: "refused", code: "EBADF", what: "get what has ended since" };
  }
}

type HandleFields = Pick<AnsweredRow, `handle${0 | 1 | 2 | 3 | 4 | 5 | 6 | 7}`>;

function fieldsOf(handles: readonly Handle[]): HandleFields {
  assert(handles.length === 8, "a row has eight handles");
  const [handle0, handle1, handle2, handle3, handle4, handle5, handle6, handle7] = handles;
  return {
    handle0: handle0!,
    handle1: handle1!,
    handle2: handle2!,
    handle3: handle3!,
    handle4: handle4!,
    handle5: handle5!,
    handle6: handle6!,
    handle7: handle7!,
  };
}

function handlesOf(row: AnsweredRow): Handle[] {
  const { handle0, handle1, handle2, handle3, handle4, handle5, handle6, handle7 } = row;
  return [handle0, handle1, handle2, handle3, handle4, handle5, handle6, handle7];
}
