import { assertEquals } from "@std/assert";
import { type Access, RaceDetector } from "./race_detector.ts";

const WRITE: Access = { thread: 0, slot: 0, region: 0, writes: true };
const READ: Access = { thread: 1, slot: 0, region: 0, writes: false };

function detector() {
  const races = new RaceDetector(0, 2, 3);
  return { races, state: new Int32Array(races.length) };
}

Deno.test("RaceDetector orders a write and a read through the slot's state word", () => {
  const { races, state } = detector();
  assertEquals(races.access(state, WRITE), []);
  races.release(state, 0, 0);
  races.acquire(state, 1, 0);
  assertEquals(races.access(state, READ), []);
});

Deno.test("RaceDetector reports a read that nothing orders after a write", () => {
  const { races, state } = detector();
  races.access(state, WRITE);
  assertEquals(races.access(state, READ), [WRITE]);
});

Deno.test("RaceDetector reports a write that nothing orders after a read", () => {
  const { races, state } = detector();
  races.access(state, READ);
  assertEquals(races.access(state, WRITE), [READ]);
});

Deno.test("RaceDetector does not order through another slot's word, nor after a plain store", () => {
  const { races, state } = detector();
  races.access(state, WRITE);
  races.release(state, 0, 1);
  races.acquire(state, 1, 1);
  assertEquals(races.access(state, READ), [WRITE]);
  races.release(state, 0, 0);
  races.replace(state, 2, 0);
  races.acquire(state, 1, 0);
  assertEquals(races.access(state, { ...READ, thread: 2 }), [WRITE]);
});

Deno.test("RaceDetector takes the last access of a thread for all before it", () => {
  const { races, state } = detector();
  races.access(state, WRITE);
  races.release(state, 0, 0);
  races.acquire(state, 1, 0);
  races.access(state, WRITE);
  assertEquals(races.access(state, READ), [WRITE]);
});

Deno.test("RaceDetector passes knowledge to a thread that is started, and lets two reads be", () => {
  const { races, state } = detector();
  races.access(state, WRITE);
  races.pass(state, 0, 1);
  races.pass(state, 0, 2);
  assertEquals(races.access(state, READ), []);
  assertEquals(races.access(state, { ...READ, thread: 2 }), []);
});
