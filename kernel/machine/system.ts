/**
 * A running system, as the program that booted it sees it.
 *
 * @module
 */

import {
  ChannelClient,
  type Client,
  Doorbell,
  mismatch,
  type Operations,
  OsError,
  type Protocol,
  type SpokenProtocol,
  type WindowTable,
} from "@hako/ipc";
import { checkFaults, type PointFault } from "../faults/mod.ts";
import {
  HANG_MS_DEFAULT,
  POISON_TRIES_DEFAULT,
  RESTART_DEFAULT,
  SEGMENT_BYTES_MAX,
} from "../limits.ts";
import { type DomainManifest, KERNEL, type SystemManifest } from "../manifest.ts";
import { moduleUrl } from "../manifest/module_url.ts";
import { checkManifest } from "../manifest_check.ts";
import type { DomainPlan, SegmentGrant, SystemEvent, UsedGrant } from "../messages.ts";
import type { SystemStatus } from "../system_status.ts";
import { domainPermissions } from "../permissions.ts";
import type { TraceEvent } from "../trace/events.ts";
import { SystemTrace } from "../trace/system_trace.ts";
import { Machine } from "./machine.ts";

/** How to boot. */
export interface BootOptions {
  /** Faults to inject at named points of domains. */
  readonly faults?: readonly PointFault[];
  /**
   * Hears what happens in the system - deaths, fences, new lives, reports of apps - and when, in
   * microseconds since 1970.
   */
  readonly onEvent?: (event: SystemEvent, atUs: number) => void;
  /** Whether calls are timed from the beginning, as after {@linkcode System.observe}. */
  readonly isObserved?: boolean;
}

/** A running system. Halts when it is disposed of. */
export interface System extends AsyncDisposable {
  /**
   * Connects this program to an endpoint. The client waits out every death of the server.
   *
   * @throws {OsError} `ENOENT` if nobody serves the endpoint; `EPROTONOSUPPORT` if it speaks another
   * protocol or version.
   */
  connect<P extends Protocol<Operations>>(protocol: P, endpoint: string): Promise<Client<P>>;
  /** A window of this program's own, of `byteLength` bytes: buffers that servers use in place. */
  window(byteLength: number): Promise<Uint8Array>;
  /** What the system is doing. */
  status(): Promise<SystemStatus>;
  /**
   * Begins or ends the timing of every call, for {@linkcode System.status} and
   * {@linkcode System.trace}. While nobody observes, no domain reads a clock for it.
   */
  observe(isObserved: boolean): void;
  /** What happened, in the order of time: the last events, steps of lives, and observed calls. */
  trace(): TraceEvent[];
  /** Replaces a domain as if it had died. */
  restart(name: string): Promise<void>;
  /**
   * Replaces a domain by one that runs another module, without losing a request. Resolves when that
   * one serves. It takes over the channels and keeps, so it must understand them.
   *
   * @param name The domain.
   * @param module Absolute, or relative to the manifest's `base`.
   * @throws {OsError} `EIO` if the module does not start: then the one before goes on. `EBUSY` if the
   * domain does not live, or the last upgrade is under way. `ENOENT` if there is no such domain.
   */
  upgrade(name: string, module: string): Promise<void>;
  /**
   * Ends the worker of a domain, as a fault; its successor takes over. Of `kernel`, that of the kernel.
   *
   * @throws {OsError} `ENOENT` if no such domain has a worker.
   */
  terminate(name: string): void;
  /**
   * Lets a fault happen at the next visit of its point, in whatever life: one of those given to boot
   * that say `visit: "ordered"`. Each order is good for one; an order that is still to be carried out
   * is not given twice.
   *
   * @param fault Its index in {@linkcode BootOptions.faults}.
   * @throws {RangeError} If there is no such fault, or it does not happen on order.
   */
  inject(fault: number): void;
  /**
   * Starts a domain whose manifest says `start: "request"`, or an app again that has finished.
   *
   * @throws {OsError} `ENOENT` if there is no such domain; `EBUSY` if it has been started and has not
   * finished.
   */
  start(name: string): Promise<void>;
  /** Resolves with what an app finished with, the last time it was started; rejects with `ESHUTDOWN` if it was given up. */
  finished(name: string): Promise<unknown>;
  /** Halts in order: callers before those they call, devices flushed last. */
  halt(): Promise<void>;
}

