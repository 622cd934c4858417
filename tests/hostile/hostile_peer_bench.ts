/**
 * What a hostile client costs the honest one beside it: the 99th percentile of a call, beside that
 * next to a neighbour that keeps a core and its channel as busy by honest calls. An idle neighbour
 * would be no peer: an attacker that spins takes a core, and giving it one is the host's doing.
 *
 * A row's figure is a median of batches. So each batch here lasts as long as the 99th percentile of
 * some calls that were made just before, off the clock.
 *
 * @module
 */

import { type Client, connect } from "@hako/ipc";
import type { Contestant, PairedRow } from "@hako/tools/bench";
import { ATTACKS } from "../../tools/scenarios/domains/attacks.ts";
import { Ledger } from "./ledger_protocol.ts";
import { Stage } from "./stage.ts";

/** For how long calls are made of which the 99th percentile is taken: some slices of a scheduler. */
const TAIL_MS = 20;

/** The neighbours' channel, and the honest client's. */
const NEIGHBOUR = 0;
const HONEST = 1;

/** The tail of an honest client's calls beside a hostile one. */
export const rows: readonly PairedRow[] = [{
  name: "ipc/hostile/p99",
  peerName: "the same beside an honest neighbour that never sleeps",
  unit: "us/call",
  target: 0.5, // The hostile one at most doubles it.
  note:
    "Three threads that never rest share the cores of this machine: the tail is what the host gives.",
  ours: () => callingBeside((stage) => stage.attack(NEIGHBOUR, Object.keys(ATTACKS))),
  peer: () => callingBeside((stage) => stage.keepBusy(NEIGHBOUR)),
}];

async function callingBeside(start: (stage: Stage) => Promise<void>): Promise<Contestant> {
  const stage = new Stage(2);
  stage.serve({ blocking: true });
  const client = await connect(Ledger, stage.channels[HONEST]!);
  await start(stage);
  let tailMs = 0;
  return {
    rest: () => void (tailMs = tailOf(client)),
    run: () => pass(tailMs),
    close: () => stage[Symbol.asyncDispose](),
  };
}

/** Milliseconds that 99 of 100 calls do not exceed. */
function tailOf(client: Client<Ledger>): number {
  const tookMs: number[] = [];
  const beganMs = performance.now();
  for (let startMs = beganMs; startMs - beganMs < TAIL_MS;) {
    client.callSync("deposit", { amount: 1 });
    const endMs = performance.now();
    tookMs.push(endMs - startMs);
    startMs = endMs;
  }
  tookMs.sort((one, other) => one - other);
  return tookMs[Math.floor(0.99 * tookMs.length)]!;
}

/** Lets time pass. */
function pass(ms: number): void {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}
