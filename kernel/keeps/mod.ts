/**
 * Keeps: state that survives its domain's incarnations, changed by transactions, and the answers
 * that make requests be done exactly once.
 *
 * @module
 */

export { Answers } from "./answers.ts";
export { type CopiedKeeps, copyKeeps } from "./copy.ts";
export { type Keep, openKeep } from "./keep.ts";
export { KeptLog } from "./kept_log.ts";
export { KeptRecord, KeptTable } from "./kept_table.ts";
export { ANSWERS_BYTES, LOG_BYTES_DEFAULT, LOG_BYTES_MIN } from "./limits.ts";
export {
  keepBytes,
  type KeepSchema,
  log,
  type LogShape,
  record,
  type RecordShape,
  type Shape,
  table,
  type TableShape,
} from "./schema.ts";
export { Region, type Room, Transactions } from "./transactions.ts";
export type { Memory, WordMemory } from "./words.ts";
