/**
 * Channels between workers: typed requests through shared memory that outlive either end.
 *
 * @module
 */

export { ANSWER_WORDS_MAX, type AnswerLog, type StagedChanges } from "./answer_log.ts";
export { assert, AssertionError } from "./assert.ts";
export { Channel, placeReply } from "./channel.ts";
export { ChannelClient } from "./channel_client.ts";
export type {
  CallOptions,
  CallSyncOptions,
  Client,
  ClientEnvironment,
  InFlightOptions,
  StreamOptions,
} from "./client.ts";
export { nextImmediate, nextTurn } from "./clock.ts";
export {
  type AnyValues,
  type Codec,
  compileCodec,
  type Ends,
  type MessagePlace,
  type WindowTable,
} from "./codec.ts";
export type { Core, Peer } from "./core/core.ts";
export { crc32c, crc32cBytes } from "./crc32c.ts";
export { Doorbell, type ServerPlace } from "./doorbell.ts";
export { ERRNO, type Errno, errnoName, OsError } from "./errno.ts";
export {
  bool,
  bytes,
  f64,
  type Field,
  type FieldKind,
  type Fields,
  fixedBytes,
  i16,
  i32,
  i8,
  oneOf,
  u16,
  u32,
  u64,
  u8,
  utf8,
  type Values,
  window,
  type WindowAccess,
} from "./field.ts";
export { EPOCH_MAX, READY_CHANNELS_MAX, SLEEP_MS_MAX, SLOT_COUNT, TURN_BUDGET } from "./limits.ts";
export { type Background, serveBlocking, serveEvented, type Serving } from "./loop.ts";
export {
  type Answered,
  type Counted,
  defineProtocol,
  type Handlers,
  type Later,
  type OneWay,
  type Operation,
  type Operations,
  type OperationsOf,
  type Outcome,
  type PlacedOperation,
  type Protocol,
  type Reply,
  type Request,
  type RequestContext,
  type RequestName,
  type SyncHandlers,
} from "./protocol.ts";
export { protocolTable } from "./protocol_table.ts";
export { PROGRESS, PROGRESS_WORDS, type RequestTrace } from "./request_trace.ts";
export type { AcceptedChannel, ServedChannel, UntypedHandler } from "./served_channel.ts";
export { ChannelServer } from "./server.ts";
export {
  type ChannelMemory,
  type ChannelOptions,
  closeChannel,
  connect,
  type ConnectOptions,
  createChannel,
  serve,
  serveSync,
} from "./standalone.ts";
export { mismatch, type SpokenProtocol } from "./spoken_protocol.ts";
export { isCrowded, type Waiter } from "./wait.ts";
