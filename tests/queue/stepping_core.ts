/**
 * The shipped queue core, interrupted before each of its atomic instructions.
 *
 * The rewrite puts one call before each atomic instruction of the flat text form and changes nothing
 * else. Whoever is called may throw, which ends the operation there as a death would, or let others
 * run whole operations first, which makes the interrupted one a zombie.
 *
 * @module
 */

import { join } from "node:path";
import binaryen from "binaryen";
import openWabt from "wabt";
import type { QueueCore } from "../../ipc/queue/queue_core.ts";

const WASM = join(import.meta.dirname ?? ".", "../../ipc/queue/queue.wasm");
const FEATURES = { threads: true, mutable_globals: true };

/** The bytes of the shipped core. */
export async function shippedQueueCore(): Promise<Uint8Array<ArrayBuffer>> {
  return await Deno.readFile(WASM);
}

/** Compiles a core with a call of `world.step` before each atomic instruction. */
export async function compileStepping(core: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
  return new WebAssembly.Module(await insertSteps(core));
}

/** The same with binaryen's Asyncify, so that it can be left at each step and entered again. */
export async function compilePausing(core: Uint8Array<ArrayBuffer>): Promise<WebAssembly.Module> {
  const module = binaryen.readBinary(await insertSteps(core));
  try {
    module.setFeatures(binaryen.Features.Atomics | binaryen.Features.MutableGlobals);
    binaryen.setOptimizeLevel(0);
    binaryen.setPassArgument("asyncify-imports", "world.step");
    module.runPasses(["asyncify"]);
    return new WebAssembly.Module(new Uint8Array(module.emitBinary()));
  } finally {
    module.dispose();
  }
}

async function insertSteps(core: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const wabt = await openWabt();
  const shipped = wabt.readWasm(core, FEATURES);
  shipped.generateNames();
  shipped.applyNames();
  const lines = shipped.toText({ foldExprs: false, inlineExport: false }).split("\n");
  shipped.destroy();
  const interrupted = lines.flatMap((line) => {
    return /\.atomic\./.test(line) ? ["call $step", line] : [line];
  });
  const first = interrupted.findIndex((line) => line.trimStart().startsWith("(import"));
  interrupted.splice(first, 0, '(import "world" "step" (func $step))');
  const parsed = wabt.parseWat("queue.wat", interrupted.join("\n"), FEATURES);
  const bytes = new Uint8Array(parsed.toBinary({}).buffer);
  parsed.destroy();
  return bytes;
}

/** An instance on the memory of a queue; `step` is called before each atomic instruction. */
export function instantiateStepping(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  step: () => void = () => {},
): QueueCore {
  const { exports } = new WebAssembly.Instance(module, { env: { memory }, world: { step } });
  return exports as unknown as QueueCore;
}
