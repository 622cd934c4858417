/**
 * The rooms of Hako, and who may import whom: the arrows of docs/architecture.md.
 *
 * @module
 */

/** What one room may import of another. */
export interface Arrow {
  /** The room that may be imported. */
  readonly room: string;
  /** The only faces that may be imported, as `"@hako/kernel/domain"`; all when left out. */
  readonly faces?: readonly string[];
}

/** A room: a directory at the root of the source, and a package. */
export interface Room {
  /** The directory. */
  readonly name: string;
  /** What it may import besides itself. */
  readonly arrows: readonly Arrow[];
  /** Whether its code runs in users' systems, and so depends on no third-party code. */
  readonly runtime: boolean;
  /** Whether it may import the insides of the rooms below it, not just their faces. */
  readonly seesInside: boolean;
}

const IPC: Arrow = { room: "ipc" };
const DOMAIN_RUNTIME: Arrow = { room: "kernel", faces: ["@hako/kernel/domain"] };
/** What a driver and a gateway say to the same programs outside. */
const WIRE_FORMATS: Arrow = { room: "drivers", faces: ["@hako/drivers/nbd"] };
const SERVERS: readonly Arrow[] = [{ room: "storage-server" }, { room: "fs-server" }];

const RUNTIME_ROOMS: readonly Room[] = [
  runtimeRoom("ipc", []),
  runtimeRoom("kernel", [IPC]),
  runtimeRoom("drivers", [IPC, DOMAIN_RUNTIME]),
  runtimeRoom("storage-server", [IPC, DOMAIN_RUNTIME, { room: "drivers" }]),
  runtimeRoom("fs-server", [IPC, DOMAIN_RUNTIME, { room: "storage-server" }]),
  runtimeRoom("gateways", [IPC, DOMAIN_RUNTIME, ...SERVERS, WIRE_FORMATS]),
  runtimeRoom("unikernel", [IPC, DOMAIN_RUNTIME, ...SERVERS]),
];

const EVERY_RUNTIME_ROOM: readonly Arrow[] = RUNTIME_ROOMS.map(({ name }) => ({ room: name }));

/** Every room, from those that import nothing to those that import everything. */
export const ROOMS: readonly Room[] = [
  ...RUNTIME_ROOMS,
  { name: "tools", arrows: EVERY_RUNTIME_ROOM, runtime: false, seesInside: true },
  {
    name: "tests",
    arrows: [...EVERY_RUNTIME_ROOM, { room: "tools" }],
    runtime: false,
    seesInside: true,
  },
  { name: "std", arrows: [], runtime: false, seesInside: false },
  { name: "docs", arrows: EVERY_RUNTIME_ROOM, runtime: false, seesInside: false },
];

/** The room that a path belongs to; `undefined` for a file at the root. */
export function roomOf(path: string): Room | undefined {
  const name = path.slice(0, Math.max(0, path.indexOf("/")));
  return ROOMS.find((room) => room.name === name);
}

/** The face by which a benchmark of any room declares what it measures. */
export const BENCH_FACE = "@hako/tools/bench";

/** Whether a file is a benchmark, or serves only them, as a room's `bench/` does: a peer. */
export function isBench(path: string): boolean {
  return path.endsWith("_bench.ts") || /^(?!tools\/)[^/]+\/bench\//.test(path);
}

/** Whether a file is a test or a benchmark, or serves only them: a rig, a conformance suite. */
export function isTest(path: string): boolean {
  return path.startsWith("tests/") || isBench(path) || path.endsWith("_test.ts") ||
    /(?:^|\/)(?:test_\w+|conformance)\.ts$/.test(path);
}

function runtimeRoom(name: string, arrows: readonly Arrow[]): Room {
  return { name, arrows, runtime: true, seesInside: false };
}
