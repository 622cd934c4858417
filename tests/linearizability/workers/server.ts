/**
 * A server of the objects without a kernel: one generation of many on the same channels. It ends when
 * it finds that another has taken over, or dies in a request by its own chance.
 *
 * @module
 */

import { type ChannelMemory, serve, serveSync } from "@hako/ipc";
import { starter } from "./starter.ts";
import { handlersOn } from "../object_handlers.ts";
import { ObjectStore } from "../object_store.ts";
import { Objects } from "../objects_protocol.ts";

/** What a server is told. */
export interface ServerTask {
  /** The channels of all clients. */
  readonly channels: readonly ChannelMemory[];
  /** The memories of all generations, this one's last. */
  readonly memories: readonly SharedArrayBuffer[];
  /** Whether it keeps its thread. */
  readonly blocking: boolean;
  /** After how many visits of its points it throws. */
  readonly visits: number;
  /** Whether it forgets which requests were done: what the judge must see. */
  readonly forgetful: boolean;
}

/** How a server ended. */
export type ServerEnd = "over" | "died";

class InjectedFault extends Error {}

starter.onmessage = async ({ data }: MessageEvent<ServerTask>) => {
  const { channels, memories, blocking, forgetful } = data;
  let { visits } = data;
  let store: ObjectStore | undefined;
  const point = (name: string): void => {
    if (--visits === 0) throw new InjectedFault(name);
  };
  // The first request comes after the fence: from then on no predecessor changes what counts.
  const handlers = handlersOn((request, { badge, sequence }) => {
    store ??= ObjectStore.takeOver(memories, point);
    // Who takes its clients for others does not know what was done for them.
    const known = forgetful ? badge + 8 * (memories.length % 8) : badge;
    return store.answer(request, { badge: known, sequence });
  });
  let end: ServerEnd = "over";
  try {
    if (blocking) serveSync(Objects, channels, handlers);
    else await serve(Objects, channels, handlers);
  } catch (error) {
    if (!(error instanceof InjectedFault)) throw error;
    end = "died";
  }
  starter.postMessage(end);
  self.close();
};
