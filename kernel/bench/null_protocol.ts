/**
 * The null call between two workers, and what has one of them make many.
 *
 * @module
 */

import {
  type ChannelMemory,
  type Client,
  defineProtocol,
  i32,
  type Operations,
  type Protocol,
  type SyncHandlers,
  u32,
} from "@hako/ipc";

/** Exported only so that the type of `Adder` is public. @internal */
export const adderOperations = {
  add: { code: 1, request: { a: i32, b: i32 }, errors: [], idempotent: true },
} as const satisfies Operations;

/** The server of the null call. */
export const Adder: Protocol<typeof adderOperations> = defineProtocol("adder", 1, adderOperations);

/** Exported only so that the type of `Caller` is public. @internal */
export const callerOperations = {
  /** Makes so many null calls, one after the other. */
  run: { code: 1, request: { count: u32 }, errors: [], idempotent: true },
} as const satisfies Operations;

/** The client of the null call, as a server of whoever measures. */
export const Caller: Protocol<typeof callerOperations> = defineProtocol(
  "caller",
  1,
  callerOperations,
);

/** What a worker without a kernel is sent. */
export interface StandaloneSetup {
  /** The channel that it serves. */
  readonly serves: ChannelMemory;
  /** The channel to the adder, for the caller. */
  readonly uses?: ChannelMemory;
}

/** The handlers of the adder. */
export const adding: SyncHandlers<typeof adderOperations> = { add: ({ a, b }) => a + b };

/** The handlers of the caller. */
export function callingAdder(adder: Client<typeof Adder>): SyncHandlers<typeof callerOperations> {
  return {
    run({ count }) {
      for (let index = 0; index < count; index++) {
        const sum = adder.callSync("add", { a: index, b: 1 });
        if (sum !== index + 1) throw new Error("Cannot go on: a wrong sum");
      }
      return count;
    },
  };
}
