/**
 * A client of the objects without a kernel.
 *
 * @module
 */

import { type ChannelMemory, connect } from "@hako/ipc";
import { randomFrom } from "../../../tools/scenarios/random.ts";
import { Objects } from "../objects_protocol.ts";
import { type LogMemory, Recorder } from "../recorder.ts";
import { type Ways, Worker } from "../workload.ts";
import { starter } from "./starter.ts";

/** What a client is told. */
export interface ClientTask {
  /** Its own channel. */
  readonly channel: ChannelMemory;
  /** Where it records. */
  readonly log: LogMemory;
  /** Its number among the clients. */
  readonly number: number;
  /** The seed of its chance. */
  readonly seed: number;
  /** How it calls. */
  readonly ways: Ways;
}

starter.onmessage = async ({ data }: MessageEvent<ClientTask>) => {
  const { channel, log, number, seed, ways } = data;
  const client = await connect(Objects, channel);
  const random = randomFrom(seed);
  const worker = new Worker(client, new Recorder(log, 1), { number, random });
  while (await worker.act(ways));
  starter.postMessage("finished");
  self.close();
};
