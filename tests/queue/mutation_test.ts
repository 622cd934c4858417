import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { queueConstants } from "../../ipc/queue/constants.ts";
import { coreArtefacts, coreSourcePaths, QUEUE_CORE } from "../../tools/build/core_artefacts.ts";
import { runImmortals, runMortals } from "./crowd.ts";
import {
  dieEverywhere,
  dieOften,
  MEANWHILE,
  OPERATIONS,
  pauseEverywhere,
} from "./interruptions.ts";
import { runInterleaved, runInterleavedMortals } from "./interleaving.ts";
import { compilePausing, compileStepping } from "./stepping_core.ts";

const ROOT = join(import.meta.dirname ?? ".", "../..");
const SEEDS = 1_000;
const SEEDS_INTERLEAVED = 20_000;

/** A fault that the tests must notice: what is written instead of what, in which source. */
interface Mutation {
  readonly part: string;
  readonly from: string;
  readonly to: string;
  /** An interleaving that shows it, where few do: below {@linkcode SEEDS_INTERLEAVED}, asked first. */
  readonly seed?: number;
}

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  "the generation stays": {
    part: "word",
    from: "(word + GENERATION) & GENERATION_MASK",
    to: "word & GENERATION_MASK",
  },
  "the word is stored, not swapped": {
    part: "queue",
    from: "if (atomic.cmpxchg<u64>(stateAt(index), word, next) != word) return false;",
    to: "atomic.store<u64>(stateAt(index), next);",
  },
  "a hint whose taker died counts as there": {
    part: "queue",
    from: "if (isPassed) return false;",
    to: "",
  },
  "false hints stay": {
    part: "queue",
    from: "atomic.cmpxchg<u64>(at, entry, entry | none);",
    to: "",
  },
  "a sweep leaves the threshold": {
    part: "queue",
    from: "if (hasHint) raiseThreshold(ring, order);",
    to: "",
  },
  "a sweep leaves reservations": {
    part: "queue",
    from: "return hand(FREE_RING, order, index, word, free) ? FREED : LEFT;",
    to: "return LEFT;",
  },
  "every hint counts as seen": {
    part: "queue",
    from: "return seenBy - sweep <= atomic.load<u32>(SWEEPS_AT) - sweep;",
    to: "return true;",
  },
  "an enqueuer leaves the threshold": {
    part: "ring",
    from: "    raiseThreshold(ring, order);\n    return;",
    to: "    return;",
  },
  "an empty entry is not stamped": {
    part: "ring",
    from: "cycle | (entry & safe) | none;",
    to: "entry;",
  },
  "an older hint stays safe": {
    part: "ring",
    from: "hasHint ? entry & ~safe",
    to: "hasHint ? entry",
    seed: 8_702,
  },
  "a producer ignores the safe bit": {
    part: "ring",
    from: "(entry & safe) == 0 &&",
    to: "false &&",
    seed: 10_091,
  },
  "a hint is copied, not taken": {
    part: "ring",
    from: "let next = entry | none;",
    to: "let next = entry;",
  },
};

for (const [name, mutation] of Object.entries(MUTATIONS)) {
  Deno.test(`the tests notice when ${name}`, async () => {
    const core = await mutated(mutation);
    const stepping = await compileStepping(core);
    const pausing = await compilePausing(core);
    assert(isNoticed(stepping, pausing, mutation.seed), "nothing was noticed");
  });
}

/** Asks the quick tests first, after the one interleaving of a seed that is known to show it. */
function isNoticed(
  module: WebAssembly.Module,
  pausing: WebAssembly.Module,
  seed: number | undefined,
): boolean {
  try {
    if (seed !== undefined) runInterleaved(pausing, seed);
    dieOften(module);
    for (let seed = 0; seed < SEEDS; seed++) {
      runImmortals(module, seed);
      runMortals(module, seed);
    }
    for (const operation of Object.values(OPERATIONS)) dieEverywhere(module, operation);
    for (let seed = 0; seed < SEEDS; seed++) runInterleavedMortals(pausing, seed);
    for (let seed = 0; seed < SEEDS_INTERLEAVED; seed++) runInterleaved(pausing, seed);
    for (const operation of Object.values(OPERATIONS)) {
      for (const deed of Object.values(MEANWHILE)) pauseEverywhere(module, operation, deed);
    }
    return false;
  } catch {
    return true;
  }
}

async function mutated({ part, from, to }: Mutation): Promise<Uint8Array<ArrayBuffer>> {
  const sources = new Map<string, string>();
  for (const [name, path] of coreSourcePaths(QUEUE_CORE)) {
    sources.set(name, await Deno.readTextFile(join(ROOT, path)));
  }
  const source = sources.get(part) ?? "";
  assertEquals(source.split(from).length, 2, `${part}.ts does not have this once: ${from}`);
  sources.set(part, source.replace(from, to));
  const artefacts = await coreArtefacts(QUEUE_CORE, { sources, constants: queueConstants() });
  return artefacts.get("ipc/queue/queue.wasm")!;
}
