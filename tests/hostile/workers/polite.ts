/**
 * A polite client: one request at a time, and it says when that is posted.
 *
 * @module
 */

import { type ChannelMemory, connect } from "@hako/ipc";
import { ServiceLog } from "../service_log.ts";
import { Turns } from "../turns_protocol.ts";
import { starter } from "./starter.ts";

/** What a polite client is told. */
export interface PoliteTask {
  /** Its own channel. */
  readonly channel: ChannelMemory;
  /** The server's log. The client ends when that is full. */
  readonly log: SharedArrayBuffer;
  /** It ends as well when the server has seen so many of its requests waiting. */
  readonly waits: number;
  /** Requests that it makes at most. */
  readonly countMax: number;
}

starter.onmessage = async ({ data }: MessageEvent<PoliteTask>) => {
  const { channel, waits, countMax } = data;
  const client = await connect(Turns, channel);
  const log = new ServiceLog(data.log);
  let waited = 0;
  for (let number = 1; number <= countMax && waited < waits && !log.isFull; number++) {
    const servedBefore = log.served;
    const answer = client.call("visit", {}); // Posts and rings before it returns.
    log.sayPosted(number);
    await answer;
    if (log.sawWaiting(channel.index + 1, number, servedBefore)) waited++;
  }
  log.end();
  starter.postMessage("over");
  self.close();
};
