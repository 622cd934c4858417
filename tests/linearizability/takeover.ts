/**
 * Channels without a kernel under chaos: clients in workers of their own and the program itself work on
 * the objects while one server after the other takes over the same channels. Predecessors throw in the
 * middle of a request, are terminated, or live on until they find that they were fenced.
 *
 * @module
 */

import { type ChannelMemory, closeChannel, connect, createChannel } from "@hako/ipc";
import { type Random, randomFrom } from "../../tools/scenarios/random.ts";
import { eventLoop } from "./event_loop.ts";
import type { History } from "./history.ts";
import { ObjectStore, STORE_BYTES } from "./object_store.ts";
import { Objects } from "./objects_protocol.ts";
import { historyIn, type LogMemory, newLog, newTickets, Recorder } from "./recorder.ts";
import type { OnProgress } from "./chaos.ts";
import type { ClientTask } from "./workers/client.ts";
import type { ServerEnd, ServerTask } from "./workers/server.ts";
import { type Ways, Worker as ObjectWorker } from "./workload.ts";

/** One run. */
export interface TakeoverPlan {
  /** The seed of all chance. */
  readonly seed: number;
  /** Operations in all, roughly. */
  readonly operationCount: number;
  /** Client workers; the program is one client more. */
  readonly clientCount: number;
  /** Successors that take over. */
  readonly takeovers: number;
  /** How the clients call. */
  readonly ways: Ways;
  /** Whether servers forget which requests were done: then the history must be refused. */
  readonly forgetful?: boolean;
}

/** What came of a run. */
export interface TakeoverResult {
  /** All that the clients did and heard. */
  readonly history: History;
  /** Servers that served, one after the other. */
  readonly generations: number;
  /** Of these, how many threw in a request. */
  readonly deaths: number;
  /** How many were terminated. */
  readonly terminations: number;
  /** How many found that they were fenced, and ended by themselves. */
  readonly yields: number;
}

/** Runs a plan to its end; or, when `signal` aborts, as far as it came. */
export async function runTakeovers(
  plan: TakeoverPlan,
  onProgress: OnProgress = () => {},
  signal?: AbortSignal,
): Promise<TakeoverResult> {
  const random = randomFrom(plan.seed);
  const share = Math.ceil(plan.operationCount / (plan.clientCount + 1));
  const tickets = newTickets();
  const first = createChannel();
  const channels = [first];
  while (channels.length <= plan.clientCount) channels.push(createChannel({ beside: first }));
  const logs = channels.map(() => newLog(share, tickets));
  const servers = new Servers(plan, channels, random);
  const clients = new Clients();
  try {
    servers.replace();
    const { ways, seed } = plan;
    const finished = channels.slice(1).map((channel, i) => {
      const number = i + 1;
      return clients.run({ channel, log: logs[number]!, number, seed: seed + number, ways });
    });
    const log = logs[0]!;
    const stage = { plan, log, channel: first, random, servers, onProgress, signal };
    const program = playProgram(stage);
    await Promise.race([Promise.all([program, ...finished]), servers.failure, aborted(signal)]);
    for (const channel of channels) closeChannel(channel);
    const ends = await servers.ended();
    return {
      history: logs.flatMap((log, i) => historyIn(i === 0 ? "program" : `client-${i}`, log)),
      ...ends,
    };
  } finally {
    for (const channel of channels) closeChannel(channel); // Ends what cannot be terminated.
    clients.terminate();
    servers.terminate();
  }
}

/** The client workers. */
class Clients {
  readonly #workers: Worker[] = [];

  /** Starts one; resolves when it has finished. */
  run(task: ClientTask): Promise<void> {
    const worker = new Worker(new URL("./workers/client.ts", import.meta.url), { type: "module" });
    this.#workers.push(worker);
    worker.postMessage(task);
    return new Promise((resolve, reject) => {
      worker.onmessage = () => resolve();
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(`client ${task.number}: ${event.message}`));
      };
    });
  }

  terminate(): void {
    for (const worker of this.#workers) worker.terminate();
  }
}

interface Stage {
  readonly plan: TakeoverPlan;
  readonly log: LogMemory;
  readonly channel: ChannelMemory;
  readonly random: Random;
  readonly servers: Servers;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal | undefined;
}

