/**
 * A tally and its clients, for scenarios that are about what one server owes to each of its clients.
 *
 * ```text
 *   adder-1 ... adder-N ──▶ tally
 * ```
 *
 * @module
 */

import type { DomainManifest, RestartPolicy, System } from "@hako/kernel";
import type { AdderOptions, AdderResult } from "./domains/adder.ts";
import { Tally } from "./domains/tally_protocol.ts";
import { type Check, check, type ScenarioContext, type Stage } from "./scenario.ts";

/** Bytes of the tally's keep. */
const KEEP_BYTES = 2 * 1024 * 1024;

/** Window of each client. */
const BUFFER_BYTES = 4_096;

/** Their work is done once: a client that dies has forgotten what its sum must be. */
const ONCE: RestartPolicy = { limit: 0, windowMs: 1_000 };

/** How often the tally may die: that is not what is tried. */
const LENIENT: RestartPolicy = { limit: 1_000, windowMs: 1_000 };

/** A tally and how many clients it has. */
export interface Crowd {
  /** The endpoint, and the domain that serves it. */
  readonly tally: string;
  /** How many clients. */
  readonly count: number;
}

/** What may be said of a tally. */
export interface TallyOptions extends Pick<DomainManifest, "hangMs" | "poisonTries"> {
  /** Whether one of its operations ends every life that takes it. */
  readonly hasBug?: boolean;
}

/** The tally of a crowd. */
export function tallyServer(
  { tally }: Crowd,
  { hasBug = false, ...more }: TallyOptions = {},
): Record<string, DomainManifest> {
  return {
    [tally]: {
      kind: "server",
      module: import.meta.resolve("./domains/tally.ts"),
      serves: { [tally]: Tally },
      keeps: { tally: KEEP_BYTES },
      options: { hasBug },
      restart: LENIENT,
      spare: true,
      ...more,
    },
  };
}

function adderNames({ tally, count }: Crowd): string[] {
  const prefix = tally === "tally" ? "adder" : `${tally}-adder`;
  return Array.from({ length: count }, (_, index) => `${prefix}-${index + 1}`);
}

/** Clients of the tally, each with a sum of its own. */
export function adders(
  { seed, stop }: Pick<ScenarioContext, "seed" | "stop">,
  crowd: Crowd,
  more: Pick<AdderOptions, "company" | "dozeMs" | "longMs"> = {},
): Record<string, DomainManifest> {
  const module = import.meta.resolve("./domains/adder.ts");
  return Object.fromEntries(
    adderNames(crowd).map((name, index) => [name, {
      kind: "app",
      module,
      uses: [crowd.tally],
      windows: { buffer: BUFFER_BYTES },
      options: { endpoint: crowd.tally, seed: seed + index, stop, ...more },
      restart: ONCE,
    }]),
  );
}

/** What the adders came to. */
export interface Added {
  /** Of each adder. */
  readonly results: readonly AdderResult[];
  /** What the tally says they have added. */
  readonly total: number;
}

/** Lets them add until the stage is over, or one of them has found something wrong. */
export async function addUntilOver(system: System, stage: Stage, crowd: Crowd): Promise<Added> {
  const tally = await system.connect(Tally, crowd.tally);
  const results = adderNames(crowd).map((name) => stage.finished<AdderResult>(system, name));
  const end = () => stage.end();
  void Promise.race(results).then(end, end);
  const done = await Promise.all(results);
  return { results: done, total: (await tally.call("total", {})).sum };
}

/** Whether every answer was the client's own exact sum, and the tally's total is that of all. */
export function sumsExact({ results, total }: Added): Check {
  const sum = results.reduce((all, result) => all + result.sum, 0);
  return exactly(results, sum === total ? [] : [`the total is ${total}, not ${sum}`]);
}

/** Whether every answer was the client's own exact sum, whatever others have added. */
export function ownSumsExact({ results }: Added): Check {
  return exactly(results, []);
}

function exactly(results: readonly AdderResult[], findings: readonly string[]): Check {
  const failures = results.map(({ failure }) => failure).filter((text) => text !== "");
  const operations = results.reduce((all, result) => all + result.operations, 0);
  const [first] = [...failures, ...findings];
  return check(
    "every addition counts exactly once, for whoever made it",
    first === undefined && operations > 0,
    first ?? `${operations} additions of ${results.length} clients`,
  );
}
