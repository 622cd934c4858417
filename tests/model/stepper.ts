/**
 * Runs operations of the instrumented core up to their next atomic instruction, and on from there.
 *
 * A position inside an operation is plain data: the words of Asyncify's stack, of the channel's
 * instance and of the doorbell's if the operation is inside `ring`. Dead locals are not among them.
 *
 * @module
 */

import type { AtomicStep } from "./atomic_step.ts";
import { KIND } from "./atomic_step.ts";
import { ATOMICS_MODULE, type Instruction, type InstrumentedCore } from "./instrument.ts";

/** Where Asyncify's descriptor lies in an instance's private memory: two words, then the stack. */
const STACK_DESCRIPTOR = 16;
const STACK_FIRST = STACK_DESCRIPTOR + 8;
const STACK_LAST = 65536;

/** States of an asyncified module. */
const UNWINDING = 1;
const REWINDING = 2;

/** A position just before an atomic instruction, inside an operation. */
export interface Position {
  /** The operation: an export of the core. */
  readonly operation: string;
  /** The memory that the operation was called on. */
  readonly memory: number;
  /** The instruction that comes next. */
  readonly step: AtomicStep;
  /** The stack of the instance that was called. */
  readonly stack: Int32Array;
  /** The stack of the doorbell's instance, if it was called from there. */
  readonly innerStack: Int32Array | undefined;
}

/** What came of running: a position, or the operation's answer. */
export type Outcome = Position | number;

type Exports = Readonly<Record<string, (...operands: number[]) => number>>;

interface Instance {
  readonly exports: Exports;
  readonly words: Int32Array;
}

/** Instances of an instrumented core: one for each channel, and the doorbell's. */
export class Stepper {
  readonly #instances: Instance[] = [];
  readonly #doorbell: Instance;
  #step: AtomicStep | undefined;
  #innerStack: Int32Array | undefined;
  #answerLow = 0;
  #answerHigh = 0;

  /** Makes the instances. The doorbell's memory has the index `channelCount`. */
  constructor(core: InstrumentedCore, channelCount: number) {
    const module = new WebAssembly.Module(core.wasm);
    for (let memory = channelCount; memory >= 0; memory--) {
      this.#instances[memory] = this.#instantiate(module, core, memory);
    }
    this.#doorbell = this.#instances[channelCount]!;
  }

  /** Calls an operation and runs it to its first atomic instruction. */
  start(memory: number, operation: string, operands: readonly number[]): Outcome {
    this.#innerStack = undefined;
    return this.#run(memory, operation, operands);
  }

  /** Goes on from a position, whose instruction has answered. */
  resume(position: Position, answerLow: number, answerHigh: number): Outcome {
    this.#answerLow = answerLow;
    this.#answerHigh = answerHigh;
    this.#innerStack = position.innerStack;
    const instance = this.#instances[position.memory]!;
    startRewind(instance, position.stack);
    return this.#run(position.memory, position.operation, []);
  }

  #run(memory: number, operation: string, operands: readonly number[]): Outcome {
    const instance = this.#instances[memory]!;
    const call = instance.exports[operation];
    if (call === undefined) throw new TypeError(`Cannot call ${operation}: the core has no such`);
    const answer = call(...operands);
    if (instance.exports.asyncify_get_state!() !== UNWINDING) return answer;
    const stack = stopUnwind(instance);
    return { operation, memory, step: this.#step!, stack, innerStack: this.#innerStack };
  }

  #instantiate(module: WebAssembly.Module, core: InstrumentedCore, memory: number): Instance {
    const own = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
    const atomics = core.instructions.map((instruction) => {
      return [instruction.name, this.#atomic(instruction, memory)];
    });
    const { exports } = new WebAssembly.Instance(module, {
      env: { memory: own },
      peer: { ring: (index: number) => this.#ring(memory, index), index: memory },
      [ATOMICS_MODULE]: Object.fromEntries(atomics),
    });
    return { exports: exports as Exports, words: new Int32Array(own.buffer) };
  }

  /** What stands for one instruction in one instance. */
  #atomic(instruction: Instruction, memory: number) {
    const { kind, wide, answers, dropped, operandCount } = instruction;
    return (address: number, ...rest: (number | bigint)[]): number | bigint | undefined => {
      const instance = this.#instances[memory]!;
      if (instance.exports.asyncify_get_state!() === REWINDING) {
        instance.exports.asyncify_stop_rewind!();
        if (!answers) return undefined;
        return wide ? joined(this.#answerLow, this.#answerHigh) : this.#answerLow;
      }
      const first = operandCount > 0 ? BigInt(rest[0]!) : 0n;
      const second = kind === KIND.compareExchange ? BigInt(rest[1]!) : 0n;
      this.#step = {
        kind,
        memory,
        address: (address >>> 0) + Number(rest[operandCount]),
        wide,
        dropped,
        low: lowOf(first),
        high: wide ? highOf(first) : 0,
        replacementLow: lowOf(second),
        replacementHigh: wide ? highOf(second) : 0,
      };
      startUnwind(instance);
      return wide && answers ? 0n : 0;
    };
  }

  /** `peer.ring` of a channel: passes the leaving and the entering of the doorbell's code on. */
  #ring(memory: number, index: number): void {
    const channel = this.#instances[memory]!;
    const inner = this.#doorbell;
    if (channel.exports.asyncify_get_state!() === REWINDING) {
      channel.exports.asyncify_stop_rewind!();
      startRewind(inner, this.#innerStack!);
    }
    this.#innerStack = undefined;
    inner.exports.ring!(index);
    if (inner.exports.asyncify_get_state!() !== UNWINDING) return;
    this.#innerStack = stopUnwind(inner);
    startUnwind(channel);
  }
}

function startUnwind({ exports, words }: Instance): void {
  words[STACK_DESCRIPTOR >> 2] = STACK_FIRST;
  words[(STACK_DESCRIPTOR >> 2) + 1] = STACK_LAST;
  exports.asyncify_start_unwind!(STACK_DESCRIPTOR);
}

function stopUnwind({ exports, words }: Instance): Int32Array {
  exports.asyncify_stop_unwind!();
  return words.slice(STACK_FIRST >> 2, words[STACK_DESCRIPTOR >> 2]! >> 2);
}

function startRewind({ exports, words }: Instance, stack: Int32Array): void {
  words.set(stack, STACK_FIRST >> 2);
  words[STACK_DESCRIPTOR >> 2] = STACK_FIRST + stack.byteLength;
  words[(STACK_DESCRIPTOR >> 2) + 1] = STACK_LAST;
  exports.asyncify_start_rewind!(STACK_DESCRIPTOR);
}

function joined(low: number, high: number): bigint {
  return BigInt.asIntN(64, (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0));
}

function lowOf(value: bigint): number {
  return Number(BigInt.asIntN(32, value));
}

function highOf(value: bigint): number {
  return Number(BigInt.asIntN(32, value >> 32n));
}
