/**
 * How fast the storage server's own steps are, on a device in memory.
 *
 * `deno bench storage-server/`. Rates follow from the times: a 1 MiB checksum in 1 ms is 1 GB/s.
 *
 * @module
 */

import { crc32c } from "@hako/ipc";
import { BLOCK_BYTES, TRANSACTION_ENTRY_BYTES } from "./protocol.ts";
import { openJournal } from "./recover.ts";
import { SimulatedDevice } from "./simulated_device.ts";
import type { StoredVolume } from "./volume.ts";
import { Volumes } from "./volumes.ts";

const MIB = 1 << 20;

interface Rig {
  readonly volumes: Volumes;
  readonly volume: StoredVolume;
  readonly table: Uint8Array;
  readonly images: Uint8Array;
  sequence: number;
}

function rig(): Rig {
  const device = new SimulatedDevice(new Uint8Array(new SharedArrayBuffer(256 * MIB)));
  device.records = false;
  const opened = openJournal({
    device,
    scratch: new Uint8Array(new SharedArrayBuffer(4 * MIB)),
    keep: new Uint8Array(new SharedArrayBuffer(16 * MIB)),
    epoch: 1,
    format: "if-blank",
    deviceId: Uint32Array.of(1, 2, 3, 4),
    point: () => {},
  });
  const volumes = new Volumes(opened, { atomicWrites: "device", point: () => {} });
  return {
    volumes,
    volume: volumes.byName.values().next().value!,
    table: new Uint8Array(new SharedArrayBuffer(1024 * TRANSACTION_ENTRY_BYTES)),
    images: new Uint8Array(new SharedArrayBuffer(256 * BLOCK_BYTES)).fill(7),
    sequence: 0,
  };
}

/** A transaction of `count` blocks spread over the first `span` blocks. */
function transact(made: Rig, count: number, span: number): void {
  const entries = new Uint32Array(made.table.buffer, 0, count * 4);
  const sequence = ++made.sequence;
  for (let index = 0; index < count; index++) {
    entries[index * 4] = (sequence * 31 + index * 7) % span;
    entries[index * 4 + 2] = index * BLOCK_BYTES;
  }
  const table = made.table.subarray(0, count * TRANSACTION_ENTRY_BYTES);
  const request = { count, tagBadge: 1, tagSequence: sequence, result: 0 };
  const context = { badge: 1, sequence };
  const result = made.volume.transact({ ...request, table, images: made.images }, context);
  if (result !== count) throw new Error(`transact answered ${result}`);
}

/** Reads and waits for the answer. */
function readNow({ volume, volumes }: Rig, first: number, target: Uint8Array): void {
  let answered = 0;
  const later = () => ({
    answer: (result: number) => void (answered = result),
    isAbandoned: () => false,
  });
  const outcome = volume.read({ offset: first * BLOCK_BYTES, target }, { later });
  if (typeof outcome === "number") answered = outcome;
  else volumes.wait(1);
  if (answered !== target.byteLength) throw new Error(`read answered ${answered}`);
}

const words = new Uint32Array(new SharedArrayBuffer(MIB)).fill(0x01234567);
Deno.bench("crc32c of 1 MiB", () => {
  crc32c(words, 0, words.length, 0);
});

const hot = rig();
Deno.bench("transact of 5 blocks, the same 1,000 over and over", () => {
  transact(hot, 5, 1000);
});

const wide = rig();
Deno.bench("transact of 5 blocks among 50,000, group commits included", () => {
  transact(wide, 5, 50_000);
});

const synced = rig();
Deno.bench("transact of 5 blocks and flush", () => {
  transact(synced, 5, 1000);
  synced.volume.flush();
});

const read = rig();
Deno.bench("read of 1 block in place", () => {
  const target = read.images.subarray(0, BLOCK_BYTES);
  readNow(read, 1, target);
});

Deno.bench("read of 256 blocks, 1,000 others in the tail", () => {
  readNow(hot, 2000, hot.images);
});
