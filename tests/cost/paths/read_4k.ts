/**
 * A read of 4 KiB: in the window, through the servers, and by programs outside.
 *
 * @module
 */

import { measuringFio } from "../../../gateways/bench/fio.ts";
import { measuringMount } from "../../../gateways/bench/mounted.ts";
import type { SelfMeasuring } from "@hako/tools/bench";
import type { CostPath, PartPlan, Place, Sample, TablePlan } from "../cost_path.ts";
import { nsPerOperation } from "../measuring/batches.ts";
import { FILE_BYTES, openStack, placeOf, splitOperations } from "../measuring/file_stack.ts";
import { copyUs, hostTransferUs } from "../measuring/host_file.ts";
import { countEach, COUNTING_PERMISSIONS } from "../measuring/switches.ts";
import { sampleOf } from "../measuring/other_programs.ts";

const PIECE = 4096;

const MiB = 1024 * 1024;

const NS_PER_US = 1_000;

/** A window with room for all that is read again. */
const WIDE = 16 * MiB;

/** A window that has room for a 64th of the file. */
const NARROW = 2 * MiB;

/** Pages that are read again and again. */
const PAGES = 1_024;

/** Reads of a batch. */
const READS = 5_000;

const hit: TablePlan = {
  title: "From the window, under a lease: no request at all",
  unit: "ns",
  steps: {
    copy: { lane: "client", name: "4 KiB copied to the program", how: "a tight loop" },
    rest: {
      lane: "client",
      name: "`readSync`: lease, lock, page, size",
      how: "the same with a byte in place of a page",
    },
  },
  whole: { name: "a read", how: "closed loop, pages of 4 MiB" },
  beside: {
    lend: { name: "`lendSync` and a look: nothing is copied", how: "closed loop" },
    mapped: { name: "a look at a mapped page", how: "closed loop" },
    host: { name: "Deno's own seek and read of a host file", how: "closed loop" },
  },
  counts: {},
};

const miss: TablePlan = {
  title: "Through the servers: the page is not in the window",
  unit: "us",
  steps: {
    client: {
      lane: "client",
      name: "the client, its request there and back",
      how: "the whole less what `fs` had",
    },
    fs: {
      lane: "fs",
      name: "file server: the file's map; request there and back",
      how: "its trace less that of `storage`",
    },
    storage: {
      lane: "storage",
      name: "storage server: volume, journal's table; request there and back",
      how: "its trace less that of `disk`",
    },
    disk: { lane: "disk", name: "driver", how: "its trace less the host's read" },
    pread: { lane: "host", name: "seek and read of the image", how: "by itself, in one thread" },
  },
  whole: { name: "a read", how: "closed loop, nobody observes" },
  beside: {
    floor: { name: "floor: Deno's own seek and read of a host file", how: "closed loop" },
  },
  counts: {
    switches: { name: "context switches of a read", how: "`perf stat`" },
    calls: { name: "system calls of a read", how: "`perf stat`" },
    futex: { name: "of these `futex`", how: "`perf stat`" },
  },
};

const outside: TablePlan = {
  title: "By programs outside",
  unit: "us",
  steps: {},
  beside: {
    mount: { name: "a mount, `--direct-io`: `pread` of another program", how: "closed loop" },
    passthrough: { name: "the same of libfuse's passthrough_ll", how: "closed loop" },
    nbd: { name: "NBD over a Unix socket, one request at a time", how: "`fio`" },
    qemu: { name: "the same of qemu-nbd", how: "`fio`" },
  },
  counts: {},
};

const FIO = { rw: "randread", blockSize: "4k", depth: 1 } as const;

/** A read of 4 KiB. */
export const read4k: CostPath = {
  name: "read-4k",
  what: "A read of 4 KiB",
  tables: { hit, miss, outside },
  parts: {
    hit: { measure: hitting },
    host: { measure: hosting },
    miss: { measure: missing },
    counts: { measure: counting, permissions: COUNTING_PERMISSIONS },
    mount: outsideOf("mount", () => measuringMount("hako", "read-4k")),
    passthrough: outsideOf("passthrough", () => measuringMount("passthrough_ll", "read-4k")),
    nbd: outsideOf("nbd", () => measuringFio(["hako"], FIO)),
    qemu: outsideOf("qemu", () => measuringFio(["qemu-nbd"], FIO)),
  },
};

/** One row, measured in programs of its own; left out where this machine lacks what they need. */
function outsideOf(row: string, open: () => Promise<SelfMeasuring>): PartPlan {
  return {
    async measure({ directory }) {
      Deno.chdir(directory); // What they write goes below it.
      const ns = await sampleOf(open);
      return ns === undefined ? {} : { [`outside.${row}`]: ns / NS_PER_US };
    },
    permissions: ["--allow-run", "--allow-read", "--allow-write"],
  };
}

async function hitting({ directory }: Place): Promise<Sample> {
  await using stack = await openStack(directory, WIDE);
  const { file } = stack;
  const buffer = new Uint8Array(PIECE);
  const byte = new Uint8Array(1);
  let seen = 0;
  const pageOf = (at: number) => (at * 7 % PAGES) * PIECE;
  for (let page = 0; page < PAGES; page++) file.readSync(buffer, page * PIECE);
  const loop = (read: (offset: number) => void) =>
    nsPerOperation(READS, (count) => {
      for (let at = 0; at < count; at++) read(pageOf(at));
    });
  const whole = loop((offset) => file.readSync(buffer, offset));
  const rest = loop((offset) => file.readSync(byte, offset));
  const lend = loop((offset) => {
    using lent = file.lendSync(offset, PIECE);
    seen += lent.bytes[0]!;
  });
  using mapping = file.mapSync(0, PAGES * PIECE);
  const { bytes } = mapping;
  const mapped = loop((offset) => void (seen += bytes[offset]! + bytes[offset + PIECE - 1]!));
  if (seen === 0) throw new Error("Cannot go on: nothing was read");
  return {
    ...{ "hit.whole": whole, "hit.rest": rest, "hit.lend": lend, "hit.mapped": mapped },
    "hit.copy": copyUs(PIECE) * NS_PER_US,
  };
}

function hosting({ directory }: Place): Promise<Sample> {
  const us = hostTransferUs(directory, PIECE, "read");
  return Promise.resolve({ "miss.floor": us, "miss.pread": us, "hit.host": us * NS_PER_US });
}

async function missing({ directory }: Place): Promise<Sample> {
  await using stack = await openStack(directory, NARROW);
  const buffer = new Uint8Array(PIECE);
  const read = (at: number) => void stack.file.readSync(buffer, placeOf(at, PIECE));
  const { whole, client, fs, storage, disk } = splitOperations(stack.system, read);
  const pread = hostTransferUs(directory, PIECE, "read");
  return {
    ...{ "miss.whole": whole, "miss.client": client, "miss.fs": fs, "miss.storage": storage },
    "miss.disk": Math.max(0, disk - pread),
  };
}

async function counting({ directory }: Place): Promise<Sample> {
  await using stack = await openStack(directory, NARROW);
  const buffer = new Uint8Array(PIECE);
  const counts = await countEach((at) => {
    stack.file.readSync(buffer, placeOf(at, PIECE) % FILE_BYTES);
  });
  return Object.fromEntries(
    (["switches", "calls", "futex"] as const).flatMap((name) =>
      counts[name] === undefined ? [] : [[`miss.${name}`, counts[name]]]
    ),
  );
}
