/**
 * Runs that look like real ones, for the tests of the report. The same seed makes the same run.
 *
 * @module
 */

import type {
  GraphDomain,
  IntervalRecord,
  LifeRecord,
  StrikeRecord,
  SystemRecord,
} from "../../record/record.ts";
import type { Result, Run } from "../run_record.ts";

const MiB = 1024 * 1024;

/** The standard stack with a gateway and a worker. */
const STACK: readonly GraphDomain[] = [
  domain("disk", "driver", { permissions: ["read+write disk.img"], serves: ["disk"] }),
  domain("storage", "server", { serves: ["volume"], uses: ["disk"], keepBytes: 16 * MiB }),
  domain("fs", "server", { serves: ["files"], uses: ["volume"], keepBytes: 1 * MiB }),
  domain("nbd", "gateway", { permissions: ["net 127.0.0.1:10809"], uses: ["volume"] }),
  domain("worker", "app", { uses: ["files"], windowBytes: 1 * MiB }),
];

/** What a sample may want to have more or less of. */
export interface SampleOptions {
  /** Scenarios. */
  readonly scenarios?: number;
  /** How long each was watched. */
  readonly durationMs?: number;
  /** Faults in each. */
  readonly deaths?: number;
}

/** A domain, of which most have nothing. */
export function domain(
  name: string,
  kind: GraphDomain["kind"],
  more: Partial<GraphDomain> = {},
): GraphDomain {
  const nothing = { permissions: [], serves: [], uses: [], keepBytes: 0, windowBytes: 0 };
  return { ...nothing, ...more, name, kind };
}

/** A run of some scenarios; the third failed, the fourth was not played. */
export function sampleRun(
  { scenarios = 4, durationMs = 10_000, deaths = 40 }: SampleOptions = {},
): Run {
  return {
    version: 2,
    began: "2026-03-14T09:26:53.589Z",
    seed: 7,
    input: "/home/somebody/source",
    machine: {
      processor: "Example Processor 9000",
      cores: 2,
      memoryBytes: 8 * 1024 * MiB,
      system: "Linux 6.12.0",
      versions: { hako: "0.1.0", deno: "2.9.6", v8: "14.9.207.2" },
    },
    results: Array.from({ length: scenarios }, (_, index) => {
      return sampleResult(index, { durationMs, deaths });
    }),
  };
}

const NAMES = ["kill-each-server", "copy-tree-under-fire", "disk-errors", "mount-under-fire"];

function sampleResult(index: number, options: Required<Omit<SampleOptions, "scenarios">>): Result {
  const name = index < NAMES.length ? NAMES[index]! : `scenario-${index + 1}`;
  const replay = `deno task scenarios ${name} --seed 7`;
  const story = "every server dies again and again while files are written and read back";
  if (index === 3) {
    const checks = [{
      what: "it can be played here",
      outcome: "skipped",
      detail: "there is no /dev/fuse",
    }] as const;
    return { name, story, outcome: "skipped", tookMs: 41, faults: [], replay, checks, figures: [] };
  }
  const record = sampleRecord(options, index + 1);
  const hasFailed = index === 2;
  return {
    name,
    story,
    outcome: hasFailed ? "failed" : "passed",
    tookMs: options.durationMs + 812,
    faults: ["disk:terminate@every=250ms", "*:kill@every=1s", "storage:hang@at=4s,for=2s"],
    replay: `${replay} --fault 'storage:terminate@every=250ms'`,
    checks: [
      {
        what: "no client sees an error",
        outcome: hasFailed ? "failed" : "passed",
        detail: hasFailed ? "3, first: EIO: cannot read block 4711: the medium failed" : "none",
      },
      { what: "every fault of the plan took place", outcome: "passed", detail: "disk died 12 x" },
      { what: "no request is left in any channel", outcome: "passed", detail: "0 in use" },
      { what: "the image is sound", outcome: "passed", detail: "e2fsck -fn: clean, 312 files" },
      { what: "foreign tools agree", outcome: "skipped", detail: "debugfs is not installed" },
    ],
    figures: [
      { name: "start to ready", value: 87.4, unit: "ms" },
      { name: "operations of clients", value: 184_223, unit: "" },
      { name: "longest operation", value: 212.7, unit: "ms" },
      { name: "deaths", value: options.deaths, unit: "" },
      { name: "pause at a death, p50", value: 11.3, unit: "ms" },
      { name: "pause at a death, p99", value: 187.1, unit: "ms" },
      { name: "halt, everything flushed", value: 14.2, unit: "ms" },
    ],
    record,
  };
}

