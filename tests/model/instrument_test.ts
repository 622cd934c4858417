import { assertEquals } from "@std/assert";
import { applyAtomic, type AtomicStep, KIND } from "./atomic_step.ts";
import { instrument } from "./instrument.ts";
import { type Outcome, Stepper } from "./stepper.ts";
import { CHANNEL_PAGES } from "../../ipc/layouts/channel.ts";
import { EPOCH_MAX } from "../../ipc/limits.ts";
import { shippedCore } from "./shipped_core.ts";

/** Calls of every export, in a seeded order, with operands that meet each branch. */
const CALLS: readonly (readonly [memory: number, name: string, ...operands: Operand[]])[] = [
  [0, "initialise", "first", "epoch"],
  [0, "post", "sequence"],
  [0, "post", "sequence"],
  [0, "postMany", "sequence", "few"],
  [0, "call", "sequence", "few"],
  [0, "isFree", "sequence"],
  [0, "reap", "sequence"],
  [0, "spin", "sequence", "few"],
  [0, "cancel", "sequence"],
  [0, "take", "sequence", "epoch"],
  [0, "take", "sequence", "epoch"],
  [0, "takeAgain", "sequence", "epoch"],
  [0, "spinTake", "sequence", "epoch", "few"],
  [0, "complete", "sequence", "epoch", "few"],
  [0, "finish", "sequence", "epoch", "few"],
  [0, "isAbandoned", "sequence", "epoch"],
  [0, "firstUnfinished"],
  [0, "fence", "epoch"],
  [0, "wake"],
  [0, "announce"],
  [1, "announce"],
  [0, "rouse"],
  [1, "rouse"],
  [1, "ring", "index"],
  [1, "useReady"],
  [1, "takeReady", "few"],
  [1, "wake"],
  [1, "wait", "few", "few"],
];

/** Calls that undo much. */
const RARE: ReadonlySet<string> = new Set(["initialise", "fence"]);

type Operand = "first" | "sequence" | "epoch" | "few" | "index";

Deno.test("the instrumented core answers and writes what the shipped one does", async () => {
  const { wasm } = await shippedCore();
  const shipped = shippedPair(wasm);
  const exports = WebAssembly.Module.exports(new WebAssembly.Module(wasm))
    .filter(({ kind }) => kind === "function").map(({ name }) => name);
  assertEquals(new Set(CALLS.map(([_, name]) => name)), new Set(exports));
  const stepper = new Stepper(await instrument(wasm), 1);
  const words = [
    new Int32Array(shipped[0]!.words.length),
    new Int32Array(shipped[1]!.words.length),
  ];
  const random = randomNumbers(20260101);
  const met = new Set<string>();
  for (let i = 0; i < 6_000; i++) {
    const [memory, name, ...kinds] = CALLS[random() % CALLS.length]!;
    if (RARE.has(name) && random() % 16 !== 0) continue;
    const operands = kinds.map((kind) => operandOf(kind, random()));
    const expected = shipped[memory]!.call(name, operands);
    const actual = runAlone(stepper, words, stepper.start(memory, name, operands));
    assertEquals(Number(actual ?? 0), Number(expected ?? 0), `${name}(${operands}), call ${i}`);
    met.add(`${name} ${expected}`);
    // Comparing the whole memory each time would take most of the test's time.
    for (const index of [0, 1]) {
      if (i % 16 === 0) assertEquals(words[index], shipped[index]!.words.slice(), `call ${i}`);
    }
  }
  for (
    const outcome of ["post 1", "post 0", "take 1", "take 2", "complete 1", "finish 1", "cancel 2"]
  ) {
    assertEquals(met.has(outcome), true, outcome);
  }
});

function shippedPair(wasm: Uint8Array<ArrayBuffer>) {
  const module = new WebAssembly.Module(wasm);
  const make = (pages: number, ring: WebAssembly.ImportValue) => {
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    const imports = { env: { memory }, peer: { ring, index: 0 } };
    const exports = new WebAssembly.Instance(module, imports).exports as Readonly<
      Record<string, (...operands: number[]) => number>
    >;
    return {
      ring: exports.ring!,
      words: new Int32Array(memory.buffer),
      call: (name: string, operands: readonly number[]) => exports[name]!(...operands),
    };
  };
  const doorbell = make(1, () => {});
  return [make(CHANNEL_PAGES, doorbell.ring), doorbell];
}

/** Runs an operation to its end, alone, on the explorer's words. Waits time out at once. */
function runAlone(stepper: Stepper, words: readonly Int32Array[], first: Outcome): number {
  let outcome = first;
  const read = { low: 0, high: 0, wrote: false };
  while (typeof outcome === "object") {
    const { step } = outcome;
    if (step.kind === KIND.notify) read.low = 0;
    else if (step.kind === KIND.wait) read.low = wordOf(words, step) === step.low ? 2 : 1;
    else applyAtomic(words[step.memory]!, step.address >> 2, step, read);
    outcome = stepper.resume(outcome, read.low, read.high);
  }
  return outcome;
}

function wordOf(words: readonly Int32Array[], step: AtomicStep): number {
  return words[step.memory]![step.address >> 2]!;
}

function operandOf(kind: Operand, chance: number): number {
  if (kind === "first") return -64;
  // Three rounds of a few slots, so that the sequences wrap within the test.
  if (kind === "sequence") return -64 + chance % 4 + 64 * ((chance >> 8) % 3);
  if (kind === "epoch") return chance % 8 === 0 ? EPOCH_MAX : EPOCH_MAX - 1;
  return kind === "index" ? 0 : chance % 4;
}

/** A linear congruential generator; only its high bits are used. */
function randomNumbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (Math.imul(state, 1103515245) + 12345) | 0;
    return (state >>> 12) & 0xffff;
  };
}
