/**
 * A greedy client: its channel is never empty, until it is told that it is over.
 *
 * @module
 */

import { type ChannelMemory, type Client, connect, OsError, SLOT_COUNT } from "@hako/ipc";
import { ServiceLog } from "../service_log.ts";
import { Turns } from "../turns_protocol.ts";
import { starter } from "./starter.ts";

/** What a greedy client is told. */
export interface GreedyTask {
  /** Its own channel. */
  readonly channel: ChannelMemory;
  /** The server's log. */
  readonly log: SharedArrayBuffer;
  /** How it fills its channel: by batches, asleep meanwhile, or by promises. */
  readonly way: "batches" | "promises";
}

starter.onmessage = async ({ data: { channel, log, way } }: MessageEvent<GreedyTask>) => {
  const client = await connect(Turns, channel);
  const service = new ServiceLog(log);
  starter.postMessage("begun");
  try {
    if (way === "batches") visitInBatches(client, service);
    else await visitByPromises(client, service);
  } catch (error) {
    const isClosed = error instanceof OsError && error.code === "EPIPE";
    if (!isClosed || !service.isOver) throw error;
  }
  self.close();
};

function visitInBatches(client: Client<Turns>, log: ServiceLog): void {
  const batch = Array.from({ length: SLOT_COUNT }, () => ({}));
  while (!log.isOver) client.callAllSync("visit", batch);
}

async function visitByPromises(client: Client<Turns>, log: ServiceLog): Promise<void> {
  const answers = client.stream("visit", untilOver(log), { inFlightMax: SLOT_COUNT });
  for await (const _answer of answers);
}

function* untilOver(log: ServiceLog): Generator<Record<never, never>> {
  while (!log.isOver) yield {};
}
