/**
 * A system under chaos: clients in domains of their own and the program itself work on the objects of
 * one server, while server and clients are ended at moments of chance. What they saw is the history.
 *
 * @module
 */

import {
  boot,
  defineSystem,
  type DomainManifest,
  type System,
  type SystemEvent,
} from "@hako/kernel";
import { type Random, randomFrom } from "../../tools/scenarios/random.ts";
import { eventLoop } from "./event_loop.ts";
import type { History } from "./history.ts";
import { STORE_BYTES, STORE_POINTS } from "./object_store.ts";
import { Objects } from "./objects_protocol.ts";
import { historyIn, type LogMemory, newLog, newTickets, Recorder } from "./recorder.ts";
import { type Ways, Worker } from "./workload.ts";
import { settledStatus } from "../../tools/systems/settled_status.ts";

/** One run. The same plan draws the same chances; what comes of them is up to the machine. */
export interface ChaosPlan {
  /** The seed of all chance. */
  readonly seed: number;
  /** Operations in all, roughly: each client does its share. */
  readonly operationCount: number;
  /** Client domains, below 16; the program is one client more. */
  readonly clientCount: number;
  /** Deaths of the server from outside: terminations and restarts. */
  readonly serverDeaths: number;
  /** Deaths of the server at its points. */
  readonly pointDeaths: number;
  /** Deaths of clients. */
  readonly clientDeaths: number;
  /** How the server sleeps: in place, or in its event loop. */
  readonly kind: "server" | "driver";
  /** How the clients call. */
  readonly ways: Ways;
}

/** What came of a run. */
export interface ChaosResult {
  /** All that the clients did and heard. */
  readonly history: History;
  /** Deaths of the server. */
  readonly serverDeaths: number;
  /** Deaths of clients. */
  readonly clientDeaths: number;
  /** Requests posted and not reaped when everybody had finished. */
  readonly slotsInUse: number;
}

/** What a run tells while it goes on: tickets drawn, of about how many. */
export type OnProgress = (drawn: number, total: number) => void;

/** Every way of calling. */
export const EVERY_WAY: Ways = { burst: 0.25, batch: 0.05, stream: 0.03, timed: 0.02 };

/** Runs a plan to its end; or, when `signal` aborts, as far as it came. */
export async function runChaos(
  plan: ChaosPlan,
  onProgress: OnProgress = () => {},
  signal?: AbortSignal,
): Promise<ChaosResult> {
  const random = randomFrom(plan.seed);
  const share = Math.ceil(plan.operationCount / (plan.clientCount + 1));
  const tickets = newTickets();
  const logs = new Map<string, LogMemory>([["program", newLog(share, tickets)]]);
  for (let i = 1; i <= plan.clientCount; i++) logs.set(`client-${i}`, newLog(share, tickets));
  const faults = Array.from({ length: plan.pointDeaths }, () => ({
    domain: "server",
    point: STORE_POINTS[Math.floor(random() * STORE_POINTS.length)]!,
    kind: (["throw", "exit", "terminate"] as const)[Math.floor(random() * 3)]!,
    visit: 1 + Math.floor(random() * plan.operationCount * 0.9),
  }));
  const { promise: givenUp, reject: giveUp } = Promise.withResolvers<never>();
  givenUp.catch(() => {}); // Whoever waits for it hears of it.
  const onEvent = (event: SystemEvent) => {
    // No plan has more deaths than its manifest allows.
    if (event.type === "gave-up") giveUp(new Error(`${event.domain}: ${event.why}`));
  };
  await using system = await boot(chaosSystem(plan, logs), { faults, onEvent });
  const names = [...logs.keys()].filter((name) => name !== "program");
  for (const name of names) await system.start(name);
  const finished = Promise.all(names.map((name) => system.finished(name)));
  const log = logs.get("program")!;
  await playProgram({ plan, system, log, random, onProgress, signal });
  if (signal?.aborted !== true) await Promise.race([finished, givenUp]);
  const { domains, slotsInUse } = await settledStatus(system);
  return {
    history: [...logs].flatMap(([name, log]) => historyIn(name, log)),
    serverDeaths: domains.server!.deaths,
    clientDeaths: names.reduce((sum, name) => sum + domains[name]!.deaths, 0),
    slotsInUse,
  };
}

function chaosSystem(plan: ChaosPlan, logs: ReadonlyMap<string, LogMemory>) {
  const restart = { limit: 1_000_000, windowMs: 1_000 };
  const domains: Record<string, DomainManifest> = {
    server: {
      kind: plan.kind,
      module: "./domains/objects.ts",
      serves: { objects: Objects },
      keeps: { objects: STORE_BYTES },
      spare: true,
      restart,
    },
  };
  const names = [...logs.keys()].filter((name) => name !== "program");
  for (const [index, name] of names.entries()) {
    const options = { log: logs.get(name), number: 1 + index, seed: plan.seed, ways: plan.ways };
    domains[name] = {
      kind: "app",
      module: "./domains/client.ts",
      uses: ["objects"],
      start: "request",
      options,
      restart,
    };
  }
  return defineSystem({ base: import.meta.url, domains });
}

interface Stage {
  readonly plan: ChaosPlan;
  readonly system: System;
  readonly log: LogMemory;
  readonly random: Random;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal | undefined;
}

/** The program's own operations, and between them the deaths, each when its ticket has been drawn. */
async function playProgram(stage: Stage): Promise<void> {
  const { plan, system, log, random, onProgress, signal } = stage;
  const recorder = new Recorder(log, 1);
  const client = await system.connect(Objects, "objects");
  const worker = new Worker(client, recorder, { number: 0, random });
  const ticketCount = 2 * plan.operationCount;
  const deaths = deathsOf(plan, random);
  while (await worker.act(plan.ways)) {
    const drawn = recorder.now;
    onProgress(drawn, ticketCount);
    if (signal !== undefined) await eventLoop(); // Where a signal comes in.
    while (deaths.length > 0 && deaths[0]!.at <= drawn) await end(system, deaths.shift()!);
    if (signal?.aborted) return;
  }
}

interface Death {
  /** The ticket with which it comes. */
  readonly at: number;
  readonly domain: string;
  readonly manner: "terminate" | "restart";
}

function deathsOf(plan: ChaosPlan, random: Random): Death[] {
  const death = (domain: string): Death => ({
    at: Math.floor(random() * 2 * plan.operationCount * 0.9),
    domain,
    manner: random() < 0.5 ? "terminate" : "restart",
  });
  const servers = Array.from({ length: plan.serverDeaths }, () => death("server"));
  const clients = Array.from(
    { length: plan.clientDeaths },
    () => death(`client-${1 + Math.floor(random() * plan.clientCount)}`),
  );
  return [...servers, ...clients].sort((a, b) => a.at - b.at);
}

async function end(system: System, { domain, manner }: Death): Promise<void> {
  if (manner === "restart") await system.restart(domain);
  else system.terminate(domain);
}
