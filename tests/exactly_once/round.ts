/**
 * One round: four clients add to a tally whose server dies as the plan says.
 *
 * ```text
 *   one by one, in batches, by promises (domains) ──▶ tally
 *   by promises (the program)                     ──▶ tally
 * ```
 *
 * @module
 */

import {
  boot,
  defineSystem,
  type DomainManifest,
  faultPlan,
  type PointFault,
  type System,
  type SystemManifest,
} from "@hako/kernel";
import { Increments, type Manner, MANNERS } from "./increments.ts";
import { Ledger } from "./ledger.ts";
import { Tally } from "./tally_protocol.ts";

/** What a round is. The same plan draws the same deaths. */
export interface RoundPlan {
  /** Increments of all clients together. */
  readonly increments: number;
  /** Deaths of the server. */
  readonly deaths: number;
  /** The seed of all chance. */
  readonly seed: number;
}

/** What came of it. */
export interface RoundResult {
  /** Answers that clients have had, each of another total. */
  readonly answers: number;
  /** The total at last. */
  readonly total: number;
  /** Deaths of the server. */
  readonly deaths: number;
  /** Those of them that the plan lets happen for certain. */
  readonly deathsMin: number;
  /** What was not as it should be, each in a line; empty if nothing was. */
  readonly failures: readonly string[];
}

/** What an adder is told. */
export interface AdderOptions {
  /** The ledger's memory. */
  readonly buffer: SharedArrayBuffer;
  /** Increments of the round. */
  readonly increments: number;
  /** Increments of this client. */
  readonly own: number;
  /** How it makes them. */
  readonly manner: Manner;
}

/** Where the runtime may die of a request: before its handler, before its commit, and after it. */
const POINTS = ["runtime.request", "runtime.answer", "runtime.committed"] as const;

/** Of ten deaths one comes from outside, at whichever instruction. */
const OUTSIDE_SHARE = 0.1;

/** A server that computes for so long is taken to hang. */
const HANG_MS = 300;

/** How long one does: its successor serves meanwhile, and then it goes on, as a zombie. */
const HANG_LASTS_MS = 1_200;

/** A round's deaths are no reason to give the server up, nor to blame a request that met several. */
const ENDURING = { restart: { limit: 1_000_000, windowMs: 1_000 }, poisonTries: 1_000 };

/** The server of the tally. */
export const TALLY: DomainManifest = {
  kind: "server",
  module: "./domains/tally.ts",
  serves: { tally: Tally },
  keeps: { count: 4096 },
};

/** Plays a round. An aborted one ends early, and is not judged. */
export async function playRound(
  plan: RoundPlan,
  signal?: AbortSignal,
  onProgress: (answers: number) => void = () => {},
): Promise<RoundResult> {
  const ledger = new Ledger(plan.increments);
  const stop = () => ledger.stop();
  signal?.addEventListener("abort", stop, { once: true });
  const faults = faultsOf(plan);
  await using system = await boot(systemOf(ledger), { faults });
  const outside = plan.deaths - faults.length;
  const own = ownIncrements(plan.increments);
  const terminations = new Terminations(system, outside, own);
  const increments = new Increments(await system.connect(Tally, "tally"), ledger);
  const mine = increments.make(own, "by promises", (done) => {
    terminations.consider(done);
    onProgress(ledger.count);
  }).then(() => "", (error: Error) => (ledger.stop(), `the program: ${error.message}`));
  const finished = MANNERS.map((_, index) => system.finished(nameOf(index)));
  const told = await Promise.all([mine, ...finished]) as string[];
  const result = await resultOf(system, ledger, faults.length - outside);
  signal?.removeEventListener("abort", stop);
  const failures = told.filter((failure) => failure !== "");
  return {
    ...result,
    failures: [...failures, ...signal?.aborted ? [] : faultsOfResult(result, plan)],
  };
}

type Counts = Omit<RoundResult, "failures">;

async function resultOf(system: System, ledger: Ledger, deathsMin: number): Promise<Counts> {
  const tally = await system.connect(Tally, "tally");
  const { value: total } = tally.callSync("add", { amount: 0 });
  const { domains } = await system.status();
  return { answers: ledger.count, total, deaths: domains.tally!.deaths, deathsMin };
}

/** What is wrong with the counts. */
function faultsOfResult({ answers, total, deaths, deathsMin }: Counts, plan: RoundPlan): string[] {
  const { increments } = plan;
  return [
    ...(answers === increments ? [] : [`${increments} increments had ${answers} answers`]),
    ...(total === increments ? [] : [`${increments} increments make ${total}`]),
    ...(deaths >= deathsMin ? [] : [`the server died ${deaths} times, not ${deathsMin}`]),
  ];
}

/** The deaths at points: throwing, terminated, closed; and one that hangs. */
function faultsOf({ increments, deaths, seed }: RoundPlan): readonly PointFault[] {
  const drawn = { seed, points: { tally: POINTS }, visitMax: Math.floor(0.9 * increments) };
  const count = Math.floor((1 - OUTSIDE_SHARE) * deaths) - 1;
  const [hang] = faultPlan({
    ...drawn,
    count: 1,
    kinds: ["busy-loop"],
    lastsMs: HANG_LASTS_MS,
  });
  // Drawn from another stream, so that the two do not meet.
  return [hang!, ...faultPlan({ ...drawn, seed: seed + 2 ** 31, count })];
}

function systemOf(ledger: Ledger): SystemManifest {
  const domains: Record<string, DomainManifest> = {
    tally: { ...TALLY, ...ENDURING, spare: true, hangMs: HANG_MS },
  };
  const { buffer, increments } = ledger;
  MANNERS.forEach((manner, index) => {
    const own = Math.floor(increments / (MANNERS.length + 1));
    const options = { buffer, increments, own, manner };
    domains[nameOf(index)] = {
      kind: "app",
      module: "./domains/adder.ts",
      uses: ["tally"],
      options,
    };
  });
  return defineSystem({ base: import.meta.url, domains });
}

function nameOf(index: number): string {
  return `adder-${index + 1}`;
}

/** What the others leave to the program. */
function ownIncrements(increments: number): number {
  return increments - MANNERS.length * Math.floor(increments / (MANNERS.length + 1));
}

/** Ends the server from outside, evenly over the program's own increments. */
class Terminations {
  readonly #system: System;
  readonly #count: number;
  readonly #own: number;
  #made = 0;

  constructor(system: System, count: number, own: number) {
    this.#system = system;
    this.#count = count;
    this.#own = own;
  }

  consider(done: number): void {
    if (this.#made === this.#count) return;
    if (done < this.#own * (this.#made + 1) / (this.#count + 1)) return;
    this.#made++;
    this.#system.terminate("tally");
  }
}
