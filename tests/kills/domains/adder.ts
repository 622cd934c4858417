/**
 * A client of the tally: adds in every manner of calling until the round is over, and finds each
 * answer to be its own sum.
 *
 * @module
 */

import { enter } from "@hako/kernel/domain";
import { randomFrom } from "../../../tools/scenarios/random.ts";
import { Board } from "../board.ts";
import { ClientWork } from "../client_work.ts";
import { Tally } from "../tally_protocol.ts";

/** Requests made at once. */
const BURST_MAX = 40;

const domain = await enter();
const { board: buffer, seed } = domain.options as { board: SharedArrayBuffer; seed: number };
const board = new Board(buffer);
const random = randomFrom(seed);
const tally = domain.connect(Tally, "tally");
const work = new ClientWork(board, "tally");
let sum = 0;

await work.untilOver(async () => {
  const count = 1 + Math.floor(random() * BURST_MAX);
  const requests = Array.from({ length: count }, () => ({ amount: 1 + Math.floor(random() * 9) }));
  const replies = random() < 0.5
    ? work.timed(() => tally.callAllSync("add", requests))
    : await Promise.all(requests.map((request) => tally.call("add", request)));
  for (const [i, { amount }] of requests.entries()) {
    sum += amount;
    if (replies[i]!.sum !== sum) throw new Error(`the sum is ${replies[i]!.sum}, not ${sum}`);
  }
  return count;
});
domain.finish({ ...work.result, sum });
