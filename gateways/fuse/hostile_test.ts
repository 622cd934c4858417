import { assertEquals } from "@std/assert";
import { FakeLinux } from "./test_fake_linux.ts";
import { Deaths, Died, live, newWorld } from "./test_lives.ts";
import { OPCODE } from "./wire/mod.ts";

const NEVER_ANSWERED: readonly number[] = [
  OPCODE.FORGET,
  OPCODE.INTERRUPT,
  OPCODE.BATCH_FORGET,
  41,
];

/** A fixed sequence of numbers that look like chance. */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state;
  };
}

/** Makes requests that look like chance; answers the numbers of those that are to be answered. */
function askAnything(linux: FakeLinux, count: number, seed: number): number[] {
  const next = numbersFrom(seed);
  const asked: number[] = [];
  for (let round = 0; round < count; round++) {
    const chosen = next() >>> 8 & 63;
    const opcode = chosen === OPCODE.INIT ? OPCODE.GETATTR : chosen; // That comes first, and once.
    const words = (next() >>> 8) % 30;
    const body = new Uint8Array(words * 4 + (next() >>> 8 & 3));
    const isSmall = (next() & 256) !== 0;
    for (let at = 0; at < body.byteLength; at++) {
      body[at] = isSmall && at % 4 !== 0 ? 0 : next() >>> 16;
    }
    const unique = linux.ask({ opcode, inode: next() >>> 28, body });
    const isWait = opcode === OPCODE.SETLKW;
    if (!NEVER_ANSWERED.includes(opcode) && !isWait) asked.push(unique);
  }
  return asked;
}

Deno.test("no request crashes the gateway, and every one that can be is answered", () => {
  const world = newWorld(new FakeLinux(), new Deaths());
  const asked = askAnything(world.linux, 3000, 7);
  for (let life = 0; life < 100 && !world.linux.isRead; life++) live(world, life === 0);
  assertEquals(asked.filter((unique) => !world.linux.answers.has(unique)), []);
  assertEquals(world.linux.strayCount, 0);
});

Deno.test("no request crashes the successor of a gateway that died of chance", () => {
  for (const point of ["fuse.request.read", "files.before", "fuse.request.called"]) {
    for (let visit = 1; visit < 60; visit += 3) {
      const world = newWorld(new FakeLinux(), new Deaths(point, visit));
      const asked = askAnything(world.linux, 100, visit);
      for (let life = 0; life < 9 && !world.linux.isRead; life++) {
        try {
          live(world, life === 0);
        } catch (error) {
          if (!(error instanceof Died)) throw error;
          live(world, false);
        }
      }
      assertEquals(asked.filter((unique) => !world.linux.answers.has(unique)), [], point);
    }
  }
});
