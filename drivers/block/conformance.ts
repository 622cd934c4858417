/**
 * What every disk that speaks the block protocol must do. Run on each of them by the tests.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { ERRNO, OsError } from "@hako/ipc";
import type { DiskStat, ReadRequest, RunRequest, WriteRequest } from "./disk.ts";
import { BLOCK_BYTES, DISK_FLAG } from "./protocol.ts";

type Answer<T> = T | Promise<T>;

/** The handlers of the block protocol, or a client's calls of them, which may throw an `OsError`. */
export interface BlockHandlers {
  /** Answers `stat`. */
  stat(): Answer<DiskStat>;
  /** Answers `read`. */
  read(request: ReadRequest): Answer<number>;
  /** Answers `write`. */
  write(request: WriteRequest): Answer<number>;
  /** Answers `flush`. */
  flush(): Answer<number>;
  /** Answers `zero`. */
  zero(request: RunRequest): Answer<number>;
  /** Answers `discard`. */
  discard(request: RunRequest): Answer<number>;
}

/** A disk of 16 zero blocks, to be closed after each test. */
export interface DiskUnderTest extends AsyncDisposable {
  /** Its handlers. */
  readonly disk: BlockHandlers;
  /** `DISK_FLAG`s that it is to have. */
  readonly flags: number;
  /** Memory that its clients may name, 256 KiB; of its own if left out. */
  readonly window?: Uint8Array;
}

/** Bytes of window that the suite needs. */
export const WINDOW_BYTES: number = 256 * 1024;

const BLOCK_COUNT = 16;

/** What a test works with. */
interface Bench {
  readonly disk: BlockHandlers;
  /** Blocks of zero, which no other call has answered. */
  shared(blocks: number): Uint8Array;
}

type MakeDisk = () => Answer<DiskUnderTest>;

/** How a suite is registered. */
export interface SuiteOptions {
  /** Whether the tests are skipped, for want of what the disk is made of. */
  readonly ignore?: boolean;
}

/**
 * Registers the suite.
 *
 * @param name What the disk is called in the tests' names.
 * @param make Makes a disk of 16 zero blocks.
 */
export function testBlockDevice(name: string, make: MakeDisk, options: SuiteOptions = {}): void {
  for (const [what, run] of [...READING, ...WRITING]) {
    register(`${name}: ${what}`, make, run, options);
  }
}

/** Registers the suite for a disk of 16 zero blocks that refuses to be written. */
export function testReadOnlyDevice(name: string, make: MakeDisk, options: SuiteOptions = {}): void {
  for (const [what, run] of [...READING, ...REFUSING]) {
    register(`${name}: ${what}`, make, run, options);
  }
}

type Case = readonly [what: string, run: (bench: Bench) => Promise<void>];

function register(
  name: string,
  make: MakeDisk,
  run: Case[1],
  { ignore = false }: SuiteOptions,
): void {
  Deno.test({
    name,
    ignore,
    async fn() {
      await using made = await make();
      const window = made.window ?? new Uint8Array(new SharedArrayBuffer(WINDOW_BYTES));
      let used = 0;
      const shared = (blocks: number) => {
        const byteLength = blocks * BLOCK_BYTES;
        return window.subarray(used, used += byteLength).fill(0);
      };
      assertEquals(await made.disk.stat(), { blockCount: BLOCK_COUNT, flags: made.flags });
      await run({ disk: made.disk, shared });
    },
  });
}

const READING: readonly Case[] = [
  ["read() of a new disk is zero", async ({ disk, shared }) => {
    const target = shared(BLOCK_COUNT).fill(7);
    assertEquals(await disk.read({ first: 0, count: BLOCK_COUNT, target }), BLOCK_COUNT);
    assertEquals(target.every((byte) => byte === 0), true);
  }],
  ["an empty run can be named, at the end too", async ({ disk, shared }) => {
    assertEquals(await disk.read({ first: BLOCK_COUNT, count: 0, target: shared(0) }), 0);
    assertEquals(await disk.flush(), 0);
  }],
  ["runs that leave the disk are refused", async ({ disk, shared }) => {
    const runs = [[16, 1], [15, 2], [2 ** 53 - 1, 1], [0, 17], [2 ** 53 - 1, 2 ** 32 - 1]] as const;
    for (const [first, count] of runs) {
      const view = shared(Math.min(count, 20)).subarray(0, BLOCK_BYTES);
      await assertAnswers(-ERRNO.EINVAL, () => disk.read({ first, count, target: view }));
      await assertAnswers(-ERRNO.EINVAL, () => disk.write({ first, count, source: view }));
      await assertAnswers(-ERRNO.EINVAL, () => disk.zero({ first, count }));
      await assertAnswers(-ERRNO.EINVAL, () => disk.discard({ first, count }));
    }
  }],
  ["windows of another size than the run are refused", async ({ disk, shared }) => {
    for (const view of [shared(1), shared(3), shared(2).subarray(1)]) {
      await assertAnswers(-ERRNO.EINVAL, () => disk.read({ first: 0, count: 2, target: view }));
      await assertAnswers(-ERRNO.EINVAL, () => disk.write({ first: 0, count: 2, source: view }));
    }
  }],
];

