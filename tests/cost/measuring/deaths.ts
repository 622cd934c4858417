/**
 * Deaths of a server, and when each thing that follows from one has happened.
 *
 * @module
 */

import { boot, defineSystem, type System } from "@hako/kernel";
import { pause, SETTLE_MS } from "../../../kernel/bench/sample.ts";
import { nowUs } from "../../../kernel/trace/clock.ts";
import type { TraceEvent } from "../../../kernel/trace/events.ts";
import type { Sample } from "../cost_path.ts";
import {
  DEATH,
  type DeathName,
  HANG_BEYOND_MS,
  Victim,
  Witness,
} from "../domains/victim_protocol.ts";
import { middleHalf } from "./middle_half.ts";

/** How long the victim may compute. */
export const HANG_MS = 100;

const US_PER_MS = 1_000;

/** Deaths of each measurement; each hang leaves a thread that computes on for a while. */
const DEATHS = { throw: 15, terminate: 15, hang: 4 } as const;

/** Deaths that the victim's policy allows within a second. */
const DEATHS_MAX = 100;

/** When what followed from a death happened: microseconds since 1970. */
interface Timeline {
  readonly died: number;
  readonly noticed: number;
  readonly fenced: number;
  /** The machine has read the kernel's orders that follow. */
  readonly heard: number;
  readonly origin: number;
  readonly loaded: number;
  /** The successor has heard what it is given. */
  readonly given: number;
  readonly entered: number;
  readonly serving: number;
  readonly answered: number;
  readonly gap: number;
}

/** What death and life after it cost, in microseconds, for a table of that name. */
export async function measureDeaths(
  table: string,
  spare: "warm" | "cold",
  death: DeathName,
): Promise<Sample> {
  let terminatedUs = 0;
  let heardUs = 0;
  const system = await boot(systemOfTwo(spare === "warm"), {
    onEvent({ type }) {
      if (type === "fenced") heardUs = nowUs();
      if (type !== "report") return;
      terminatedUs = nowUs();
      system.terminate("victim");
    },
  });
  const witness = await system.connect(Witness, "witness");
  const deaths: Record<string | "whole", number>[] = [];
  for (let n = 0; n < DEATHS[death]; n++) {
    await pause(SETTLE_MS + (death === "hang" ? HANG_BEYOND_MS : 0));
    const seen = await witness.call("watch", { death: DEATH[death] });
    await alive(system, seen.life);
    const events = system.trace();
    const timeline: Timeline = {
      ...happened(events, seen.life),
      died: death === "terminate" ? terminatedUs : seen.askedUs,
      heard: heardUs,
      origin: seen.originUs,
      loaded: seen.loadedUs,
      given: seen.heardUs,
      answered: seen.answeredUs,
      gap: seen.gapUs,
    };
    const lateUs = death === "hang" ? HANG_MS * US_PER_MS : 0;
    deaths.push(stepsOf(timeline, spare, lateUs));
  }
  return Object.fromEntries(
    Object.entries(middleHalf(deaths)).map(([row, us]) => [`${table}.${row}`, us]),
  );
}

/** Returns when the machine has heard that the next life serves. */
async function alive(system: System, life: number): Promise<void> {
  for (;;) {
    const ready = system.trace().some((found) =>
      found.type === "event" && found.event.type === "ready" &&
      found.event.domain === "victim" && found.event.epoch > life
    );
    if (ready) return;
    await pause(1);
  }
}

function happened(events: readonly TraceEvent[], life: number) {
  const event = (type: "died" | "fenced") => {
    const found = events.findLast((timed) =>
      timed.type === "event" && timed.event.type === type && timed.event.domain === "victim" &&
      timed.event.epoch === life
    );
    if (found?.type !== "event") throw new Error(`Cannot go on: nobody told of ${type}`);
    return found.atUs;
  };
  const note = (step: "entered" | "serving") => {
    const found = events.find((noted) =>
      noted.type === "note" && noted.domain === "victim" && noted.epoch > life &&
      noted.note === step
    );
    if (found?.type !== "note") throw new Error(`Cannot go on: the successor noted no ${step}`);
    return found.atUs;
  };
  return {
    noticed: event("died"),
    fenced: event("fenced"),
    entered: note("entered"),
    serving: note("serving"),
  };
}

function stepsOf(
  { died, noticed, fenced, heard, origin, loaded, given, entered, serving, answered, gap }:
    Timeline,
  spare: "warm" | "cold",
  lateUs: number,
): Record<string | "whole", number> {
  const started = spare === "warm" ? { handed: given - heard } : {
    thread: origin - heard,
    modules: loaded - origin,
    handed: given - loaded,
  };
  return {
    notice: noticed - died - lateUs,
    fence: fenced - noticed,
    ordered: heard - fenced,
    ...started,
    enter: entered - given,
    recover: serving - entered,
    answer: answered - serving,
    whole: answered - died - lateUs,
    gap: gap - lateUs,
  };
}

function systemOfTwo(spare: boolean) {
  const restart = { limit: DEATHS_MAX, windowMs: 1_000 };
  return defineSystem({
    base: import.meta.url,
    domains: {
      victim: {
        kind: "server",
        module: "../domains/victim_main.ts",
        serves: { victim: Victim },
        options: { hangMs: HANG_MS },
        hangMs: HANG_MS,
        spare,
        restart,
      },
      witness: {
        kind: "server",
        module: "../domains/witness_main.ts",
        serves: { witness: Witness },
        uses: ["victim"],
      },
    },
  });
}
