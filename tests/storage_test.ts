import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Client, OsError } from "@hako/ipc";
import {
  boot,
  defineSystem,
  type DomainManifest,
  type PointFault,
  type System,
  type SystemEvent,
} from "@hako/kernel";
import { Block } from "@hako/drivers/block";
import { Volume, WRITE_FLAG } from "@hako/storage-server";
import { DEATH_POINTS } from "../storage-server/death_points.ts";
import { INTEGRITY_DEATH_POINTS } from "../storage-server/integrity/death_points.ts";
import { settledStatus } from "../tools/systems/settled_status.ts";

const KiB = 1024;
const MiB = 1024 * KiB;
const BLOCK = 4096;
const restart = { limit: 100, windowMs: 1000 };

function memoryDisk(endpoint: string, bytes = 8 * MiB): DomainManifest {
  return {
    kind: "driver",
    module: import.meta.resolve("@hako/drivers/block/memory"),
    serves: { [endpoint]: Block },
    keeps: { disk: bytes },
    restart,
    spare: true,
  };
}

function storage(
  volumes: readonly string[],
  uses: readonly string[],
  options: Readonly<Record<string, unknown>>,
): DomainManifest {
  return {
    kind: "server",
    module: import.meta.resolve("@hako/storage-server/server"),
    serves: Object.fromEntries(volumes.map((name) => [name, Volume])),
    uses: [...uses],
    keeps: { journalTail: 1 * MiB },
    windows: { scratch: 512 * KiB },
    options: { format: "if-blank", ...options },
    restart,
    spare: true,
  };
}

function bootDomains(domains: Record<string, DomainManifest>): Promise<System> {
  return boot(defineSystem({ base: import.meta.url, domains }));
}

async function fill(
  volume: Client<Volume>,
  window: Uint8Array,
  { offset, value }: { offset: number; value: number },
): Promise<void> {
  await volume.call("write", { offset, flags: 0, source: window.fill(value) });
}

Deno.test("several volumes of a device are endpoints of their own", async () => {
  const volumes = { root: { blocks: 100 }, home: {} };
  await using system = await bootDomains({
    disk: memoryDisk("disk"),
    storage: storage(["root", "home"], ["disk"], { volumes }),
  });
  const window = await system.window(BLOCK);
  const root = await system.connect(Volume, "root");
  const home = await system.connect(Volume, "home");
  assertEquals((await root.call("stat", {})).byteLength, 100 * BLOCK);
  await fill(root, window, { offset: 0, value: 1 });
  await fill(home, window, { offset: 0, value: 2 });
  for (const domain of ["disk", "storage"]) system.terminate(domain);
  await root.call("read", { offset: 0, target: window });
  assertEquals(window[7], 1);
  await home.call("read", { offset: 0, target: window });
  assertEquals(window[7], 2);
  await assertRejects(
    () => root.call("read", { offset: 100 * BLOCK, target: window }),
    OsError,
    "EINVAL",
  );
});

Deno.test("a manifest whose volumes do not fit the device fails the boot", async () => {
  const domains = {
    disk: memoryDisk("disk"),
    storage: storage(["root"], ["disk"], { volumes: { root: { blocks: 100_000 } } }),
  };
  await assertRejects(() => bootDomains(domains), OsError, "too few");
});