/**
 * Boots a system and resolves when every domain is ready.
 *
 * @throws {TypeError} If the manifest is at fault: the message names the path and the nearest name.
 * @throws {OsError} If a domain could not start: its own reason. Everything is halted again.
 *
 * @example
 * ```ts
 * import { boot, defineSystem } from "@hako/kernel";
 *
 * await using system = await boot(defineSystem({ base: import.meta.url, domains: {} }));
 * if ((await system.status()).slotsInUse !== 0) throw new Error("not idle");
 * ```
 */
export async function boot(manifest: SystemManifest, options: BootOptions = {}): Promise<System> {
  const { order } = checkManifest(manifest);
  const plans = order.flatMap((name) => replicaNames(name, manifest.domains[name]!.replicas))
    .map(([name, replica]) => plan(replica, manifest.domains[name]!, manifest.base));
  const faults = options.faults ?? [];
  checkFaults(faults, [...plans, { name: KERNEL }]);
  const system = new RunningSystem(manifest, options.onEvent ?? (() => {}));
  if (options.isObserved) system.observe(true);
  await system.boot(plans, faults);
  return system;
}

/** The names of a domain's workers, each after the name in the manifest. */
function replicaNames(name: string, count: number | undefined): (readonly [string, string])[] {
  if (count === undefined) return [[name, name]];
  return Array.from({ length: count }, (_, index) => [name, `${name}.${index + 1}`] as const);
}

function plan(name: string, domain: DomainManifest, base: string): DomainPlan {
  const serves: Record<string, SpokenProtocol> = {};
  for (const [endpoint, { name, version }] of Object.entries(domain.serves ?? {})) {
    serves[endpoint] = { name, version };
  }
  return {
    name,
    kind: domain.kind,
    module: moduleUrl(domain.module, base),
    permissions: domainPermissions(domain, base),
    ...(domain.memoryLimitMb === undefined ? {} : { memoryLimitMb: domain.memoryLimitMb }),
    serves,
    uses: domain.uses ?? [],
    manages: domain.manages ?? [],
    keeps: domain.keeps ?? {},
    windows: domain.windows ?? {},
    options: domain.options ?? {},
    restart: domain.restart ?? RESTART_DEFAULT,
    // Who serves nothing may compute for long, unless its manifest says otherwise.
    hangMs: domain.hangMs ?? (Object.keys(serves).length > 0 ? HANG_MS_DEFAULT : 0),
    poisonTries: domain.poisonTries ?? POISON_TRIES_DEFAULT,
    spare: domain.spare ?? false,
    start: domain.start ?? "boot",
  };
}

/** What a domain's protocols call an operation, if that is the same in all that know its number. */
function operationName(manifest: SystemManifest, domain: string, code: number): string | undefined {
  const { serves = {} } = manifest.domains[domain] ?? manifest.domains[domain.split(".")[0]!] ?? {};
  const protocols = Object.values(serves) as readonly Partial<Protocol<Operations>>[];
  const names = protocols.map(({ byCode }) => byCode?.get(code)?.name);
  const known = new Set(names.filter((name) => name !== undefined));
  return known.size === 1 ? [...known][0] : undefined;
}

/** The program's own windows. */
class ProgramWindows implements WindowTable {
  readonly #ids: Map<ArrayBufferLike, number> = new Map();

  add({ id, buffer }: SegmentGrant): Uint8Array {
    this.#ids.set(buffer, id);
    return new Uint8Array(buffer);
  }

  segmentOf(buffer: ArrayBufferLike): number {
    return this.#ids.get(buffer) ?? 0;
  }

  segment(): undefined {
    return undefined; // The program serves nobody.
  }
}

interface Finish {
  readonly promise: Promise<unknown>;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

class RunningSystem implements System {
  readonly #machine: Machine;
  readonly #windows: ProgramWindows = new ProgramWindows();
  readonly #finishes: Map<string, Finish> = new Map();
  readonly #base: string;
  #halt: Promise<void> | undefined;
  /** Why the system has stopped by itself, if it has. */
  #stopped: OsError | undefined;

  readonly #trace: SystemTrace;

