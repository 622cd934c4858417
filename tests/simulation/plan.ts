/**
 * What a world is made of and what will befall it, all of it drawn from its seed.
 *
 * @module
 */

import type { DiskFaultRule } from "../../drivers/block/faulty/fault_plan.ts";
import type { AtomicWrites } from "../../storage-server/block_view.ts";
import { Chance } from "./chance.ts";
import { drawMix, type Mix } from "./mix.ts";

/** What can be left out of a world, to see whether it fails without. */
export const PARTS = [
  "deaths",
  "driver-deaths",
  "power-cuts",
  "faults",
  "leg-losses",
  "client-2",
  "client-3",
  "client-4",
] as const;

/** One of {@linkcode PARTS}. */
export type Part = typeof PARTS[number];

/** What stands under the volumes. */
export type Layers = "disk" | "tags" | "mirror" | "mirror with tags";

/** What goes wrong with the disks: nothing, what they tell, or also what they do not. */
export type Damage = "none" | "told" | "flush" | "silent";

/** A world before it begins. */
export interface WorldPlan {
  /** Its seed. */
  readonly seed: number;
  /** What clients ask for. */
  readonly mix: Mix;
  /** What is left out. */
  readonly without: ReadonlySet<Part>;
  /** What stands under the volumes. */
  readonly layers: Layers;
  /** Who makes sure that a block is written whole. */
  readonly atomicWrites: AtomicWrites;
  /** Blocks of each volume. */
  readonly volumeBlocks: readonly number[];
  /** Blocks from the beginning of a volume on that clients use. */
  readonly spanMax: number;
  /** Blocks of the ring. */
  readonly ringLength: number;
  /** Images that the journal's tail can hold. */
  readonly tailImages: number;
  /** Transfers that can be under way. */
  readonly roomMax: number;
  /** Whether the disks zero fast. */
  readonly fastZero: boolean;
  /** Names of the clients. */
  readonly clients: readonly number[];
  /** Requests that a client has under way at most. */
  readonly depthMax: number;
  /** Requests of each client in each era. */
  readonly requestCount: number;
  /** Longest pause of a client. */
  readonly thinkUsMax: number;
  /** How often the server dies at a death point. */
  readonly deathAtPoint: number;
  /** Microseconds between the server's deaths elsewhere, on average; `Infinity` for none. */
  readonly deathUsMean: number;
  /** Microseconds between the deaths of a driver, on average. */
  readonly driverDeathUsMean: number;
  /** Whether the power is ever cut. */
  readonly cutsPower: boolean;
  /** Power cuts before the last one. */
  readonly powerCuts: number;
  /** How often a death is followed by a power cut at once: misfortunes never come singly. */
  readonly powerCutAfterDeath: number;
  /** How often the power is cut while a disk flushes. */
  readonly powerCutAtFlush: number;
  /** Bytes that a disk writes whole where nobody trusts it to write blocks whole. */
  readonly tearBytes: number;
  /**
   * What a successor takes first: what its predecessor had taken, or whatever comes. Without that
   * order only transactions are done exactly once, and clients ask for nothing else.
   */
  readonly takesFirst: "taken" | "any";
  /** What goes wrong with the disks. */
  readonly damage: Damage;
  /** The rules of that. */
  readonly faults: readonly DiskFaultRule[];
  /** The disk that suffers it. */
  readonly hurtDisk: number;
  /** Whether errors may be told to clients. */
  readonly mayRefuse: boolean;
  /** Whether the server may refuse to start. */
  readonly mayNotStart: boolean;
  /** Microseconds between the losses of a leg of a mirror, on average; it is the hurt one. */
  readonly legLossUsMean: number;
  /** Blocks of a region of the integrity layer. */
  readonly regionBlocks: number;
  /** How fast the integrity layer scrubs. */
  readonly scrubBlocksPerSecond: number;
}

