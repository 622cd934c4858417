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
import { HANG_MS_DEFAULT, RESTART_DEFAULT, SEGMENT_BYTES_MAX } from "../limits.ts";
import type { DomainManifest, SystemManifest } from "../manifest.ts";
import { checkManifest } from "../manifest_check.ts";
import type {
  DomainPlan,
  PointFault,
  SegmentGrant,
  SystemEvent,
  SystemStatus,
  UsedGrant,
} from "../messages.ts";
import { Machine } from "./machine.ts";

/** How to boot. */
export interface BootOptions {
  /** Faults to inject at named points of domains. */
  readonly faults?: readonly PointFault[];
  /** Hears what happens to the domains: deaths, fences, new lives, reports of apps. */
  readonly onEvent?: (event: SystemEvent) => void;
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
  /** Replaces a domain as if it had died: for a new version of its module, or to try it out. */
  restart(name: string): Promise<void>;
  /**
   * Ends a domain's worker, as a fault. Its successor takes over.
   *
   * @throws {OsError} `ENOENT` if no such domain has a worker.
   */
  terminate(name: string): void;
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
  const system = new RunningSystem(options.onEvent ?? (() => {}));
  await system.boot(plans, options.faults ?? []);
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
    module: import.meta.resolve(new URL(domain.module, base).href),
    permissions: domain.permissions ?? {},
    serves,
    uses: domain.uses ?? [],
    keeps: domain.keeps ?? {},
    windows: domain.windows ?? {},
    options: domain.options ?? {},
    restart: domain.restart ?? RESTART_DEFAULT,
    hangMs: domain.hangMs ?? HANG_MS_DEFAULT,
    spare: domain.spare ?? false,
    start: domain.start ?? "boot",
  };
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
  #halt: Promise<void> | undefined;

  constructor(onEvent: (event: SystemEvent) => void) {
    this.#machine = new Machine((event) => {
      if (event.type === "finished") this.#finish(event.domain).resolve(event.value);
      if (event.type === "gave-up") {
        const error = new OsError("ESHUTDOWN", `wait for ${event.domain}: ${event.why}`);
        this.#finish(event.domain).reject(error);
      }
      onEvent(event);
    });
  }

  async boot(plans: readonly DomainPlan[], faults: readonly PointFault[]): Promise<void> {
    try {
      await this.#machine.boot({ plans, faults, cores: navigator.hardwareConcurrency });
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
    return await this.#machine.call({ type: "status" }) as SystemStatus;
  }

  async restart(name: string): Promise<void> {
    await this.#machine.call({ type: "restart", name });
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
    this.#halt ??= this.#machine.call({ type: "halt" }).then(() => {}).finally(() =>
      this.#machine.end()
    );
    return this.#halt;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.halt();
  }

  #finish(name: string): Finish {
    let finish = this.#finishes.get(name);
    if (finish === undefined) {
      finish = Promise.withResolvers<unknown>();
      finish.promise.catch(() => {}); // Who asks hears of it; who does not is not punished.
      this.#finishes.set(name, finish);
    }
    return finish;
  }
}
