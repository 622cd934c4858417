import { assert, assertEquals, assertThrows } from "@std/assert";
import { type Client, ERRNO, OsError } from "@hako/ipc";
import { type Block, DISK_FLAG } from "@hako/drivers/block";
import { BlockDevice, UNDER_WAY_MAX } from "./block_device.ts";

/** A driver whose answers are given by the test. */
class Driver {
  readonly asked: string[] = [];
  readonly answers = new Map<number, number>();
  flags = 0;
  count: number | undefined;
  isGone = false;
  room = 64;
  waits = 0;
  whenAwaited = (): void => {};
  whenCalled = (_operation: string): void => {};
  #last = 0;

  callSync(operation: string, request: { first?: number; count?: number }): unknown {
    this.asked.push(`${operation} ${request.first ?? ""}`);
    this.whenCalled(operation);
    if (operation === "stat") return { blockCount: 1000, flags: this.flags };
    return this.count ?? request.count ?? 0;
  }

  post(operation: string, request: { first: number }): number {
    this.asked.push(`${operation} ${request.first}`);
    return ++this.#last;
  }

  collect(ticket: number): number | undefined {
    if (this.isGone) throw new OsError("EHOSTDOWN", "collect");
    return this.answers.get(ticket);
  }

  awaitAny(): void {
    this.waits++;
    if (this.isGone) throw new OsError("EHOSTDOWN", "wait");
    this.whenAwaited();
  }
}

function deviceOn(driver: Driver): BlockDevice {
  return new BlockDevice(driver as unknown as Client<Block>);
}

/** Begins reads of these blocks; answers what is told of each. */
function begin(device: BlockDevice, firsts: readonly number[]): string[] {
  const told: string[] = [];
  for (const first of firsts) {
    device.beginRead(first, 2, new Uint8Array(8192), (errno) => told.push(`${first}: ${errno}`));
  }
  return told;
}

Deno.test("what the driver says of itself is what the device says", () => {
  const driver = new Driver();
  driver.flags = DISK_FLAG.READ_ONLY | DISK_FLAG.FAST_ZERO;
  const { blockCount, readOnly, fastZero } = deviceOn(driver);
  assertEquals([blockCount, readOnly, fastZero], [1000, true, true]);
});

Deno.test("a discard is spared where the driver has no use for it", () => {
  const driver = new Driver();
  deviceOn(driver).discard(5, 1);
  assertEquals(driver.asked, ["stat "]);
  driver.flags = DISK_FLAG.DISCARDS;
  deviceOn(driver).discard(5, 1);
  assertEquals(driver.asked.at(-1), "discard 5");
});

Deno.test("a transfer of fewer blocks than asked for is EIO", () => {
  const driver = new Driver();
  const device = deviceOn(driver);
  driver.count = 1;
  const view = new Uint8Array(8192);
  assertThrows(() => device.read(0, 2, view), OsError, "EIO");
  assertThrows(() => device.write(0, 2, view), OsError, "EIO");
  assertThrows(() => device.zero(0, 2), OsError, "EIO");
  const told = begin(device, [7]);
  driver.answers.set(1, 1).set(2, 1);
  device.poll();
  device.poll();
  assertEquals(told, [`7: ${ERRNO.EIO}`]);
});

Deno.test("a transfer that the disk failed is tried once more, and counts as under way", () => {
  const driver = new Driver();
  const device = deviceOn(driver);
  const told = begin(device, [7, 8]);
  driver.answers.set(1, -ERRNO.EIO).set(2, -ERRNO.EIO);
  assertEquals([device.poll(), device.underWay, told], [0, 2, []]);
  assertEquals(driver.asked.slice(-2), ["read 7", "read 8"]);
  driver.answers.set(3, 2).set(4, -ERRNO.EIO);
  assertEquals([device.poll(), device.underWay], [2, 0]);
  assertEquals(told, ["7: 0", `8: ${ERRNO.EIO}`]);
});

Deno.test("a transfer is not tried again for want of room, nor where trying does not help", () => {
  const driver = new Driver();
  const device = deviceOn(driver);
  const told = begin(device, [1, 2, 3]);
  driver.answers.set(1, -ERRNO.ENOSPC).set(2, -ERRNO.EROFS);
  device.poll();
  driver.room = 0;
  driver.answers.set(3, -ERRNO.EIO);
  device.poll();
  assertEquals(told, [`1: ${ERRNO.ENOSPC}`, `2: ${ERRNO.EROFS}`, `3: ${ERRNO.EIO}`]);
});

Deno.test("a call that the disk failed once is made once more", () => {
  const driver = new Driver();
  const device = deviceOn(driver);
  const view = new Uint8Array(8192);
  let failures = 1;
  driver.whenCalled = (operation) => {
    if (operation !== "flush" && failures-- <= 0) return;
    throw new OsError("EIO", operation);
  };
  device.write(0, 2, view);
  failures = 1;
  device.read(4, 2, view);
  failures = 2;
  assertThrows(() => device.zero(6, 2), OsError, "EIO");
  assertThrows(() => device.flush(), OsError, "EIO");
  assertEquals(driver.asked.slice(1), [
    ...["write 0", "write 0", "read 4", "read 4", "zero 6", "zero 6", "flush "],
  ]);
});

Deno.test("answers are told from the oldest on, and others when the oldest has none", () => {
  const driver = new Driver();
  const device = deviceOn(driver);
  const told = begin(device, [10, 20, 30]);
  assertEquals([device.poll(), device.underWay], [0, 3]);
  driver.answers.set(3, 2);
  assertEquals([device.poll(), device.underWay], [1, 2]);
  driver.answers.set(1, 2).set(2, -ERRNO.ENOSPC);
  assertEquals([device.poll(), device.underWay], [3, 0]);
  assertEquals(told, ["30: 0", "10: 0", `20: ${ERRNO.ENOSPC}`]);
});

Deno.test("wait() tells of what has ended without waiting, else waits for the driver", () => {
  const driver = new Driver();
  const device = deviceOn(driver);
  device.wait();
  const told = begin(device, [1, 2]);
  driver.answers.set(2, 2);
  device.wait();
  assertEquals(driver.waits, 0);
  driver.whenAwaited = () => void driver.answers.set(1, 2);
  device.wait();
  assertEquals([driver.waits, told], [1, ["2: 0", "1: 0"]]);
});

Deno.test("a driver that is gone fails all that is under way, once", () => {
  for (const act of ["poll", "wait"] as const) {
    const driver = new Driver();
    const device = deviceOn(driver);
    const told = begin(device, [1, 2]);
    driver.isGone = true;
    device[act]();
    device.poll();
    assertEquals([told, device.underWay], [[`1: ${ERRNO.EIO}`, `2: ${ERRNO.EIO}`], 0]);
  }
});

Deno.test("transfers leave room for other requests, which wait for it if they must", () => {
  const driver = new Driver();
  const device = deviceOn(driver);
  const told = begin(device, Array.from({ length: UNDER_WAY_MAX }, (_, at) => at));
  assertEquals(device.room, 0);
  assertThrows(() => begin(device, [99]), Error, "room");
  driver.room = 0; // The oldest is under way still, and keeps the slot that comes next.
  driver.whenAwaited = () => {
    driver.answers.set(1, 2);
    driver.room = 1;
  };
  device.flush();
  assertEquals([driver.waits, told, driver.asked.at(-1)], [1, ["0: 0"], "flush "]);
  driver.answers.set(5, 2);
  device.poll();
  assert(device.room <= 0, "one that has ended keeps its place until those before it have");
});
