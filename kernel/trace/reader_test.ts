import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { TRACE, TRACE_BYTES, TRACE_CALLS_AT, TRACE_KIND } from "../layouts/trace.ts";
import { nowUs, ORIGIN_US } from "./clock.ts";
import { TRACE_CALLS_KEPT } from "./limits.ts";
import { TraceReader } from "./reader.ts";
import { RECORD_WORDS } from "./record.ts";
import { TraceRecorder } from "./recorder.ts";

const FIRST_CALL = TRACE_CALLS_AT >> 2;

function memory(): SharedArrayBuffer {
  return new SharedArrayBuffer(TRACE_BYTES);
}

Deno.test("a call is read as it was recorded, a step of a life too", () => {
  const buffer = memory();
  const recorder = new TraceRecorder(buffer, 3);
  const reader = new TraceReader("disk", buffer, 1);
  reader.observe(0);
  const startMs = performance.now();

  recorder.note(TRACE_KIND.SERVING, startMs);
  recorder.answered(0xffff_ffff, 7, 0xffff_fffe, startMs, startMs + 0.25, -5);

  const startUs = ORIGIN_US + startMs * 1_000;
  assert(Math.abs(startUs - nowUs()) < 60e6, "both are times of day");
  assertEquals(reader.calls(), [{
    type: "call",
    domain: "disk",
    epoch: 3,
    badge: 0xffff_ffff,
    operation: 7,
    sequence: 0xffff_fffe,
    result: -5,
    startUs,
    durationUs: 250,
  }]);
  assertEquals(reader.notes(), [
    { type: "note", domain: "disk", epoch: 3, note: "serving", atUs: startUs },
  ]);
  const { calls, errors, p50Us } = reader.observed();
  assertEquals([calls, errors], [1, 1]);
  assert(p50Us >= 229 && p50Us <= 263, `${p50Us} us`);
});

Deno.test("the last calls are remembered, over lives and wrapped numbers", () => {
  const buffer = memory();
  new Uint32Array(buffer)[TRACE.at.callCursor >> 2] = 2 ** 32 - 100;
  const reader = new TraceReader("disk", buffer, 1);
  reader.observe(0);
  let clockMs = 1_000;
  for (let epoch = 1; epoch <= 5; epoch++) {
    const recorder = new TraceRecorder(buffer, epoch);
    for (let call = 0; call < 300; call++) {
      recorder.answered(1, 1, (epoch - 1) * 300 + call, clockMs, clockMs + 0.5, 0);
      clockMs++;
    }
  }

  const sequences = reader.calls().map(({ sequence }) => sequence);

  const last = Array.from({ length: TRACE_CALLS_KEPT }, (_, index) => 1_500 - 1_024 + index);
  assertEquals(sequences, last);
  assertEquals(reader.calls().at(0)?.epoch, 2);
  assertEquals(reader.observed().calls, 1_500);
});

Deno.test("an observation begins with counts of 0 and without the calls of the one before", () => {
  const buffer = memory();
  const recorder = new TraceRecorder(buffer, 1);
  const reader = new TraceReader("disk", buffer, 1);
  assertEquals([recorder.observed[0], reader.isObserved], [0, false]);

  reader.observe(0);
  assertEquals([recorder.observed[0], reader.isObserved], [1, true]);
  const startMs = performance.now();
  recorder.answered(1, 1, 0, startMs, startMs + 1, 0);
  reader.disregard();
  assertEquals([recorder.observed[0], reader.isObserved], [0, false]);
  assertEquals(reader.calls().length, 1, "what was recorded can still be read");

  reader.observe(ORIGIN_US + (startMs + 10) * 1_000);
  assertEquals(reader.calls(), []);
  assertEquals(reader.observed(), { calls: 0, errors: 0, p50Us: 0, p90Us: 0, p99Us: 0 });
});

Deno.test("operations have the names that the domain of this life gives them", () => {
  const buffer = memory();
  const reader = new TraceReader("disk", buffer, 1);
  assertEquals(reader.names(), new Map());
  const named = (...names: string[]) => new Map(names.map((name, index) => [index + 1, { name }]));
  const recorder = new TraceRecorder(buffer, 1);
  recorder.nameOperations(named("read", "write", "読む"));
  recorder.nameOperations(named("read", "look\u001b[2J"));

  assertEquals([...reader.names()], [[1, "read"], [2, "write|look?[2J"], [3, "読む"]]);

  const long = Array.from({ length: 200 }, (_, index) => `${index}`.padEnd(100, "x"));
  new TraceRecorder(buffer, 2).nameOperations(named(...long));
  assertEquals(reader.names().size, 128);
  assertEquals(reader.names().get(1), "0".padEnd(40, "x"));
});

Deno.test("sums go on where the words that count them begin again", () => {
  const buffer = memory();
  const counted = new Uint32Array(buffer);
  counted[TRACE.at.calls >> 2] = 2 ** 32 - 1;
  const reader = new TraceReader("disk", buffer, 1);
  reader.observe(0);
  for (let round = 1; round <= 3; round++) {
    counted[TRACE.at.calls >> 2]! += 2 ** 31;
    counted[TRACE.at.errors >> 2]! += 2 ** 31;
    const { calls, errors } = reader.observed();
    assertEquals([calls, errors], [round * 2 ** 31, round * 2 ** 31]);
  }
});

