/**
 * Plays a scenario: boots its system, lets it work while faults are injected, halts it, and has it
 * judged by the scenario's checks and by those that hold for every one.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import {
  boot,
  type System,
  type SystemEvent,
  type SystemManifest,
  type SystemStatus,
} from "@hako/kernel";
import { isPulse } from "../record/pulse.ts";
import { Recorder } from "../record/recorder.ts";
import type { SystemRecord } from "../record/record.ts";
import { settledStatus } from "../systems/settled_status.ts";
import { commonFigures, EXPECTED_ERRORS } from "./common_figures.ts";
import { armSystem } from "./faults/fault_arming.ts";
import { FaultInjection } from "./faults/fault_injection.ts";
import { parseFault } from "./faults/fault_text.ts";
import {
  type Check,
  check,
  type Figure,
  type Scenario,
  type ScenarioContext,
  skipped,
  type Stage,
} from "./scenario.ts";

/** More than this resident and the system is not worth its promise. */
const RESIDENT_BYTES_MAX = 1.5 * 1024 ** 3;

/** How often whoever watches is told how it goes. */
const LIVE_EVERY_MS = 200;

/** How it goes. */
export interface LiveCounts {
  /** Operations of clients in the last second. */
  readonly perSecond: number;
  /** Lives that have ended. */
  readonly deaths: number;
  /** Errors that clients saw. */
  readonly errors: number;
}

/** Who watches. */
export interface Audience {
  /** Aborted when the user wants to stop. */
  readonly signal: AbortSignal;
  /** Hears how far the work is. */
  progress(label: string, done: number, total: number): void;
  /** Hears how it goes, five times a second. */
  live(counts: LiveCounts): void;
}

/** What came of it. */
export interface PlayedOut {
  /** What was checked. */
  readonly checks: readonly Check[];
  /** What was measured. */
  readonly figures: readonly Figure[];
  /** What was recorded; left out if the system did not boot. */
  readonly record?: SystemRecord;
}

/**
 * Plays a scenario with a fault plan.
 *
 * @param faults The plan, as the command line has it.
 * @throws {UsageError} If the plan is at fault.
 * @throws {OsError} `EINTR` if the user has enough; the system has been halted then.
 */
export async function play(
  scenario: Scenario,
  context: ScenarioContext,
  faults: readonly string[],
  audience: Audience,
): Promise<PlayedOut> {
  const impediment = scenario.impediment?.(context);
  if (impediment !== undefined) {
    return { checks: [skipped("it can be played here", impediment)], figures: [] };
  }
  const specs = faults.map(parseFault);
  let manifest: SystemManifest;
  try {
    manifest = scenario.manifest(context);
  } catch (error) {
    return { checks: [notPlayed(error)], figures: [] };
  }
  const armed = armSystem(manifest, specs, context.seed);
  const recorder = new Recorder(armed.manifest);
  const injection = new FaultInjection(
    specs,
    armed,
    context.seed,
    (domain, kind) => recorder.strike(domain, kind),
  );
  const lost: string[] = [];
  using stage = new PlayStage(context, { recorder, injection, audience });
  let record: SystemRecord | undefined;
  try {
    const beganMs = performance.now();
    const system = await boot(armed.manifest, {
      faults: armed.faults,
      onEvent: (event, atUs) => {
        recorder.hear(event, atUs);
        injection.hear(event);
        stage.hear(event);
        if (event.type === "gave-up" && isMissed(armed.manifest, event.domain)) {
          lost.push(`${event.domain}: ${event.why}`);
        }
      },
    });
    const bootMs = performance.now() - beganMs;
    const { work, status, haltMs } = await workOn(system, scenario, stage);
    record = recorder.record();
    const played = { context, work, status, record, errors: recorder.errors };
    const checks = [
      clientErrors(scenario, recorder),
      ...injection.checks(status),
      check("no request is left in any channel", status.slotsInUse === 0, slotWords(status)),
      check("no domain was given up", lost.length === 0, lost.join("; ") || "none"),
      memoryCheck(recorder),
      ...await scenario.checks(played),
    ];
    const figures = [
      ...commonFigures(record, { bootMs, haltMs }),
      ...expectedErrors(scenario, recorder),
      ...await scenario.figures?.(played) ?? [],
    ];
    return { checks, figures, record };
  } catch (error) {
    if (audience.signal.aborted) throw new OsError("EINTR", `play ${scenario.name}`);
    return { checks: [notPlayed(error)], figures: [], record: record ?? recorder.record() };
  }
}

/** The work of a scenario, from the first request to the halt. */
async function workOn<W>(
  system: System,
  scenario: Scenario<W>,
  stage: PlayStage,
): Promise<{ readonly work: W; readonly status: SystemStatus; readonly haltMs: number }> {
  const { recorder, injection } = stage.parts;
  try {
    stage.begin();
    injection.begin(system);
    const work = await scenario.workload(system, stage);
    await injection.end();
    const status = await settledStatus(system);
    recorder.look(system.trace());
    const haltStartMs = performance.now();
    await system.halt();
    return { work, status, haltMs: performance.now() - haltStartMs };
  } catch (error) {
    await injection.end();
    await system.halt().catch(() => {}); // What went wrong before says more.
    throw error;
  }
}

/** Who takes part in a run besides its system. */
interface Parts {
  readonly recorder: Recorder;
  readonly injection: FaultInjection;
  readonly audience: Audience;
}

