/**
 * Channels between workers: typed requests through shared memory that outlive either end.
 *
 * @module
 */

export { assert, AssertionError } from "./assert.ts";
export type { Client } from "./client.ts";
export { ERRNO, type Errno, errnoName, OsError } from "./errno.ts";
export {
  bool,
  bytes,
  defineProtocol,
  f64,
  type Field,
  type FieldKind,
  type Fields,
  type Handlers,
  i32,
  type Operation,
  type Operations,
  type OperationsOf,
  type PlacedField,
  type PlacedOperation,
  type Protocol,
  type Reply,
  type Request,
  type RequestContext,
  u16,
  u32,
  u64,
  u8,
  utf8,
  type Values,
  window,
  type WindowAccess,
} from "./protocol.ts";
