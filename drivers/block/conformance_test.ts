import { testBlockDevice, testReadOnlyDevice } from "./conformance.ts";
import { Disk } from "./disk.ts";
import { DiskFaultPlan } from "./faulty/fault_plan.ts";
import { FaultyDisk } from "./faulty/faulty_disk.ts";
import { hostErrno, type ImageOptions, openImage } from "./host_file/image.ts";
import { life } from "./host_file/test_life.ts";
import { MemoryFile } from "./memory/memory_file.ts";
import { DISK_FLAG } from "./protocol.ts";

const NOBODY = { isAbandoned: () => false };

function ramDisk(): Disk {
  return new Disk(new MemoryFile(new Uint8Array(16 * 4096)), () => "EIO");
}

/** Its file has some bytes after the last block, which are no block. */
function fileDisk(how: Partial<ImageOptions>) {
  const directory = Deno.makeTempDirSync({ prefix: "hako-disk-" });
  const path = `${directory}/image`;
  openImage({ path, createBytes: 16 * 4096 + 100 }, life(1)).close();
  const image = openImage({ path, ...how }, life(1));
  return {
    disk: new Disk(image, hostErrno),
    flags: how.readOnly ? DISK_FLAG.READ_ONLY : 0,
    async [Symbol.asyncDispose]() {
      image.close();
      await Deno.remove(directory, { recursive: true });
    },
  };
}

/** A faulty disk whose every request takes its time, and some more than others. */
function slowDisk() {
  const disk = ramDisk();
  const faults = [1, 2, 3, 4, 5, 6, 7].map((at) => {
    return { kind: "slow", at, delayMs: 8 - at } as const;
  });
  const slow = new FaultyDisk({
    disk,
    stat: disk.stat(),
    plan: new DiskFaultPlan(faults, { seed: 1, blockCount: 16 }),
    scratch: new Uint8Array(4096),
    delay: async (ms) => {
      for (let turns = 0; turns < ms; turns++) await Promise.resolve();
    },
  });
  return {
    disk: {
      stat: () => slow.stat(),
      read: (request: Parameters<Disk["read"]>[0]) => slow.read(request, NOBODY),
      write: (request: Parameters<Disk["write"]>[0]) => slow.write(request, NOBODY),
      flush: () => slow.flush({}, NOBODY),
      zero: (request: Parameters<Disk["zero"]>[0]) => slow.zero(request, NOBODY),
      discard: (request: Parameters<Disk["discard"]>[0]) => slow.discard(request, NOBODY),
    },
    flags: DISK_FLAG.FAST_ZERO,
    async [Symbol.asyncDispose]() {},
  };
}

testBlockDevice("a RAM disk", () => ({
  disk: ramDisk(),
  flags: DISK_FLAG.FAST_ZERO,
  async [Symbol.asyncDispose]() {},
}));
testBlockDevice("a disk in a host file", () => fileDisk({}));
testReadOnlyDevice("a read-only disk in a host file", () => fileDisk({ readOnly: true }));
testBlockDevice("a slow disk", slowDisk);