const WRITING: readonly Case[] = [
  ["read() answers what write() was given, and its neighbours stay", async ({ disk, shared }) => {
    const source = pattern(shared(3));
    assertEquals(await disk.write({ first: 5, count: 3, source }), 3);
    assertEquals(await disk.flush(), 0);
    const target = shared(5).fill(7);
    assertEquals(await disk.read({ first: 4, count: 5, target }), 5);
    assertEquals(target.slice(BLOCK_BYTES, 4 * BLOCK_BYTES), source.slice());
    assertEquals(target[BLOCK_BYTES - 1], 0);
    assertEquals(target[4 * BLOCK_BYTES], 0);
  }],
  ["the last block can be written", async ({ disk, shared }) => {
    const source = shared(1).fill(9);
    assertEquals(await disk.write({ first: BLOCK_COUNT - 1, count: 1, source }), 1);
    const target = shared(1);
    assertEquals(await disk.read({ first: BLOCK_COUNT - 1, count: 1, target }), 1);
    assertEquals(target, source);
  }],
  ["zero() makes a run zero, and its neighbours stay", async ({ disk, shared }) => {
    const source = shared(BLOCK_COUNT).fill(9);
    assertEquals(await disk.write({ first: 0, count: BLOCK_COUNT, source }), BLOCK_COUNT);
    assertEquals(await disk.zero({ first: 3, count: 9 }), 9);
    assertEquals(await disk.flush(), 0);
    const target = shared(BLOCK_COUNT);
    assertEquals(await disk.read({ first: 0, count: BLOCK_COUNT, target }), BLOCK_COUNT);
    assertEquals(target, source.slice().fill(0, 3 * BLOCK_BYTES, 12 * BLOCK_BYTES));
    assertEquals(await disk.zero({ first: BLOCK_COUNT, count: 0 }), 0);
  }],
  ["discard() leaves the neighbours as they are, and the run can be written", async (bench) => {
    const { disk, shared } = bench;
    const source = shared(BLOCK_COUNT).fill(9);
    assertEquals(await disk.write({ first: 0, count: BLOCK_COUNT, source }), BLOCK_COUNT);
    assertEquals(await disk.discard({ first: 3, count: 9 }), 9);
    const target = shared(BLOCK_COUNT);
    assertEquals(await disk.write({ first: 3, count: 9, source: pattern(shared(9)) }), 9);
    assertEquals(await disk.read({ first: 0, count: BLOCK_COUNT, target }), BLOCK_COUNT);
    assertEquals(target[3 * BLOCK_BYTES - 1], 9);
    assertEquals(target[12 * BLOCK_BYTES], 9);
    const written = target.subarray(3 * BLOCK_BYTES, 12 * BLOCK_BYTES);
    assertEquals(written.slice(), pattern(new Uint8Array(9 * BLOCK_BYTES)));
  }],
  ["requests whose runs overlap take effect in their order", async ({ disk, shared }) => {
    const target = shared(8);
    const between = shared(1);
    const answers = await Promise.all([
      disk.write({ first: 0, count: 8, source: shared(8).fill(1) }),
      disk.write({ first: 2, count: 4, source: shared(4).fill(2) }),
      disk.read({ first: 3, count: 1, target: between }),
      disk.zero({ first: 3, count: 1 }),
      disk.write({ first: 4, count: 4, source: shared(4).fill(3) }),
      disk.write({ first: 7, count: 1, source: shared(1).fill(4) }),
      disk.read({ first: 0, count: 8, target }),
    ]);
    assertEquals(answers, [8, 4, 1, 1, 4, 1, 8]);
    assertEquals(between[0], 2);
    const firsts = Array.from({ length: 8 }, (_, block) => target[block * BLOCK_BYTES]);
    assertEquals(firsts, [1, 1, 2, 0, 3, 3, 3, 4]);
  }],
];

const REFUSING: readonly Case[] = [
  ["whatever would change it is refused, and flush() is not", async ({ disk, shared }) => {
    assertEquals((await disk.stat()).flags & DISK_FLAG.READ_ONLY, DISK_FLAG.READ_ONLY);
    const source = shared(1).fill(9);
    await assertAnswers(-ERRNO.EROFS, () => disk.write({ first: 0, count: 1, source }));
    await assertAnswers(-ERRNO.EROFS, () => disk.zero({ first: 0, count: 1 }));
    await assertAnswers(-ERRNO.EROFS, () => disk.discard({ first: 0, count: 1 }));
    assertEquals(await disk.flush(), 0);
    const target = shared(1).fill(7);
    assertEquals(await disk.read({ first: 0, count: 1, target }), 1);
    assertEquals(target.every((byte) => byte === 0), true);
  }],
];

/** Whether it is answered or thrown. */
async function assertAnswers(answer: number, call: () => Answer<number>): Promise<void> {
  try {
    assertEquals(await call(), answer);
  } catch (error) {
    if (!(error instanceof OsError)) throw error;
    assertEquals(-error.errno, answer);
  }
}

function pattern(bytes: Uint8Array): Uint8Array {
  for (let index = 0; index < bytes.length; index++) bytes[index] = index % 251;
  return bytes;
}
