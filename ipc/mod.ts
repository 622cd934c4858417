/**
 * Channels between workers: typed requests through shared memory that outlive either end.
 *
 * @module
 */

export { assert, AssertionError } from "./assert.ts";
export type { Core } from "./core/core.ts";
export { Channel } from "./channel.ts";
export { ChannelClient, type Client, type ClientEnvironment } from "./client.ts";
export { Doorbell, type ServerPlace } from "./doorbell.ts";
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
export { EPOCH_MAX, SLEEP_MS_MAX, SLOT_COUNT, SPIN_LOOKS } from "./limits.ts";
export type { WindowTable } from "./message.ts";
export { ChannelServer, type ServedChannel, TURN_BUDGET, type UntypedHandler } from "./server.ts";
export { Spin, unsupervised, type Waiter } from "./wait.ts";
