/**
 * A server in a worker, with the channels of its clients; and whoever attacks it.
 *
 * @module
 */

import { type ChannelMemory, closeChannel, createChannel } from "@hako/ipc";
import type { AttackTask } from "./workers/attacker.ts";
import type { BusyTask } from "./workers/busy_neighbour.ts";
import type { HonestResult, HonestTask } from "./workers/honest.ts";
import type { LedgerTask } from "./workers/ledger.ts";
import type { MisserverTask } from "./workers/misserver.ts";

/** The stage of one test. Disposing of it ends every worker. */
export class Stage implements AsyncDisposable {
  /** The channels: one for each client, each with a window of 4 KiB. */
  readonly channels: readonly ChannelMemory[];
  /** Requests served, by badge. */
  readonly served: Int32Array = new Int32Array(new SharedArrayBuffer(256));
  /** Balances, by badge. */
  readonly balances: Uint32Array = new Uint32Array(new SharedArrayBuffer(256));
  readonly #workers: Worker[] = [];
  readonly #controls: Int32Array[] = [];
  readonly #failure: PromiseWithResolvers<never> = Promise.withResolvers();
  #isOver = false;

  /** @param clientCount Clients, honest or not. */
  constructor(clientCount: number) {
    const windows = () => [new SharedArrayBuffer(4096)];
    const first = createChannel({ windows: windows() });
    const channels = [first];
    while (channels.length < clientCount) {
      channels.push(createChannel({ beside: first, windows: windows() }));
    }
    this.channels = channels;
    this.#failure.promise.catch(() => {}); // Whoever waits for something hears of it.
  }

  /** Starts a server, or a successor; resolves when it ends. */
  serve(options: { readonly blocking: boolean }): Promise<unknown> {
    const task: LedgerTask = {
      channels: this.channels,
      served: this.served.buffer as SharedArrayBuffer,
      balances: this.balances.buffer as SharedArrayBuffer,
      ...options,
    };
    return this.run("ledger", task);
  }

  /** Lets a client attack until the stage is left; resolves when it has begun. */
  async attack(client: number, attacks: readonly string[], seed = 1): Promise<void> {
    const control = new Int32Array(new SharedArrayBuffer(8));
    this.#controls.push(control);
    const channel = this.channels[client]!;
    const task: AttackTask = {
      channel,
      attacks,
      control: control.buffer as SharedArrayBuffer,
      seed,
    };
    await this.run("attacker", task);
  }

  /** Lets a client that never sleeps make honest calls until the stage is left. */
  async keepBusy(client: number): Promise<void> {
    const control = new Int32Array(new SharedArrayBuffer(8));
    this.#controls.push(control);
    const channel = this.channels[client]!;
    const task: BusyTask = { channel, control: control.buffer as SharedArrayBuffer };
    await this.run("busy_neighbour", task);
  }

  /**
   * Starts a hostile server of the first client; resolves, when that speaks, with what lets it attack
   * until the stage is left.
   */
  async misserve(attack: string): Promise<() => void> {
    const control = new Int32Array(new SharedArrayBuffer(8));
    this.#controls.push(control);
    const channel = this.channels[0]!;
    const task: MisserverTask = { channel, attack, control: control.buffer as SharedArrayBuffer };
    await this.run("misserver", task);
    return () => void Atomics.store(control, 1, 1);
  }

  /** Lets an honest client work; resolves with what it saw. */
  async work(client: number, rounds: number): Promise<HonestResult> {
    const task: HonestTask = { channel: this.channels[client]!, rounds, seed: client };
    return await this.run("honest", task) as HonestResult;
  }

  /** Starts a worker; resolves with its first message. */
  run(name: string, task: unknown): Promise<unknown> {
    const module = new URL(`./workers/${name}.ts`, import.meta.url);
    const worker = new Worker(module, { type: "module", name });
    this.#workers.push(worker);
    const { promise, resolve } = Promise.withResolvers<unknown>();
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => {
      event.preventDefault();
      if (!this.#isOver) this.#failure.reject(new Error(`${name}: ${event.message}`));
    };
    worker.postMessage(task);
    const outcome = Promise.race([promise, this.#failure.promise]);
    outcome.catch(() => {}); // As above.
    return outcome;
  }

  /** Rounds that the attackers have made. */
  get attackRounds(): number {
    return this.#controls.reduce((sum, control) => sum + Atomics.load(control, 1), 0);
  }

  /** Ends every worker. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    for (const control of this.#controls) Atomics.store(control, 0, 1);
    for (const channel of this.channels) closeChannel(channel);
    for (const worker of this.#workers) worker.terminate();
    await Promise.resolve();
  }
}
