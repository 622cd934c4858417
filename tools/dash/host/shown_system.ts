/**
 * A system from boot to halt, shown on a page and struck by its buttons.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { BootOptions, System, SystemEvent, SystemManifest } from "@hako/kernel";
import { systemGraphOf } from "../../record/graph_of.ts";
import { Recorder } from "../../record/recorder.ts";
import { Sampler } from "../../top/sample.ts";
import { pause } from "../../top/watch.ts";
import type { HostLine, PressLine } from "../lines.ts";
import { Buttons } from "./buttons.ts";
import { chaosPresses } from "./chaos.ts";
import { Watch } from "./watch.ts";
import { graphOfWorkers } from "./workers_of.ts";

/** Between two readings. */
const READING_MS = 500;

/** Presses that are not answered yet: each may wait for a new module to serve. */
const PRESSES_MAX = 32;

/** How to show a system. */
export interface Showing {
  /** Boots it. */
  readonly boot: (manifest: SystemManifest, options: BootOptions) => Promise<System>;
  /** Takes the lines for the page. */
  readonly tell: (line: HostLine) => void;
  /** The buttons that are pressed; their end is that of the system. */
  readonly presses: AsyncIterable<PressLine>;
  /** The clock of the system's trace, in microseconds. */
  readonly nowUs: () => number;
  /** Ends the system in order. */
  readonly interruption: AbortSignal;
  /** After how long it ends by itself. */
  readonly durationMs: number | undefined;
  /** The seed of presses by itself; none if left out. */
  readonly chaosSeed: number | undefined;
  /** Ends the work in order, before the system halts. */
  readonly finish: (system: System) => Promise<void>;
}

/** How it went. */
export interface ShownSum {
  /** Deaths that no upgrade has caused. */
  readonly deaths: number;
  /** Operations of clients. */
  readonly operations: number;
  /** Errors that clients saw. */
  readonly errors: number;
  /** Domains that were given up. */
  readonly lost: readonly string[];
}

/** Boots a system, shows it until it is enough or stops by itself, and halts it in order. */
export async function show(manifest: SystemManifest, showing: Showing): Promise<ShownSum> {
  const { boot, tell, nowUs, interruption, durationMs, chaosSeed, finish } = showing;
  const buttons = new Buttons(manifest);
  const graph = graphOfWorkers(systemGraphOf(manifest), manifest);
  const watch = new Watch(new Recorder(manifest), tell);
  const lost: string[] = [];
  const over = new AbortController();
  const end = (): void => over.abort();
  const onEvent = (event: SystemEvent, atUs: number): void => {
    watch.hear(event, atUs);
    if (event.type === "gave-up") lost.push(event.domain);
    if (event.type === "stopped") end();
  };
  {
    await using system = await boot(manifest, {
      faults: buttons.faults,
      isObserved: true,
      onEvent,
    });
    tell({ type: "begin", graph, targets: buttons.targets });
    const pressed = new Pressed(system, buttons, watch, tell);
    const sampler = await Sampler.begin(system, nowUs);
    const reading = setInterval(() => watch.read(sampler), READING_MS);
    const timer = durationMs === undefined ? undefined : setTimeout(end, durationMs);
    interruption.addEventListener("abort", end);
    if (interruption.aborted) end();
    void pressed.obey(showing.presses).finally(end);
    if (chaosSeed !== undefined) void pressed.chaos(chaosSeed, over.signal);
    try {
      await aborted(over.signal);
      await finish(system);
    } finally {
      interruption.removeEventListener("abort", end);
      clearTimeout(timer);
      clearInterval(reading);
    }
    watch.read(sampler);
  } // Halted: what was still on its way has been told.
  await watch.end();
  return { ...watch.sum, lost };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve());
    if (signal.aborted) resolve();
  });
}

/** Carries out presses. */
class Pressed {
  readonly #system: System;
  readonly #buttons: Buttons;
  readonly #watch: Watch;
  readonly #tell: (line: HostLine) => void;
  #unanswered = 0;

  constructor(system: System, buttons: Buttons, watch: Watch, tell: (line: HostLine) => void) {
    this.#system = system;
    this.#buttons = buttons;
    this.#watch = watch;
    this.#tell = tell;
  }

  /** Does what is pressed, until nobody presses any more. An upgrade is not waited for. */
  async obey(presses: AsyncIterable<PressLine>): Promise<void> {
    for await (const { number, ...press } of presses) {
      void this.#press(press, false).then((error) =>
        this.#tell({ type: "answer", number, ...(error === undefined ? {} : { error }) })
      );
    }
  }

  /** Presses by chance until it is enough. */
  async chaos(seed: number, signal: AbortSignal): Promise<void> {
    for (const { afterMs, ...press } of chaosPresses(this.#buttons.targets, seed)) {
      await pause(afterMs, signal);
      if (signal.aborted) return;
      void this.#press(press, true);
    }
  }

  /** Why it could not be done, if it could not. */
  async #press(press: Omit<PressLine, "number">, isChaos: boolean): Promise<string | undefined> {
    const { deed, domain } = press;
    const atMs = this.#watch.pressed(deed, domain, isChaos);
    this.#unanswered++;
    try {
      if (this.#unanswered > PRESSES_MAX) throw new OsError("EBUSY", `${deed} ${domain}`);
      const done = this.#buttons.press(this.#system, press);
      this.#watch.struck(deed, domain, atMs);
      await done;
      return undefined;
    } catch (error) {
      if (!(error instanceof OsError)) throw error; // A fault of ours shows its stack.
      this.#watch.refused(domain, error.message);
      return error.message;
    } finally {
      this.#unanswered--;
    }
  }
}
