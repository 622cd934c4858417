import { assertEquals } from "@std/assert";
import { ERRNO, type Errno, OsError } from "@hako/ipc";
import { Disk } from "./disk.ts";
import { MemoryFile } from "./memory/memory_file.ts";

class FaultyFile extends MemoryFile {
  fails: Errno | undefined;

  #fail(): void {
    if (this.fails !== undefined) throw new OsError(this.fails, "do as told");
  }

  override readAt(offset: number, target: Uint8Array): number {
    this.#fail();
    return super.readAt(offset, target);
  }

  override writeAt(offset: number, source: Uint8Array): void {
    this.#fail();
    super.writeAt(offset, source);
  }

  override sync(): void {
    this.#fail();
  }
}

const block = new Uint8Array(4096);

function faultyDisk(): { file: FaultyFile; disk: Disk } {
  const file = new FaultyFile(new Uint8Array(4 * 4096));
  const disk = new Disk(file, (error) => error instanceof OsError ? error.code : "EIO");
  return { file, disk };
}

Deno.test("Disk.write() tells a full host from a broken one", () => {
  const { file, disk } = faultyDisk();
  for (
    const [fails, answer] of [["ENOSPC", "ENOSPC"], ["EROFS", "EROFS"], ["EPERM", "EIO"]] as const
  ) {
    file.fails = fails;
    assertEquals(disk.write({ first: 0, count: 1, source: block }), -ERRNO[answer]);
  }
  file.fails = undefined;
  assertEquals(disk.write({ first: 0, count: 1, source: block }), 1);
});

Deno.test("Disk.read() answers EIO for whatever the host says", () => {
  const { file, disk } = faultyDisk();
  file.fails = "ENOSPC";
  assertEquals(disk.read({ first: 0, count: 1, target: block }), -ERRNO.EIO);
});

Deno.test("Disk.flush() never succeeds again after it failed once", () => {
  const { file, disk } = faultyDisk();
  file.fails = "ENOSPC";
  assertEquals(disk.flush(), -ERRNO.EIO);
  file.fails = undefined;
  assertEquals(disk.flush(), -ERRNO.EIO);
  assertEquals(disk.write({ first: 0, count: 1, source: block }), -ERRNO.EIO);
  assertEquals(disk.read({ first: 0, count: 1, target: block }), 1);
});