  constructor(manifest: SystemManifest, onEvent: NonNullable<BootOptions["onEvent"]>) {
    this.#base = manifest.base;
    this.#trace = new SystemTrace((domain, code) => operationName(manifest, domain, code));
    const hear = (event: SystemEvent, atUs?: number) => {
      const timed = this.#trace.record(event, atUs);
      if (event.type === "finished") this.#finish(event.domain).resolve(event.value);
      if (event.type === "gave-up") {
        const error = new OsError("ESHUTDOWN", `wait for ${event.domain}: ${event.why}`);
        this.#finish(event.domain).reject(error);
      }
      if (event.type === "stopped") {
        const error = new OsError("ESHUTDOWN", `wait for a system that has stopped: ${event.why}`);
        for (const finish of this.#finishes.values()) finish.reject(error);
        this.#stopped = error;
      }
      onEvent(event, timed.atUs);
    };
    this.#machine = new Machine(hear, (domain, buffer) => this.#trace.add(domain, buffer));
  }

  async boot(plans: readonly DomainPlan[], faults: readonly PointFault[]): Promise<void> {
    try {
      await this.#machine.boot(plans, faults);
    } catch (error) {
      await this.halt();
      throw error;
    }
  }

  async connect<P extends Protocol<Operations>>(protocol: P, endpoint: string): Promise<Client<P>> {
    const used = await this.#machine.call({ type: "connect", endpoint }) as UsedGrant;
    const wrong = mismatch(protocol, used.protocol, `at ${endpoint}`);
    if (wrong !== undefined) throw new OsError("EPROTONOSUPPORT", wrong);
    const { index, censusIndex } = used;
    const server = { bell: new Doorbell(used.bell), index, censusIndex };
    const environment = { waiter: this.#machine, windows: this.#windows };
    return new ChannelClient(protocol, used.memory, server, environment);
  }

  async window(byteLength: number): Promise<Uint8Array> {
    if (!(Number.isInteger(byteLength) && byteLength > 0 && byteLength <= SEGMENT_BYTES_MAX)) {
      throw new RangeError(`Cannot make a window: ${byteLength} is no number of bytes from 1 up`);
    }
    const grant = await this.#machine.call({ type: "window", byteLength }) as SegmentGrant;
    return this.#windows.add(grant);
  }

  async status(): Promise<SystemStatus> {
    const status = await this.#machine.call({ type: "status" }) as SystemStatus;
    const domains = Object.entries(status.domains).map(([name, domain]) => {
      const latency = this.#trace.observed(name);
      return [name, latency === undefined ? domain : { ...domain, latency }] as const;
    });
    return { ...status, domains: Object.fromEntries(domains) };
  }

  observe(isObserved: boolean): void {
    this.#trace.observe(isObserved);
  }

  trace(): TraceEvent[] {
    return this.#trace.events();
  }

  async restart(name: string): Promise<void> {
    await this.#machine.call({ type: "restart", name });
  }

  async upgrade(name: string, module: string): Promise<void> {
    const url = moduleUrl(module, this.#base);
    await this.#machine.call({ type: "upgrade", name, module: url });
  }

  inject(fault: number): void {
    if (this.#machine.inject(fault)) return;
    throw new RangeError(`Cannot inject fault ${fault}: it is none that happens on order`);
  }

  async start(name: string): Promise<void> {
    await this.#machine.call({ type: "start", name });
    this.#finishes.delete(name);
  }

  terminate(name: string): void {
    if (!this.#machine.kill(name)) throw new OsError("ENOENT", `terminate ${name}`);
  }

  finished(name: string): Promise<unknown> {
    return this.#finish(name).promise;
  }

  halt(): Promise<void> {
    this.#halt ??= this.#machine.call({ type: "halt" }).then(() => {}, this.#ended).finally(() =>
      this.#machine.end()
    );
    return this.#halt;
  }

  /** A system that has stopped by itself is as halted as can be. */
  readonly #ended = (error: unknown): void => {
    if (!(error instanceof OsError) || error.code !== "ESHUTDOWN") throw error;
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await this.halt();
  }

  #finish(name: string): Finish {
    let finish = this.#finishes.get(name);
    if (finish === undefined) {
      finish = Promise.withResolvers<unknown>();
      if (this.#stopped !== undefined) finish.reject(this.#stopped);
      finish.promise.catch(() => {}); // Who asks hears of it; who does not is not punished.
      this.#finishes.set(name, finish);
    }
    return finish;
  }
}