/** The stage of one run. */
class PlayStage implements Stage, Disposable {
  readonly context: ScenarioContext;
  readonly over: AbortSignal;
  readonly parts: Parts;
  readonly #over: AbortController = new AbortController();
  readonly #timers: ReturnType<typeof setTimeout>[] = [];
  readonly #watched: Map<string, (done: number) => void> = new Map();
  #beganMs = 0;
  #operationsSeen = 0;
  #seenMs = 0;

  constructor(context: ScenarioContext, parts: Parts) {
    this.context = context;
    this.parts = parts;
    this.over = this.#over.signal;
    parts.audience.signal.addEventListener("abort", this.#enough);
    if (parts.audience.signal.aborted) this.#enough();
  }

  /** The work begins now. */
  begin(): void {
    this.#beganMs = this.#seenMs = performance.now();
    const { durationMs } = this.context;
    if (durationMs > 0) this.#timers.push(setTimeout(() => this.end(), durationMs));
    this.#timers.push(setInterval(() => this.#live(), LIVE_EVERY_MS));
  }

  /** Hears an event of the system. */
  hear(event: SystemEvent): void {
    if (event.type !== "report" || !isPulse(event.value)) return;
    const { done } = event.value;
    if (done !== undefined) this.#watched.get(event.domain)?.(done);
  }

  watch(app: string, onDone: (done: number) => void): void {
    this.#watched.set(app, onDone);
  }

  end(): void {
    Atomics.store(new Int32Array(this.context.stop), 0, 1);
    this.#over.abort();
  }

  progress(label: string, done: number, total: number): void {
    this.parts.audience.progress(label, done, total);
    if (total > 0) this.parts.injection.reach(done / total);
  }

  note(tookUs: number, error?: string): void {
    this.parts.recorder.note(tookUs, error);
  }

  strike(domain: string, kind: string): void {
    this.parts.recorder.strike(domain, kind);
  }

  async finished<T>(system: System, app: string): Promise<T> {
    const { signal } = this.parts.audience;
    const enough = Promise.withResolvers<never>();
    const abort = () => enough.reject(new OsError("EINTR", `wait for ${app}`));
    signal.addEventListener("abort", abort);
    if (signal.aborted) abort();
    try {
      return await Promise.race([system.finished(app), enough.promise]) as T;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  settled(): Promise<void> {
    return this.parts.injection.settled();
  }

  [Symbol.dispose](): void {
    this.parts.audience.signal.removeEventListener("abort", this.#enough);
    for (const timer of this.#timers) clearTimeout(timer);
  }

  readonly #enough = (): void => {
    this.end();
    void this.parts.injection.end();
  };

  #live(): void {
    const { recorder, audience } = this.parts;
    recorder.tick();
    const nowMs = performance.now();
    const { operations, deaths, errorCount: errors } = recorder;
    const perSecond = (operations - this.#operationsSeen) * 1_000 / (nowMs - this.#seenMs);
    audience.live({ perSecond, deaths, errors });
    [this.#operationsSeen, this.#seenMs] = [operations, nowMs];
    const { durationMs } = this.context;
    if (durationMs > 0 && !this.over.aborted) {
      audience.progress("working", Math.min(durationMs, nowMs - this.#beganMs), durationMs);
    }
  }
}

/** One that may not die at all has ended as it should; all others were to be replaced. */
function isMissed({ domains }: SystemManifest, name: string): boolean {
  return (domains[name] ?? domains[name.split(".")[0]!])?.restart?.limit !== 0;
}

/** Errors of other codes than those that clients were to see. */
function unexpectedOf(errors: readonly string[], codes: readonly string[]): readonly string[] {
  return errors.filter((error) => !codes.some((code) => error.startsWith(code)));
}

function clientErrors({ mayFailWith = [] }: Scenario, { errors, errorCount }: Recorder): Check {
  const unexpected = unexpectedOf(errors, mayFailWith);
  const what = mayFailWith.length === 0
    ? "no client saw an error"
    : `no client saw another error than ${mayFailWith.join(", ")}`;
  const detail = errorCount === 0
    ? "none"
    : unexpected.length === 0
    ? `${errorCount} of them`
    : `${errorCount}, first: ${unexpected[0]}`;
  return check(what, unexpected.length === 0, detail);
}

/** Where a scenario is about errors, those that its clients saw and were to see. */
function expectedErrors(
  { mayFailWith }: Scenario,
  { errors, errorCount }: Recorder,
): Figure[] {
  if (mayFailWith === undefined || errorCount === 0) return [];
  const unexpected = unexpectedOf(errors, mayFailWith);
  return [{ name: EXPECTED_ERRORS, value: errorCount - unexpected.length, unit: "" }];
}

function memoryCheck({ residentBytesMax }: Recorder): Check {
  const detail = `${Math.round(residentBytesMax / 1024 ** 2)} MiB at most`;
  const holds = residentBytesMax < RESIDENT_BYTES_MAX;
  return check("the process stays below 1.5 GiB resident", holds, detail);
}

function slotWords({ slotsInUse }: SystemStatus): string {
  return `${slotsInUse} in use`;
}

/** An OsError speaks for itself; anything else is a fault of ours and shows where. */
function notPlayed(error: unknown): Check {
  const detail = error instanceof OsError
    ? error.message
    : error instanceof Error
    ? error.stack ?? error.message
    : String(error);
  return check("the scenario plays to its end", false, detail);
}
