/**
 * A system from boot to halt: what the host does with it.
 *
 * @module
 */

import type { BootOptions, System, SystemEvent, SystemManifest } from "@hako/kernel";
import { jsonLine, textLine } from "@hako/kernel";
import { tellStatus } from "../telemetry/tell_status.ts";
import type { HostOrder, LogFormat } from "./host_order.ts";

/** What is logged when only that is which goes wrong. */
const FAULTS: ReadonlySet<SystemEvent["type"]> = new Set([
  "died",
  "gave-up",
  "kernel-died",
  "poisoned",
  "rolled-back",
  "stopped",
]);

/** How to host. */
export interface Hosting {
  /** Boots the system. */
  readonly boot: (manifest: SystemManifest, options: BootOptions) => Promise<System>;
  /** Takes a log line. */
  readonly write: (line: string) => void;
  /** Ends the system in order. */
  readonly interruption: AbortSignal;
}

/**
 * Boots a system, logs what happens, and halts it in order: when its apps have finished or were given
 * up, when the time is over, when it is interrupted, or when it stops by itself.
 *
 * @returns The exit code: 1 if a domain was given up, else 0.
 */
export async function host(order: HostOrder, { boot, write, interruption }: Hosting) {
  const { manifest, log, isQuiet, durationMs } = order;
  const life = new SystemLife(manifest);
  const onEvent = (event: SystemEvent, atUs: number): void => {
    if (!isQuiet || FAULTS.has(event.type)) write(line(event, atUs, log));
    life.hear(event);
  };
  {
    await using system = await boot(manifest, { onEvent });
    await using _telling = order.isExported ? tellStatus(system) : undefined;
    const timer = durationMs === undefined ? undefined : setTimeout(() => life.end(), durationMs);
    const interrupt = (): void => life.end();
    interruption.addEventListener("abort", interrupt);
    if (interruption.aborted) interrupt();
    await life.over;
    clearTimeout(timer);
    interruption.removeEventListener("abort", interrupt);
  } // Halted: what was still on its way, such as the end of a domain, has been told.
  return life.exitCode;
}

/** When a system's work is done: when its apps have finished, or nothing of it lives any more. */
class SystemLife {
  /** Resolves then. */
  readonly over: Promise<void>;
  /** Ends it before. */
  readonly end: () => void;
  readonly #manifest: SystemManifest;
  readonly #living: Set<string>;
  readonly #apps: Set<string>;
  #hasLost = false;

  constructor(manifest: SystemManifest) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.over = promise;
    this.end = resolve;
    this.#manifest = manifest;
    // Those that wait for a request have nobody here who makes it.
    const started = Object.entries(manifest.domains).filter(([, { start }]) => start !== "request");
    this.#living = new Set(started.flatMap(([name, { replicas }]) => workerNames(name, replicas)));
    this.#apps = new Set(started.filter(([, { kind }]) => kind === "app").map(([name]) => name));
  }

  /** A system that lost a part of itself has not done what it should, whatever its apps say. */
  get exitCode(): number {
    return this.#hasLost ? 1 : 0;
  }

  hear(event: SystemEvent): void {
    if (event.type !== "finished" && event.type !== "gave-up") return;
    const wasLast = this.#apps.delete(event.domain) && this.#apps.size === 0;
    this.#living.delete(event.domain);
    if (wasLast || this.#living.size === 0) this.end();
    if (event.type === "finished") return;
    this.#hasLost = true;
    const name = event.domain.replace(/\.\d+$/, ""); // Of a replica, the domain.
    if (this.#manifest.domains[name]?.restart?.atLimit === "stop") this.end();
  }
}

function workerNames(name: string, replicas: number | undefined): string[] {
  if (replicas === undefined) return [name];
  return Array.from({ length: replicas }, (_, index) => `${name}.${index + 1}`);
}

function line(event: SystemEvent, atUs: number, format: LogFormat): string {
  const timed = { type: "event", event, atUs } as const;
  return format === "json" ? jsonLine(timed) : textLine(timed);
}