/** Resolves when a signal aborts. */
function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => signal?.addEventListener("abort", () => resolve()));
}

/** The program's operations; between them it replaces the server, once that has begun to serve. */
async function playProgram(stage: Stage): Promise<void> {
  const { plan, log, channel, random, servers, onProgress, signal } = stage;
  const recorder = new Recorder(log, 1);
  const client = await connect(Objects, channel);
  const worker = new ObjectWorker(client, recorder, { number: 0, random });
  const every = 2 * plan.operationCount * 0.9 / plan.takeovers;
  let nextAt = every;
  // Only promises: the program must hear of a death to start the successor that answers.
  const ways = { ...plan.ways, burst: 1 };
  while (signal?.aborted !== true && await worker.act(ways)) {
    onProgress(recorder.now, 2 * plan.operationCount);
    if (signal !== undefined) await eventLoop();
    if (recorder.now < nextAt || !servers.hasBegun) continue;
    nextAt = recorder.now + every * (0.5 + random());
    servers.replace();
  }
}

/** One server: its worker, and how it ended. */
interface Generation {
  readonly worker: Worker;
  readonly end: PromiseWithResolvers<ServerEnd | "terminated">;
  hasEnded: boolean;
}

/** One server after the other. */
class Servers {
  readonly #plan: TakeoverPlan;
  readonly #channels: readonly ChannelMemory[];
  readonly #random: Random;
  readonly #memories: SharedArrayBuffer[] = [];
  readonly #generations: Generation[] = [];
  readonly #failure: PromiseWithResolvers<never> = Promise.withResolvers();

  constructor(plan: TakeoverPlan, channels: readonly ChannelMemory[], random: Random) {
    this.#plan = plan;
    this.#channels = channels;
    this.#random = random;
  }

  /** Rejects if one fails otherwise than by its own chance. */
  get failure(): Promise<never> {
    return this.#failure.promise;
  }

  /** Whether the last one has answered a request: only then may another one take over. */
  get hasBegun(): boolean {
    return ObjectStore.isInUse(this.#memories.at(-1)!);
  }

  /** Starts a successor, after or without the end of the last one. */
  replace(): void {
    const last = this.#generations.at(-1);
    if (last !== undefined && !last.hasEnded && this.#random() < 0.4) {
      last.hasEnded = true;
      last.worker.terminate();
      last.end.resolve("terminated");
    }
    this.#memories.push(new SharedArrayBuffer(STORE_BYTES));
    const worker = new Worker(new URL("./workers/server.ts", import.meta.url), { type: "module" });
    const task: ServerTask = {
      channels: this.#channels,
      memories: this.#memories,
      blocking: this.#random() < 0.5,
      // A request visits three points: the forgetful die at the last one, after the commit.
      visits: this.#plan.forgetful
        ? 3 * Math.ceil(this.#random() * 600)
        : Math.floor(this.#random() * 20_000),
      forgetful: this.#plan.forgetful ?? false,
    };
    worker.postMessage(task);
    this.#generations.push(this.#watch(worker));
  }

  /** Ends what is left, after a failure. */
  terminate(): void {
    for (const { worker } of this.#generations) worker.terminate();
  }

  /** How many there were, and how each ended: resolves when all have. */
  async ended() {
    const ends = await Promise.all(this.#generations.map(({ end }) => end.promise));
    const count = (end: string) => ends.filter((other) => other === end).length;
    return {
      generations: ends.length,
      deaths: count("died"),
      terminations: count("terminated"),
      yields: count("over"),
    };
  }

  #watch(worker: Worker): Generation {
    const generation: Generation = {
      worker,
      end: Promise.withResolvers(),
      hasEnded: false,
    };
    worker.onmessage = ({ data }: MessageEvent<ServerEnd>) => {
      if (generation.hasEnded) return; // Terminated, and it did not know.
      generation.hasEnded = true;
      generation.end.resolve(data);
      if (data === "died" && generation === this.#generations.at(-1)) this.replace();
    };
    worker.onerror = (event) => {
      event.preventDefault();
      this.#failure.reject(new Error(`server: ${event.message}`));
    };
    return generation;
  }
}