/** A record of deaths at even distances, in turn, of all that serves. */
export function sampleRecord(
  { durationMs, deaths }: Required<Omit<SampleOptions, "scenarios">>,
  seed: number,
): SystemRecord {
  const chance = chanceOf(seed);
  const victims = ["storage", "fs", "disk", "nbd", "kernel"];
  const strikes: StrikeRecord[] = [];
  const lives = new Map<string, LifeRecord[]>();
  for (const [index, name] of [...STACK.map(({ name }) => name), "kernel"].entries()) {
    lives.set(name, [{ domain: name, epoch: 1, startMs: 0, readyMs: 20 + index * 14 }]);
  }
  for (let index = 0; index < deaths; index++) {
    const victim = victims[Math.floor(chance() * victims.length)]!;
    const atMs = 200 + (index + chance() * 0.8) * (durationMs - 400) / deaths;
    const isUpgrade = index % 11 === 10 && victim !== "kernel";
    const isHang = index % 9 === 8;
    strikes.push({ atMs, domain: victim, kind: isUpgrade ? "upgrade" : isHang ? "hang" : "kill" });
    const own = lives.get(victim)!;
    const last = own.at(-1)!;
    const endMs = atMs + (isHang ? 180 : 0.4 + chance());
    const why = isUpgrade
      ? "upgraded"
      : isHang
      ? "hung: no progress for 180 ms"
      : "its worker ended";
    const fencedMs = endMs + 0.2 + chance();
    own[own.length - 1] = { ...last, endMs, fencedMs, isGone: !isHang, why };
    const readyMs = fencedMs + 4 + chance() * 30;
    own.push({ domain: victim, epoch: last.epoch + 1, startMs: endMs, readyMs });
  }
  const intervals = intervalsOf(durationMs, strikes, chance);
  const buckets = Array.from({ length: 44 }, (_, index) => {
    const fromUs = 12 * 1.26 ** index;
    const bell = 60_000 * Math.exp(-(((index - 9) / 4) ** 2));
    const tail = deaths * Math.exp(-(((index - 33) / 5) ** 2));
    return { fromUs, toUs: fromUs * 1.26, count: Math.round(bell + tail * chance()) };
  }).filter(({ count }) => count > 0);
  return {
    graph: STACK,
    durationMs,
    lives: [...lives.values()].flat().toSorted((a, b) => a.startMs - b.startMs),
    strikes,
    intervals,
    histogram: { buckets },
  };
}

function intervalsOf(
  durationMs: number,
  strikes: readonly StrikeRecord[],
  chance: () => number,
): IntervalRecord[] {
  return Array.from({ length: Math.floor(durationMs / 100) }, (_, index) => {
    const atMs = (index + 1) * 100;
    const hit = strikes.some((strike) => strike.atMs > atMs - 100 && strike.atMs <= atMs);
    const p50Us = 90 + chance() * 40;
    const maxUs = hit ? 9_000 + chance() ** 3 * 200_000 : 900 + chance() * 2_500;
    return {
      atMs,
      operations: Math.round(1_900 + chance() * 400 - (hit ? 700 : 0)),
      errors: 0,
      p50Us,
      p99Us: Math.min(maxUs, p50Us * (4 + chance() * 3) * (hit ? 2.5 : 1)),
      maxUs,
      residentBytes: (180 + index * 0.1) * MiB,
    };
  });
}

/** Numbers from 0 to 1 by a seed (mulberry32). */
function chanceOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let word = Math.imul(state ^ (state >>> 15), 1 | state);
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word;
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32;
  };
}
