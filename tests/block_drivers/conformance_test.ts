import {
  type DiskUnderTest,
  testBlockDevice,
  testReadOnlyDevice,
  WINDOW_BYTES,
} from "../../drivers/block/conformance.ts";
import { makeLoopDevice } from "../../drivers/block/host_file/test_loop_device.ts";
import { Block, DISK_FLAG } from "@hako/drivers/block";
import type { DomainManifest } from "@hako/kernel";
import {
  bootDisks,
  faultyDisk,
  handlersOf,
  hostDisk,
  memoryDisk,
  remoteDisk,
} from "./disk_domains.ts";
import { ForeignServer, type ForeignServerOptions, isMissing } from "./foreign_server.ts";

const BYTES = 16 * 4096;
const { READ_ONLY, FAST_ZERO, DISCARDS } = DISK_FLAG;

/** A system of drivers, its program on one of their endpoints. */
async function diskOf(
  domains: Readonly<Record<string, DomainManifest>>,
  { flags, endpoint = "disk", below }: {
    readonly flags: number;
    readonly endpoint?: string;
    readonly below?: AsyncDisposable | Disposable;
  },
): Promise<DiskUnderTest> {
  const system = await bootDisks(domains);
  const client = await system.connect(Block, endpoint);
  const window = await system.window(WINDOW_BYTES);
  return {
    disk: handlersOf(client),
    flags,
    window,
    async [Symbol.asyncDispose]() {
      await using _below = below;
      await system.halt();
    },
  };
}

testBlockDevice("the domain of a RAM disk", () => {
  return diskOf({ disk: memoryDisk(16) }, { flags: FAST_ZERO });
});

testBlockDevice("the domain of a host file", () => {
  const directory = Deno.makeTempDirSync();
  const below = { [Symbol.dispose]: () => Deno.removeSync(directory, { recursive: true }) };
  const disk = hostDisk(`${directory}/image`, { createBytes: BYTES });
  return diskOf({ disk }, { flags: 0, below });
});

const hasNoLoop = (() => {
  using device = makeLoopDevice(BYTES);
  return device === undefined;
})();
testBlockDevice("the domain of a block device of the host", () => {
  const below = makeLoopDevice(BYTES)!;
  return diskOf({ disk: hostDisk(below.path) }, { flags: 0, below });
}, { ignore: hasNoLoop });

testBlockDevice("the domain of a slow disk", () => {
  const faults = [{ kind: "slow", delayMs: 1, probability: 0.5 }];
  const domains = { disk: memoryDisk(16), faulty: faultyDisk(faults) };
  return diskOf(domains, { flags: FAST_ZERO, endpoint: "faulty" });
});

function testServer(what: string, options: Omit<ForeignServerOptions, "byteLength">): void {
  testBlockDevice(`an export of ${what}`, async () => {
    const below = await ForeignServer.start({ byteLength: BYTES, ...options });
    return diskOf({ disk: remoteDisk(below) }, { flags: FAST_ZERO | DISCARDS, below });
  }, { ignore: isMissing(options.name) });
}

testServer("qemu-nbd on a socket", { name: "qemu-nbd" });
testServer("qemu-nbd on a port", { name: "qemu-nbd", onTcp: true });
testServer("nbdkit on a socket", { name: "nbdkit" });
testServer("nbdkit on a port", { name: "nbdkit", onTcp: true });
testServer("nbdkit that wants whole sectors, and little at once", {
  name: "nbdkit",
  args: ["--filter=blocksize-policy"],
  parameters: [
    "blocksize-minimum=4096",
    "blocksize-preferred=4096",
    "blocksize-maximum=8192",
    "blocksize-error-policy=error",
  ],
});

testReadOnlyDevice("a read-only export of qemu-nbd", async () => {
  const below = await ForeignServer.start({ name: "qemu-nbd", byteLength: BYTES, args: ["-r"] });
  return diskOf({ disk: remoteDisk(below) }, { flags: READ_ONLY, below });
}, { ignore: isMissing("qemu-nbd") });

testReadOnlyDevice("an export of nbdkit that is used read-only", async () => {
  const below = await ForeignServer.start({ name: "nbdkit", byteLength: BYTES });
  const disk = remoteDisk(below, { readOnly: true });
  return diskOf({ disk }, { flags: READ_ONLY | FAST_ZERO | DISCARDS, below });
}, { ignore: isMissing("nbdkit") });