/** Draws a world. What is left out of it changes nothing about the rest. */
export function planOf(seed: number, without: ReadonlySet<Part> = new Set()): WorldPlan {
  const layers = new Chance(seed, "layers").pick<Layers>(LAYERS);
  const atomicWrites = new Chance(seed, "atomic writes").pick<AtomicWrites>(ATOMIC_WRITES);
  const isMirror = layers.startsWith("mirror");
  const drawn = damageFor(layers, new Chance(seed, "damage"));
  const damage = without.has("faults") ? "none" : drawn;
  const limits: Limits = {
    // After a death or a power cut the tags of what was written last are not known.
    dies: drawn !== "silent" && !without.has("deaths"),
    // A failed flush that nobody has heard of is not sticky.
    diesAnywhere: drawn !== "flush",
    driverDies: drawn !== "flush" && !without.has("driver-deaths"),
    cutsPower: drawn !== "silent" && !without.has("power-cuts"),
    losesLeg: isMirror && drawn !== "silent" && !without.has("leg-losses"),
  };
  const chance = new Chance(seed, "faults");
  return {
    seed,
    without,
    layers,
    atomicWrites,
    ...shapeOf(new Chance(seed, "shape"), layers),
    ...workOf(new Chance(seed, "work"), without),
    ...misfortunesOf(new Chance(seed, "misfortunes"), limits),
    damage,
    faults: damage === "none" ? [] : faultsOf({ damage, atomicWrites, layers }, chance),
    hurtDisk: isMirror && new Chance(seed, "hurt disk").happens(0.5) ? 1 : 0,
    mayRefuse: damage !== "none" && !isMirror,
    mayNotStart: damage !== "none" && !isMirror,
  };
}

const LAYERS: readonly Layers[] = ["disk", "disk", "disk", "tags", "mirror", "mirror with tags"];

const ATOMIC_WRITES: readonly AtomicWrites[] = ["device", "device", "journal"];

type Shape = Pick<
  WorldPlan,
  | "volumeBlocks"
  | "ringLength"
  | "tailImages"
  | "roomMax"
  | "fastZero"
  | "tearBytes"
  | "regionBlocks"
  | "scrubBlocksPerSecond"
>;

function shapeOf(chance: Chance, layers: Layers): Shape {
  return {
    volumeBlocks: chance.happens(0.7) ? [chance.between(6, 24)] : [chance.between(4, 12), 10],
    ringLength: chance.pick([8, 10, 14, 24, 32]),
    tailImages: chance.pick([5, 6, 12, 20]),
    roomMax: chance.pick([1, 2, 4, 16]),
    fastZero: chance.happens(0.5),
    tearBytes: layers === "disk" ? chance.pick([512, 16]) : 512,
    regionBlocks: chance.pick([4, 16]),
    scrubBlocksPerSecond: chance.pick([0, 100]),
  };
}

type Work = Pick<
  WorldPlan,
  "takesFirst" | "mix" | "spanMax" | "clients" | "depthMax" | "requestCount" | "thinkUsMax"
>;

function workOf(chance: Chance, without: ReadonlySet<Part>): Work {
  const takesFirst = chance.happens(0.25) ? "any" : "taken";
  const spanMax = chance.pick([2, 3, 8, Infinity]);
  const clientCount = chance.between(1, 4);
  return {
    takesFirst,
    spanMax,
    mix: drawMix(chance, takesFirst === "any"),
    clients: [1, 2, 3, 4].slice(0, clientCount).filter((badge) => !isLeftOut(badge, without)),
    depthMax: chance.pick(spanMax < 8 ? [1, 2] : [1, 2, 4, 6]),
    requestCount: Math.ceil(chance.between(40, 140) / clientCount),
    thinkUsMax: chance.pick([0, 50, 500, 3_000]),
  };
}

interface Limits {
  readonly dies: boolean;
  readonly diesAnywhere: boolean;
  readonly driverDies: boolean;
  readonly cutsPower: boolean;
  readonly losesLeg: boolean;
}

