import { assertEquals } from "@std/assert";
import { resolve } from "node:path";
import { readBenchFiles, readRows } from "./bench_files.ts";
import type { PairedRow } from "./paired_row.ts";

/** What is asked of a row. */
type Asked = Pick<PairedRow, "target" | "limit" | "limitP99" | "excessMax">;

/** Works of files, by the names of their rows. */
const FILE_WORKS = [
  "seq-read-1m",
  "seq-write-1m",
  "rand-read-4k",
  "map-read-4k",
  "create-unlink",
  "stat",
  "readdir-10k",
] as const;

/** Of them what a file system in a worker can do as well. */
const WORKER_WORKS = [
  "stat",
  "rand-read-4k",
  "read-file-4k",
  "create-unlink",
  "seq-read-1m",
  "seq-write-1m",
  "readdir-1k",
] as const;

/** What fault tolerance may cost: little, and a little more where each 4 KiB are written down. */
const FT_ROWS = ["", "-tags"].flatMap((tags) =>
  ["seq", "rand"].flatMap((order) =>
    ["4k", "128k"].flatMap((size) =>
      ["read", "write"].map((way): [string, Asked] => [
        `storage/ft/${order}-${size}-${way}${tags}`,
        { target: size === "4k" && way === "write" ? 0.9 : 0.97 },
      ])
    )
  )
);

/** Every row that was promised, with what was promised of it. A target is not lowered in silence. */
const PROMISED: Readonly<Record<string, Asked>> = {
  "ipc/null/floor": { target: 0.667 },
  "ipc/null/ringbuf": { target: 1.5 },
  "ipc/null/postmessage": { target: 100 },
  "ipc/null/comlink": { target: 100 },
  "ipc/null/piscina": { target: 100 },
  "ipc/null/unix-socket": { target: 50 },
  "ipc/parked/atomics-wait": { target: 0.8 },
  "ipc/async/waitasync": { target: 1 },
  "ipc/cross-core/kernel-mediated": { target: 30 },
  "ipc/same-core/kernel-mediated": { target: 3 },
  "ipc/pipelined/ringbuf": { target: 2.5 },
  "ipc/pipelined/postmessage": { target: 40 },
  "ipc/bulk/memcpy": { target: 0.6 },
  "ipc/bulk/by-reference": { target: 1, limit: 2 },
  "kernel/null/standalone": { target: 0.97 },
  "kernel/boot/bare-worker": { target: 0.4 },
  "kernel/boot/six-bare-workers": { target: 0.667 },
  "kernel/exactly-once/again": { target: 0 },
  "kernel/exactly-once/nothing-kept": { target: 0 },
  ...Object.fromEntries(
    ["throw", "terminate", "hang"].flatMap((death): [string, Asked][] => [
      [`kernel/failover/warm-${death}`, { target: 1, limit: 5, limitP99: 20 }],
      [`kernel/failover/cold-${death}`, { target: 0, limit: 60 }],
    ]),
  ),
  "kernel/memory/bare-worker": { target: 0, excessMax: 2 },
  "kernel/memory-limit/start": { target: 0.5 },
  "kernel/memory-limit/arrangement": { target: 10 },
  ...Object.fromEntries(FT_ROWS),
  "storage/direct/seq-128k-read": { target: 0.95 },
  "storage/direct/seq-128k-write": { target: 0.95 },
  "storage/direct/rand-4k-qd32-read": { target: 0.8 },
  "nbd/read-4k-qd16": { target: 0.7 },
  "nbd/write-4k-qd16": { target: 0.7 },
  "nbd/read-1m": { target: 0.7 },
  "fuse/getattr": { target: 1 },
  "fuse/read-1m": { target: 1 },
  "fuse/write-1m": { target: 1 },
  "fuse/read-4k": { target: 1 },
  "fuse/create-unlink": { target: 1 },
  ...Object.fromEntries(FILE_WORKS.flatMap((work): [string, Asked][] => [
    [`fs/${work}`, { target: work === "map-read-4k" ? 10 : 1 }],
    [`fs/killed/${work}`, { target: 0.9 }],
  ])),
  ...Object.fromEntries(WORKER_WORKS.flatMap((work): [string, Asked][] => [
    [`fs/zenfs/${work}`, { target: 50 }],
    [`fs/memfs/${work}`, { target: 50 }],
  ])),
};

const root = resolve(import.meta.dirname!, "../..");
const rows = (await readRows(root, (await readBenchFiles(root, [])).paired)).map(({ row }) => row);

Deno.test("every row that was promised exists, with the target that was promised", () => {
  const found = Object.fromEntries(
    rows.filter(({ name }) => name in PROMISED).map(({ name, ...row }) => [name, asked(row)]),
  );
  assertEquals(found, PROMISED);
});

Deno.test("no two rows have one name", () => {
  const names = rows.map(({ name }) => name);
  assertEquals(names.length, new Set(names).size);
});

Deno.test("every row asks for something, and can be told in its unit", () => {
  const wanting = rows.filter(({ name, target, limit, excessMax, unit, bytes }) => {
    const asksNothing = !(target > 0) && limit === undefined && excessMax === undefined;
    // What exactly-once costs is told, not judged.
    return (asksNothing && !name.startsWith("kernel/exactly-once/")) ||
      (unit === "GB/s") !== (bytes !== undefined);
  });
  assertEquals(wanting.map(({ name }) => name), []);
});

function asked({ target, limit, limitP99, excessMax }: Asked): Asked {
  return {
    target,
    ...(limit === undefined ? {} : { limit }),
    ...(limitP99 === undefined ? {} : { limitP99 }),
    ...(excessMax === undefined ? {} : { excessMax }),
  };
}