Deno.test("a volume that the device lacks fails the boot, and what it has is told", async () => {
  const directory = Deno.makeTempDirSync();
  const path = `${directory}/disk.img`;
  const domains = (volumes: Readonly<Record<string, unknown>>) => ({
    disk: {
      kind: "driver",
      module: import.meta.resolve("@hako/drivers/block/host-file"),
      permissions: { read: [path], write: [path] },
      serves: { disk: Block },
      options: { path, createBytes: 8 * MiB },
    } satisfies DomainManifest,
    storage: storage(Object.keys(volumes), ["disk"], { volumes }),
  });
  try {
    const first = await bootDomains(domains({ root: { blocks: 100 }, home: {} }));
    await first.halt();
    const other = (): Promise<System> => bootDomains(domains({ root: {}, boot: {} }));
    await assertRejects(other, OsError, "find the volume boot: the device has root, home");
    const sized = (): Promise<System> => bootDomains(domains({ root: { blocks: 99 } }));
    await assertRejects(sized, OsError, "open the volume root of 99 blocks: it has 100");
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

Deno.test("many requests are under way while servers die, and each is done", async () => {
  await using system = await bootDomains({
    disk: memoryDisk("disk"),
    storage: storage(["volume"], ["disk"], {}),
  });
  const volume = await system.connect(Volume, "volume");
  const count = 64;
  const window = await system.window(2 * count * BLOCK);
  const source = window.subarray(0, count * BLOCK);
  const target = window.subarray(count * BLOCK);
  const block = (view: Uint8Array, at: number): Uint8Array =>
    view.subarray(at * BLOCK, (at + 1) * BLOCK);
  for (let round = 1; round <= 6; round++) {
    for (let at = 0; at < count; at++) block(source, at).fill(round * 31 + at);
    const writes = Array.from({ length: count }, (_, at) => ({
      offset: at * BLOCK,
      flags: at % 16 === 0 ? WRITE_FLAG.FUA : 0,
      source: block(source, at),
    }));
    let answered = 0;
    for await (const result of volume.stream("write", writes, { inFlightMax: 32 })) {
      assertEquals(result, BLOCK);
      if (answered++ === 10 * round % count) system.terminate("storage");
      if (answered === 7 * round % count) system.terminate("disk");
    }
    const reads = writes.map(({ offset }, at) => ({ offset, target: block(target, at) }));
    target.fill(0);
    for await (const result of volume.stream("read", reads)) assertEquals(result, BLOCK);
    assertEquals(target, source);
  }
  assertEquals((await settledStatus(system)).slotsInUse, 0);
});

Deno.test("a mirror with tags serves while a leg's driver and the server die", async () => {
  const told: unknown[] = [];
  const domains = {
    one: memoryDisk("legA"),
    two: memoryDisk("legB"),
    storage: storage(["volume"], ["legA", "legB"], { device: ["legA", "legB"], tags: true }),
  };
  const onEvent = (event: unknown): void => void told.push(event);
  const defined = defineSystem({ base: import.meta.url, domains });
  await using system = await boot(defined, { onEvent });
  const volume = await system.connect(Volume, "volume");
  const window = await system.window(BLOCK);
  for (let round = 1; round <= 20; round++) {
    await fill(volume, window, { offset: (round % 5) * BLOCK, value: round });
    if (round % 4 === 0) system.terminate("one");
    if (round % 6 === 0) system.terminate("storage");
    if (round % 5 === 0) assertEquals(await volume.call("flush", {}), 0);
  }
  for (let at = 0; at < 5; at++) {
    await volume.call("read", { offset: at * BLOCK, target: window });
    assertEquals(window[100], at === 0 ? 20 : 15 + at);
  }
  assert(told.some((event) => JSON.stringify(event).includes('"legs":["in","in"]')), "in step");
});

/** Asks for everything that a volume can do, and answers what it holds then. */
async function exercise(system: System): Promise<Uint8Array> {
  const volume = await system.connect(Volume, "volume");
  const window = await system.window(16 * BLOCK);
  const data = window.subarray(0, 8 * BLOCK);
  const table = window.subarray(8 * BLOCK, 9 * BLOCK);
  const entries = (...pairs: (readonly [number, number])[]): Uint8Array => {
    const view = new DataView(table.buffer, table.byteOffset);
    for (const [at, [one, other]] of pairs.entries()) {
      view.setBigUint64(at * 16, BigInt(one), true);
      view.setBigUint64(at * 16 + 8, BigInt(other), true);
    }
    return table.subarray(0, pairs.length * 16);
  };
  const tag = { tagBadge: 0, tagSequence: 0, result: 0 };
  await volume.call("write", { offset: 0, flags: 0, source: data.fill(1) });
  data.fill(2);
  for (let round = 0; round < 150; round++) {
    await volume.call("transact", { count: 1, ...tag, table: entries([1, 0]), images: data });
  }
  await volume.call("write", { offset: BLOCK, flags: 0, source: data.subarray(0, BLOCK).fill(3) });
  await volume.call("write", { offset: 0, flags: 0, source: data.fill(4) });
  await volume.call("write", { offset: 512, flags: 0, source: data.subarray(0, 1024).fill(5) });
  await volume.call("zero", { offset: 2 * BLOCK, byteLength: 2 * BLOCK + 512, flags: 0 });
  await volume.call("trim", { offset: 5 * BLOCK, byteLength: BLOCK, flags: WRITE_FLAG.FUA });
  await volume.call("write", {
    offset: 5 * BLOCK,
    flags: 1,
    source: data.subarray(0, BLOCK).fill(6),
  });
  const vector = entries([6 * BLOCK + 512, 512], [7 * BLOCK, BLOCK]);
  const source = data.subarray(0, BLOCK + 512).fill(7);
  await volume.call("writeVector", { count: 2, flags: 0, table: vector, source });
  await volume.call("flush", {});
  const { byteLength, isZero } = await volume.call("extent", {
    offset: 2 * BLOCK,
    byteLength: MiB,
  });
  assertEquals([byteLength, isZero], [2 * BLOCK, 1]);
  await volume.call("read", { offset: 0, target: data });
  return data.slice();
}

/** Runs it on a system of its own; notes who died. */
async function runOn(
  disks: readonly string[],
  options: Readonly<Record<string, unknown>>,
  { faults, deaths }: { faults: readonly PointFault[]; deaths: string[] },
): Promise<Uint8Array> {
  const server = storage(["volume"], disks, { device: [...disks], ...options });
  const domains = {
    ...Object.fromEntries(disks.map((name) => [name, memoryDisk(name)])),
    storage: { ...server, keeps: { journalTail: 128 * KiB } },
  };
  const onEvent = (event: SystemEvent): void => {
    if (event.type === "died") deaths.push(event.domain);
  };
  const system = await boot(defineSystem({ base: import.meta.url, domains }), { faults, onEvent });
  const found = await exercise(system);
  assertEquals((await settledStatus(system, SETTLED_MS_MAX)).slotsInUse, 0);
  await system.halt();
  return found;
}

/** A server that has settled a mirror after a death has done so by then. */
const SETTLED_MS_MAX = 10_000;

const KINDS = ["throw", "exit", "terminate"] as const;

/** Deaths in one boot: each at another point, of whichever incarnation passes it first. */
const DEATHS_PER_BOOT = 3;

/** Faults in groups, far from each other in the order of the list. */
function groupsOf<T>(faults: readonly T[]): T[][] {
  const count = Math.ceil(faults.length / DEATHS_PER_BOOT);
  return Array.from({ length: count }, (_, group) => faults.filter((_, i) => i % count === group));
}

const OWN_POINTS = DEATH_POINTS.filter((name) => /^(write|read|zero|trim|tail)\./.test(name));

Deno.test("a volume answers as if nobody had died, wherever server or driver do", async (t) => {
  const deaths: string[] = [];
  const expected = await runOn(["disk"], {}, { faults: [], deaths });
  const blocks = Array.from({ length: 8 }, (_, at) => expected[at * BLOCK + 2048]);
  assertEquals(blocks, [4, 4, 0, 0, 4, 6, 4, 7]);
  for (const options of [{ atomicWrites: "journal" }, { tags: true }]) {
    const found = await runOn(["disk"], options, { faults: [], deaths });
    assertEquals(found, expected, JSON.stringify(options));
  }
  assertEquals(deaths, []);
  const faults = [
    ...OWN_POINTS.map((point) => ({ domain: "storage", point })),
    ...["runtime.request", "runtime.answer", "runtime.committed"].flatMap((point) =>
      [4, 20, 35].map((visit) => ({ domain: "disk", point, visit }))
    ),
  ];
  for (const [index, group] of groupsOf(faults).entries()) {
    const kind = KINDS[index % KINDS.length]!;
    const names = group.map((fault) => {
      const visit = "visit" in fault ? ` (visit ${fault.visit})` : "";
      return `${fault.domain} at ${fault.point}${visit}`;
    });
    await t.step(`deaths by ${kind}: ${names.join(", ")}`, async () => {
      deaths.length = 0;
      const given = group.map((fault) => ({ ...fault, kind }));
      assertEquals(await runOn(["disk"], {}, { faults: given, deaths }), expected);
      assertEquals(deaths.toSorted(), group.map(({ domain }) => domain).sort());
    });
  }
});

/**
 * Points that a mirror passes only when a leg is rotten or gone, when it scrubs, and when it is opened
 * again: its own tests die there.
 */
const ELSEWHERE = ["out.", "heal.", "scrub.", "join.", "open.labelled"];

Deno.test("a mirror with tags answers as if its server had not died, at any point", async (t) => {
  const legs = ["one", "other"];
  const deaths: string[] = [];
  const expected = await runOn(legs, { tags: true }, { faults: [], deaths });
  const points = INTEGRITY_DEATH_POINTS.filter((name) =>
    !ELSEWHERE.some((start) => name.startsWith(start))
  );
  for (const [index, group] of groupsOf(points).entries()) {
    const kind = KINDS[index % KINDS.length]!;
    await t.step(`deaths by ${kind}: integrity at ${group.join(", ")}`, async () => {
      deaths.length = 0;
      const faults = group.map((name) => ({ domain: "storage", point: `integrity.${name}`, kind }));
      assertEquals(await runOn(legs, { tags: true }, { faults, deaths }), expected);
      assertEquals(deaths, group.map(() => "storage"));
    });
  }
});
