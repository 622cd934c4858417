/**
 * Makes the core explorable: each atomic instruction becomes the call of an import, at which the
 * module can be left and entered again (binaryen's Asyncify).
 *
 * The rewrite is one line for one line of the flat text form: an instruction and the call that
 * replaces it take and leave the same operands. Nothing is optimised afterwards, so no instruction
 * moves. The memory of an instrumented instance holds Asyncify's stack and nothing else.
 *
 * @module
 */

import binaryen from "binaryen";
import openWabt from "wabt";
import { KIND, type Kind } from "./atomic_step.ts";

/** The module from which the replaced instructions are imported. */
export const ATOMICS_MODULE = "atomics";

/** An atomic instruction that the core uses, and how its replacement is called. */
export interface Instruction {
  /** The name of the import, as `"i64.rmw.cmpxchg"`. */
  readonly name: string;
  /** What it does. */
  readonly kind: Kind;
  /** Whether its word has 64 bits. */
  readonly wide: boolean;
  /** How many operands follow the address. */
  readonly operandCount: number;
  /** Whether it leaves a value. */
  readonly answers: boolean;
  /** Whether that value is dropped at once. */
  readonly dropped: boolean;
}

/** The core, made explorable. */
export interface InstrumentedCore {
  /** Its bytes. */
  readonly wasm: Uint8Array<ArrayBuffer>;
  /** The instructions that were replaced. */
  readonly instructions: readonly Instruction[];
  /** How many places were replaced. */
  readonly siteCount: number;
}

const OPERATION_KINDS: Readonly<Record<string, Kind>> = {
  "load": KIND.load,
  "store": KIND.store,
  "rmw.add": KIND.add,
  "rmw.or": KIND.or,
  "rmw.and": KIND.and,
  "rmw.xchg": KIND.exchange,
  "rmw.cmpxchg": KIND.compareExchange,
};

/** A line of the text form that touches memory. The core may do so by whole-word atomics alone. */
const TOUCHES_MEMORY =
  /^\s*((?:[if](?:32|64)\.(?:atomic\.)?(?:load|store|rmw)|memory\.|v128\.|atomic\.fence)[^\s)]*)(?: offset=(\d+))?/;

/**
 * Instruments a core.
 *
 * @throws {SyntaxError} The core touches its memory by something else than a whole-word atomic, or
 * keeps state outside of it.
 */
export async function instrument(
  core: Uint8Array<ArrayBuffer>,
): Promise<InstrumentedCore> {
  const wabt = await openWabt();
  const features = { threads: true, mutable_globals: true };
  const source = wabt.readWasm(core, features);
  source.generateNames();
  source.applyNames();
  const text = source.toText({ foldExprs: false, inlineExport: false });
  source.destroy();
  const { rewritten, instructions, siteCount } = rewrite(text);
  const parsed = wabt.parseWat("core.wat", rewritten, features);
  const bytes = new Uint8Array(parsed.toBinary({}).buffer);
  parsed.destroy();
  return { wasm: asyncify(bytes), instructions, siteCount };
}

function rewrite(text: string) {
  const used = new Map<string, Instruction>();
  let siteCount = 0;
  const lines = text.split("\n").flatMap((line, index, all) => {
    if (/^\s*\(global .*\(mut /.test(line)) throw refused(line);
    const touching = TOUCHES_MEMORY.exec(line);
    if (touching === null) return [line];
    const [whole, mnemonic, offset] = touching;
    const dropped = all[index + 1]?.trimStart().startsWith("drop") === true;
    const instruction = parseInstruction(mnemonic!, dropped);
    if (instruction === undefined) throw refused(line);
    used.set(instruction.name, instruction);
    siteCount++;
    return [
      `i32.const ${offset ?? 0}`,
      `call $atomics.${instruction.name}${line.slice(whole.length)}`,
    ];
  });
  const instructions = [...used.values()];
  const firstImport = lines.findIndex((line) => line.trimStart().startsWith("(import"));
  lines.splice(firstImport, 0, ...instructions.map(importLine));
  return { rewritten: lines.join("\n"), instructions, siteCount };
}

function refused(line: string): SyntaxError {
  return new SyntaxError(`Cannot instrument "${line.trim()}": only whole-word atomics are known`);
}

function parseInstruction(mnemonic: string, dropped: boolean): Instruction | undefined {
  const suffix = dropped ? ".dropped" : "";
  if (mnemonic === "memory.atomic.wait32") {
    const name = `wait32${suffix}`;
    return { name, kind: KIND.wait, wide: false, operandCount: 2, answers: true, dropped };
  }
  if (mnemonic === "memory.atomic.notify") {
    const name = `notify${suffix}`;
    return { name, kind: KIND.notify, wide: false, operandCount: 1, answers: true, dropped };
  }
  const [, type, operation] = /^(i32|i64)\.atomic\.(load|store|rmw\.[a-z]+)$/.exec(mnemonic) ?? [];
  const kind = OPERATION_KINDS[operation ?? ""];
  if (type === undefined || kind === undefined) return undefined;
  return {
    name: `${type}.${operation}${suffix}`,
    kind,
    wide: type === "i64",
    operandCount: kind === KIND.load ? 0 : kind === KIND.compareExchange ? 2 : 1,
    answers: kind !== KIND.store,
    dropped,
  };
}

function importLine({ name, kind, wide, operandCount, answers }: Instruction): string {
  const type = wide ? "i64" : "i32";
  const operands = kind === KIND.wait ? "i32 i64" : Array(operandCount).fill(type).join(" ");
  const result = answers ? ` (result ${type})` : "";
  return `(import "${ATOMICS_MODULE}" "${name}" ` +
    `(func $atomics.${name} (param i32 ${operands} i32)${result}))`;
}

function asyncify(wasm: Uint8Array): Uint8Array<ArrayBuffer> {
  const module = binaryen.readBinary(wasm);
  try {
    module.setFeatures(binaryen.Features.Atomics | binaryen.Features.MutableGlobals);
    binaryen.setOptimizeLevel(1);
    binaryen.setPassArgument("asyncify-imports", `${ATOMICS_MODULE}.*,peer.ring`);
    module.runPasses(["asyncify"]);
    return new Uint8Array(module.emitBinary());
  } finally {
    module.dispose();
  }
}
