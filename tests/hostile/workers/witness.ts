/**
 * The server of turns: writes down whom it serves.
 *
 * @module
 */

import { type ChannelMemory, serve, serveSync } from "@hako/ipc";
import { ServiceLog } from "../service_log.ts";
import { Turns } from "../turns_protocol.ts";
import { starter } from "./starter.ts";

/** What the server is told. */
export interface WitnessTask {
  /** The channels of all clients. */
  readonly channels: readonly ChannelMemory[];
  /** Its log. */
  readonly log: SharedArrayBuffer;
  /** Whether it keeps its thread. */
  readonly blocking: boolean;
}

starter.onmessage = async ({ data }: MessageEvent<WitnessTask>) => {
  const { channels, log: buffer, blocking } = data;
  const log = new ServiceLog(buffer);
  const handlers: Parameters<typeof serveSync<Turns>>[2] = {
    visit(_request, { badge }) {
      log.serve(badge);
      return 0;
    },
  };
  if (blocking) serveSync(Turns, channels, handlers);
  else await serve(Turns, channels, handlers);
  starter.postMessage("over");
  self.close();
};
