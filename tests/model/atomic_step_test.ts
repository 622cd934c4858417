import { assertEquals } from "@std/assert";
import { applyAtomic, type AtomicStep, KIND, type Kind } from "./atomic_step.ts";

/** Does one instruction on a word of 64 bits with the machine's atomics and with the explorer's. */
function both(kind: Kind, word: bigint, operand: bigint, replacement = 0n) {
  const machine = new BigInt64Array(new SharedArrayBuffer(8));
  machine[0] = word;
  const ours = new BigInt64Array([word]);
  const step: AtomicStep = {
    kind,
    memory: 0,
    address: 0,
    wide: true,
    dropped: false,
    low: Number(BigInt.asIntN(32, operand)),
    high: Number(BigInt.asIntN(32, operand >> 32n)),
    replacementLow: Number(BigInt.asIntN(32, replacement)),
    replacementHigh: Number(BigInt.asIntN(32, replacement >> 32n)),
  };
  const read = { low: 0, high: 0, wrote: false };
  applyAtomic(new Int32Array(ours.buffer), 0, step, read);
  const answer = (BigInt(read.high) << 32n) | BigInt(read.low >>> 0);
  return { machine, ours: ours[0], answer };
}

Deno.test("applyAtomic() carries, wraps and compares words of 64 bits as the machine does", () => {
  const words = [0n, 1n, -1n, 0xffff_ffffn, -(2n ** 63n), 0x7fff_ffff_ffff_ffffn, 2n ** 40n];
  for (const word of words) {
    for (const operand of words) {
      const added = both(KIND.add, word, operand);
      assertEquals(added.answer, Atomics.add(added.machine, 0, operand));
      assertEquals(added.ours, added.machine[0]);
      const joined = both(KIND.or, word, operand);
      assertEquals(joined.answer, Atomics.or(joined.machine, 0, operand));
      assertEquals(joined.ours, joined.machine[0]);
      const swapped = both(KIND.compareExchange, word, operand, 7n);
      assertEquals(swapped.answer, Atomics.compareExchange(swapped.machine, 0, operand, 7n));
      assertEquals(swapped.ours, swapped.machine[0]);
    }
  }
});
