/**
 * An honest client: calls in every way, and checks every answer.
 *
 * @module
 */

import { type ChannelMemory, connect } from "@hako/ipc";
import { randomFrom } from "../../../tools/scenarios/random.ts";
import { Ledger } from "../ledger_protocol.ts";
import { starter } from "./starter.ts";

/** What an honest client is told. */
export interface HonestTask {
  /** Its own channel, with one window of 4 KiB. */
  readonly channel: ChannelMemory;
  /** Rounds of calls. */
  readonly rounds: number;
  /** The seed of its chance. */
  readonly seed: number;
}

/** What it saw: the sum of what it deposited; or the first answer that was wrong. */
export type HonestResult = { readonly deposited: number } | { readonly wrong: string };

/** An answer that takes longer will never come. */
const LIMIT = { timeoutMs: 20_000 };

starter.onmessage = async ({ data }: MessageEvent<HonestTask>) => {
  starter.postMessage(await work(data));
  self.close();
};

async function work({ channel, rounds, seed }: HonestTask): Promise<HonestResult> {
  const random = randomFrom(seed);
  const client = await connect(Ledger, channel, LIMIT);
  const window = new Uint8Array(channel.windows[0]!);
  let deposited = 0;
  for (let round = 1; round <= rounds; round++) {
    const amount = Math.floor(random() * 1000);
    deposited += amount;
    const { badge, balance } = client.callSync("deposit", { amount }, LIMIT);
    if (badge !== channel.index + 1 || balance !== deposited) {
      return { wrong: `deposit: badge ${badge}, balance ${balance}, not ${deposited}` };
    }
    const sent = {
      whence: random() < 0.5 ? "start" : "end",
      large: Math.floor(random() * Number.MAX_SAFE_INTEGER),
      raw: new Uint8Array(Math.floor(random() * 101)).fill(round),
      text: "箱".repeat(Math.floor(random() * 34)),
    } as const;
    const echoed = await client.call("echo", sent, LIMIT);
    for (const name of ["whence", "large", "raw", "text"] as const) {
      if (String(echoed[name]) === String(sent[name])) continue;
      return { wrong: `echo: ${name} is ${echoed[name]}, not ${sent[name]}` };
    }
    const value = 1 + round % 200;
    const from = Math.floor(random() * 2048);
    const target = window.subarray(from, from + 2048);
    const filled = client.callSync("fill", { value, target }, LIMIT);
    if (filled !== 2048 || target.some((byte) => byte !== value)) {
      return { wrong: `fill: ${filled} bytes of ${value}, the first ${target[0]}` };
    }
    if (window.includes(0xee)) return { wrong: "the window was written by another" };
  }
  return { deposited };
}
