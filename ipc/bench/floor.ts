/**
 * The floor: two threads that hand a word to and fro, both spinning inside wasm. No call between
 * two cores of this machine can be faster, whatever it carries.
 *
 * @module
 */

import wabt from "wabt";
import type { Contestant } from "@hako/tools/bench";
import { startWorker } from "./worker.ts";

/** What the floor's module exports. */
export interface FloorExports {
  /** Asks for `count` numbers from `first` on, one after the other. */
  ask(first: number, count: number): void;
  /** Answers for ever. */
  answer(): never;
}

/** What the worker that answers is sent. */
export interface FloorSetup {
  /** The module. */
  readonly module: WebAssembly.Module;
  /** Its memory. */
  readonly memory: WebAssembly.Memory;
}

/** The question lies at 0 and the answer at 128: no processor prefetches one with the other. */
const SOURCE = `(module
  (import "floor" "memory" (memory 1 1 shared))
  (func (export "ask") (param $number i32) (param $count i32)
    (loop $next
      (i32.atomic.store (i32.const 0) (local.get $number))
      (loop $spin
        (br_if $spin (i32.ne (i32.atomic.load (i32.const 128)) (local.get $number))))
      (local.set $number (i32.add (local.get $number) (i32.const 1)))
      (local.set $count (i32.sub (local.get $count) (i32.const 1)))
      (br_if $next (local.get $count))))
  (func (export "answer") (local $last i32) (local $number i32)
    (loop $spin
      (local.set $number (i32.atomic.load (i32.const 0)))
      (br_if $spin (i32.eq (local.get $number) (local.get $last)))
      (local.set $last (local.get $number))
      (i32.atomic.store (i32.const 128) (local.get $number))
      (br $spin))))`;

/** The floor. */
export async function pingPong(): Promise<Contestant> {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const module = await compileFloor();
  const { ask } = openFloor({ module, memory });
  const setup: FloorSetup = { module, memory };
  await startWorker(new URL("./floor_worker.ts", import.meta.url), setup);
  let next = 1;
  return {
    run(count) {
      ask(next, count);
      next = (next + count) | 0;
    },
  };
}

/** One thread's view of the floor. */
export function openFloor({ module, memory }: FloorSetup): FloorExports {
  const { exports } = new WebAssembly.Instance(module, { floor: { memory } });
  return exports as unknown as FloorExports;
}

async function compileFloor(): Promise<WebAssembly.Module> {
  const { parseWat } = await wabt();
  const { buffer } = parseWat("floor.wat", SOURCE, { threads: true }).toBinary({});
  return new WebAssembly.Module(new Uint8Array(buffer));
}
