/**
 * What every disk that speaks the block protocol must do. Run on each of them by the tests.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { ERRNO } from "@hako/ipc";
import type { Disk } from "./disk.ts";
import { BLOCK_BYTES } from "./protocol.ts";

/** The handlers of the block protocol. */
export type BlockHandlers = Pick<Disk, "stat" | "read" | "write" | "flush">;

/** A disk of 16 zero blocks, to be closed after each test. */
export interface DiskUnderTest extends Disposable {
  /** Its handlers. */
  readonly disk: BlockHandlers;
}

const BLOCK_COUNT = 16;

/**
 * Registers the suite.
 *
 * @param name What the disk is called in the tests' names.
 * @param make Makes a disk of 16 zero blocks.
 */
export function testBlockDevice(name: string, make: () => DiskUnderTest): void {
  function test(what: string, run: (disk: BlockHandlers) => void): void {
    Deno.test(`${name}: ${what}`, () => {
      using made = make();
      run(made.disk);
    });
  }

  test("stat() tells whole blocks", (disk) => {
    assertEquals(disk.stat().blockCount, BLOCK_COUNT);
  });

  test("read() of a new disk is zero", (disk) => {
    const target = shared(BLOCK_COUNT).fill(7);
    assertEquals(disk.read({ first: 0, count: BLOCK_COUNT, target }), BLOCK_COUNT);
    assertEquals(target.every((byte) => byte === 0), true);
  });

  test("read() answers what write() was given, and its neighbours stay", (disk) => {
    const source = shared(3).map((_, index) => index % 251);
    assertEquals(disk.write({ first: 5, count: 3, source }), 3);
    assertEquals(disk.flush(), 0);
    const target = shared(5).fill(7);
    assertEquals(disk.read({ first: 4, count: 5, target }), 5);
    assertEquals(target.slice(BLOCK_BYTES, 4 * BLOCK_BYTES), source.slice());
    assertEquals(target[BLOCK_BYTES - 1], 0);
    assertEquals(target[4 * BLOCK_BYTES], 0);
  });

  test("the last block can be written and an empty run can be named", (disk) => {
    const source = shared(1).fill(9);
    assertEquals(disk.write({ first: BLOCK_COUNT - 1, count: 1, source }), 1);
    assertEquals(disk.read({ first: BLOCK_COUNT, count: 0, target: shared(0) }), 0);
  });

  test("runs that leave the disk are refused", (disk) => {
    const runs = [[16, 1], [15, 2], [2 ** 53 - 1, 1], [0, 17], [2 ** 53 - 1, 2 ** 32 - 1]] as const;
    for (const [first, count] of runs) {
      const view = shared(Math.min(count, 20));
      assertEquals(disk.read({ first, count, target: view }), -ERRNO.EINVAL);
      assertEquals(disk.write({ first, count, source: view }), -ERRNO.EINVAL);
    }
  });

  test("windows of another size than the run are refused", (disk) => {
    for (const view of [shared(1), shared(3), shared(2).subarray(1)]) {
      assertEquals(disk.read({ first: 0, count: 2, target: view }), -ERRNO.EINVAL);
      assertEquals(disk.write({ first: 0, count: 2, source: view }), -ERRNO.EINVAL);
    }
  });
}

function shared(blocks: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(blocks * BLOCK_BYTES));
}
