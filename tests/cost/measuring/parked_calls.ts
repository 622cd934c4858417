/**
 * Calls that find their server asleep: how long each step of one takes, by what both threads note.
 *
 * @module
 */

import { Doorbell } from "@hako/ipc";
import { startWorker } from "../../../ipc/bench/worker.ts";
import { nowUs } from "../../../kernel/trace/clock.ts";
import { median } from "../../growth/curve.ts";
import type { Sample } from "../cost_path.ts";
import { startMarkedServer } from "./marked_server.ts";
import { MARK } from "./marks.ts";
import { middleHalf } from "./middle_half.ts";

/** A server without a request spins for about 0.3 ms. */
const PAUSE_MS = 2;

const WARM_CALLS = 20_000;
const CALLS = 200;

const nobody = new Int32Array(new SharedArrayBuffer(4));

/** Sleeps for so long that a server does, too. */
function pause(): void {
  Atomics.wait(nobody, 0, 0, PAUSE_MS);
}

/** When a step of a call was over, in microseconds. */
interface Times {
  begun: number;
  ringing: number;
  rung: number;
  awake: number;
}

/** What a call consists of; `ring` is within another. */
type Part = "encode" | "wakeServer" | "serve" | "wakeClient" | "decode" | "ring";

/** The steps of a call, in microseconds. */
export async function measureParkedCalls(table: string): Promise<Sample> {
  const server = await startMarkedServer(true);
  const times: Times = { begun: 0, ringing: 0, rung: 0, awake: 0 };
  const client = server.connect({
    wakes: () => times.ringing = nowUs(),
    sleeps: () => times.rung = nowUs(),
    woke: () => times.awake = nowUs(),
  });
  for (let i = 0; i < WARM_CALLS; i++) client.callSync("add", { a: i, b: 1 });
  const calls: Record<Part | "whole", number>[] = [];
  for (let i = 0; i < CALLS; i++) {
    pause();
    times.begun = nowUs();
    client.callSync("add", { a: i, b: 1 });
    const endUs = nowUs();
    const { marks } = server;
    if (marks[MARK.WOKE]! < times.ringing) continue; // It was still awake.
    calls.push({
      encode: times.ringing - times.begun,
      wakeServer: marks[MARK.WOKE]! - times.ringing,
      serve: marks[MARK.HANDLER]! - marks[MARK.WOKE]!,
      wakeClient: times.awake - marks[MARK.HANDLER]!,
      decode: endUs - times.awake,
      whole: endUs - times.begun,
      ring: times.rung - times.ringing,
    });
  }
  if (calls.length < CALLS / 2) throw new Error("Cannot go on: the server does not fall asleep");
  return Object.fromEntries(
    Object.entries(middleHalf(calls)).map(([name, us]) => [`${table}.${name}`, us]),
  );
}

/** The same with a thread for each core that computes meanwhile. */
export async function measureParkedInCrowd(table: string): Promise<Sample> {
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const module = new URL("./burning_worker.ts", import.meta.url);
  for (let core = 0; core < navigator.hardwareConcurrency; core++) await startWorker(module, stop);
  const sample = await measureParkedCalls(table);
  stop[0] = 1;
  return sample;
}

/** What two threads take to wake each other, by the same bells and nothing else: microseconds. */
export async function measureFutexFloor(): Promise<number> {
  const there = Doorbell.create();
  const back = Doorbell.create();
  const module = new URL("./woken_worker.ts", import.meta.url);
  await startWorker(module, { there: there.memory, back: back.memory });
  return median(Array.from({ length: CALLS }, () => {
    pause();
    const startUs = nowUs();
    const announced = back.announce();
    there.core.wake();
    back.wait(announced, 1_000);
    return nowUs() - startUs;
  }));
}