Deno.test("a record that is half written, or of two writers, is left out", () => {
  const buffer = memory();
  const words = new Int32Array(buffer);
  const reader = new TraceReader("disk", buffer, 1);
  reader.observe(0);
  const at = (epoch: number, clockMs: number) => {
    words[TRACE.at.callCursor >> 2] = 0;
    new TraceRecorder(buffer, epoch).answered(epoch, epoch, epoch, clockMs, clockMs + epoch, epoch);
    return words.slice(FIRST_CALL, FIRST_CALL + RECORD_WORDS);
  };
  const one = at(1, 100);
  const other = at(2, 2_000);
  let differing = 0;
  for (let word = 1; word < RECORD_WORDS; word++) {
    for (const [first, second] of [[one, other], [other, one]] as const) {
      words.set(first.subarray(0, word), FIRST_CALL);
      words.set(second.subarray(word), FIRST_CALL + word);
      const mixed = words.slice(FIRST_CALL, FIRST_CALL + RECORD_WORDS);
      const isWhole = [one, other].some((whole) => whole.every((each, at) => each === mixed[at]));
      assertEquals(reader.calls().length, isWhole ? 1 : 0, `cut at word ${word}`);
      if (!isWhole) differing++;
    }
  }
  assertNotEquals(differing, 0);
});

Deno.test("a damaged record is left out, whichever bit it is, and the others are read", () => {
  const buffer = memory();
  const words = new Int32Array(buffer);
  const reader = new TraceReader("disk", buffer, 1);
  reader.observe(0);
  const recorder = new TraceRecorder(buffer, 1);
  for (let call = 0; call < 3; call++) recorder.answered(1, 1, call, 100 + call, 101 + call, 0);
  const second = FIRST_CALL + RECORD_WORDS;
  for (let bit = 0; bit < 32 * RECORD_WORDS; bit++) {
    const word = second + (bit >> 5);
    words[word] = words[word]! ^ (1 << (bit & 31));
    assertEquals(reader.calls().map(({ sequence }) => sequence), [0, 2], `bit ${bit}`);
    words[word] = words[word]! ^ (1 << (bit & 31));
  }
  assertEquals(reader.calls().length, 3);
});

Deno.test("a record in the place of another is left out", () => {
  const buffer = memory();
  const words = new Int32Array(buffer);
  const reader = new TraceReader("disk", buffer, 1);
  reader.observe(0);
  new TraceRecorder(buffer, 1).answered(1, 1, 1, 100, 101, 0);
  words.copyWithin(FIRST_CALL + RECORD_WORDS, FIRST_CALL, FIRST_CALL + RECORD_WORDS);

  assertEquals(reader.calls().length, 1);
});

Deno.test("a zombie that writes anything anywhere spoils no more than what it writes", () => {
  const buffer = memory();
  const words = new Int32Array(buffer);
  const reader = new TraceReader("disk", buffer, 1);
  reader.observe(0);
  let state = 1;
  const random = () => state = Math.imul(state, 1664525) + 1013904223 | 0;
  for (let round = 0; round < 50; round++) {
    for (let word = 0; word < words.length; word++) words[word] = random();
    for (const { startUs, durationUs } of reader.calls()) assert(startUs + durationUs >= 0);
    for (const value of Object.values(reader.observed())) assert(value >= 0 && value < Infinity);
    reader.notes();
    reader.names();
    // A successor goes on in the same memory, wherever the zombie has set its cursor.
    const startMs = 1e6 + round;
    new TraceRecorder(buffer, 9).answered(5, 5, round, startMs, startMs + 1, 0);
    assert(reader.calls().some(({ epoch, sequence }) => epoch === 9 && sequence === round));
  }
});

Deno.test("a record with a true checksum and times that are none is left out", () => {
  const buffer = memory();
  const reader = new TraceReader("disk", buffer, 1);
  reader.observe(0);
  const recorder = new TraceRecorder(buffer, 1);
  for (const [startMs, endMs] of [[NaN, 1], [1, NaN], [Infinity, 1], [2, 1], [-1e15, 1]] as const) {
    recorder.answered(1, 1, 1, startMs, endMs, 0);
  }
  recorder.answered(1, 1, 2, 1, 2, 0);

  assertEquals(reader.calls().map(({ sequence }) => sequence), [2]);
  assertEquals(reader.observed().calls, 6, "they were calls all the same");
});

Deno.test("records are whole however fast their writer overwrites them", async () => {
  const buffer = memory();
  const control = new Int32Array(new SharedArrayBuffer(8));
  const reader = new TraceReader("disk", buffer, 1);
  reader.observe(0);
  const url = new URL("./test_writer.ts", import.meta.url).href;
  const worker = new Worker(url, { type: "module" });
  worker.postMessage({ buffer, control: control.buffer });
  await Atomics.waitAsync(control, 0, 0).value;

  let read = 0;
  for (let round = 0; round < 1_000 || read < 20_000; round++) {
    for (const { badge, operation, sequence, result, durationUs } of reader.calls()) {
      assertEquals([operation, sequence, result], [badge ^ 1, badge ^ 2, badge ^ 3]);
      assertEquals(Math.round(durationUs), badge % 1_000 * 1_000);
      read++;
    }
  }

  Atomics.store(control, 1, 1);
  await Atomics.waitAsync(control, 0, 1).value;
  worker.terminate();
});