type Misfortunes = Pick<
  WorldPlan,
  | "deathAtPoint"
  | "deathUsMean"
  | "driverDeathUsMean"
  | "cutsPower"
  | "powerCuts"
  | "powerCutAfterDeath"
  | "powerCutAtFlush"
  | "legLossUsMean"
>;

function misfortunesOf(chance: Chance, limits: Limits): Misfortunes {
  const deathAtPoint = chance.pick([0, 0, 0.003, 0.015, 0.06]);
  const deathUsMean = chance.pick([Infinity, Infinity, 3_000, 15_000]);
  const driverDeathUsMean = chance.pick([Infinity, Infinity, Infinity, Infinity, 3_000, 20_000]);
  const powerCuts = chance.pick([0, 1, 2, 3, 6]);
  const powerCutAfterDeath = chance.pick([0, 0, 0.05, 0.5]);
  const powerCutAtFlush = chance.pick([0, 0.01, 0.04]);
  const legLossUsMean = chance.pick([Infinity, 10_000, 40_000]);
  const { dies, diesAnywhere, driverDies, cutsPower, losesLeg } = limits;
  return {
    deathAtPoint: dies ? deathAtPoint : 0,
    deathUsMean: dies && diesAnywhere ? deathUsMean : Infinity,
    driverDeathUsMean: driverDies ? driverDeathUsMean : Infinity,
    cutsPower,
    powerCuts: cutsPower ? powerCuts : 0,
    powerCutAfterDeath: cutsPower ? powerCutAfterDeath : 0,
    powerCutAtFlush: cutsPower ? powerCutAtFlush : 0,
    legLossUsMean: losesLeg ? legLossUsMean : Infinity,
  };
}

function isLeftOut(badge: number, without: ReadonlySet<Part>): boolean {
  return badge > 1 && without.has(`client-${badge}` as Part);
}

function damageFor(layers: Layers, chance: Chance): Damage {
  if (layers === "mirror") return chance.pick<Damage>(["none", "told"]);
  if (layers !== "disk") return chance.pick<Damage>(["none", "told", "silent", "silent"]);
  return chance.pick<Damage>(["none", "none", "none", "told", "flush"]);
}

/** Faults that come a few times each. */
function faultsOf(
  { damage, atomicWrites, layers }: Pick<WorldPlan, "damage" | "atomicWrites" | "layers">,
  chance: Chance,
): DiskFaultRule[] {
  const often = { probability: chance.pick([0.005, 0.02, 0.05]), times: chance.between(1, 4) };
  const slow = { kind: "slow", delayMs: chance.between(1, 40), ...often } as const;
  if (damage === "flush") {
    return [{ kind: "error", operations: ["flush"], at: chance.between(2, 12) }];
  }
  const told: DiskFaultRule[] = [
    { kind: "error", operations: ["read"], ...often },
    { kind: "error", operations: ["write"], ...often },
    { kind: "full", ...often },
    slow,
  ];
  if (damage === "told") return told.filter(() => chance.happens(0.6));
  const silent: DiskFaultRule[] = [
    { kind: "short", ...often },
    { kind: "torn", succeeds: atomicWrites === "device" || chance.happens(0.5), ...often },
    { kind: "misdirected", ...often },
    { kind: "stale", ...often },
    { kind: "rot", ...often },
  ];
  // On one leg a write that fails makes the layer forget what it knew of the block.
  const both = layers === "tags"
    ? silent.filter(({ kind }) => kind !== "short")
    : [...told, ...silent];
  return both.filter(() => chance.happens(0.4));
}

/** A plan in one line. */
export function describePlan(plan: WorldPlan): string {
  const { layers, atomicWrites, volumeBlocks, ringLength, tailImages, clients, depthMax } = plan;
  return `${layers}, blocks whole by the ${atomicWrites}, volumes of ${
    volumeBlocks.join(" and ")
  } ` +
    `blocks, ring ${ringLength}, tail ${tailImages}, ${clients.length} clients with ` +
    `${depthMax} requests each, damage: ${plan.damage}, power cuts: ${plan.powerCuts + 1}`;
}
