/**
 * A client of the objects in a domain of its own. Its successor goes on with the same log.
 *
 * @module
 */

import { enter } from "@hako/kernel/domain";
import { randomFrom } from "../../../tools/scenarios/random.ts";
import { Objects } from "../objects_protocol.ts";
import { type LogMemory, Recorder } from "../recorder.ts";
import { type Ways, Worker } from "../workload.ts";

/** The options of this domain. */
interface Options {
  readonly log: LogMemory;
  readonly number: number;
  readonly seed: number;
  readonly ways: Ways;
}

const domain = await enter();
const { log, number, seed, ways } = domain.options as unknown as Options;
const random = randomFrom(seed + 7919 * domain.epoch);
const recorder = new Recorder(log, domain.epoch);
const worker = new Worker(domain.connect(Objects, "objects"), recorder, { number, random });

while (await worker.act(ways));
if (recorder.room === 0) domain.finish(domain.epoch);
