import { assertEquals } from "@std/assert";
import { ERRNO } from "@hako/ipc";
import { Disk } from "../disk.ts";
import { MemoryFile } from "../memory/memory_file.ts";
import { DiskFaultPlan, type DiskFaultRule } from "./fault_plan.ts";
import { FaultyDisk } from "./faulty_disk.ts";

const BLOCK = 4096;
const BLOCKS = 32;
const ASKED = { isAbandoned: () => false };

interface Rig {
  readonly below: Uint8Array;
  readonly faulty: FaultyDisk;
  readonly disk: Disk;
  readonly delays: (() => void)[];
}

/** A faulty disk above one whose block `n` is full of `n`. A delay ends when the test ends it. */
function rig(...faults: DiskFaultRule[]): Rig {
  const below = new Uint8Array(BLOCKS * BLOCK);
  for (let block = 0; block < BLOCKS; block++) {
    below.fill(block, block * BLOCK, (block + 1) * BLOCK);
  }
  const disk = new Disk(new MemoryFile(below), () => "EIO");
  const delays: (() => void)[] = [];
  const faulty = new FaultyDisk({
    disk,
    stat: disk.stat(),
    plan: new DiskFaultPlan(faults, { seed: 5, blockCount: BLOCKS }),
    scratch: new Uint8Array(2 * BLOCK),
    delay: () => new Promise((resolve) => delays.push(resolve)),
  });
  return { below, faulty, disk, delays };
}

function filled(blocks: number, value: number): Uint8Array {
  return new Uint8Array(blocks * BLOCK).fill(value);
}

/** How many sectors of a run hold nothing but a value. */
function sectorsOf(bytes: Uint8Array, value: number): number {
  let count = 0;
  for (let at = 0; at < bytes.length; at += 512) {
    if (bytes.subarray(at, at + 512).every((byte) => byte === value)) count++;
  }
  return count;
}

Deno.test("without a fault all is passed on", async () => {
  const { below, faulty, disk } = rig();
  assertEquals(faulty.stat(), disk.stat());
  assertEquals(await faulty.write({ first: 2, count: 2, source: filled(2, 99) }, ASKED), 2);
  assertEquals(below[2 * BLOCK], 99);
  assertEquals(await faulty.zero({ first: 2, count: 1 }, ASKED), 1);
  assertEquals(below[2 * BLOCK], 0);
  assertEquals(await faulty.discard({ first: 2, count: 1 }, ASKED), 1);
  assertEquals(await faulty.flush({}, ASKED), 0);
});

Deno.test("error and full change nothing and say so", async () => {
  const { below, faulty } = rig({ kind: "full", at: 1 }, { kind: "error" });
  const before = below.slice();
  const source = filled(1, 99);
  assertEquals(await faulty.write({ first: 0, count: 1, source }, ASKED), -ERRNO.ENOSPC);
  assertEquals(await faulty.write({ first: 0, count: 1, source }, ASKED), -ERRNO.EIO);
  assertEquals(await faulty.read({ first: 0, count: 1, target: source }, ASKED), -ERRNO.EIO);
  assertEquals(await faulty.zero({ first: 0, count: 1 }, ASKED), -ERRNO.EIO);
  assertEquals(await faulty.discard({ first: 0, count: 1 }, ASKED), -ERRNO.EIO);
  assertEquals(await faulty.flush({}, ASKED), -ERRNO.EIO);
  assertEquals(below, before);
});

Deno.test("a flush fails once, and the disk is honest again", async () => {
  const { faulty } = rig({ kind: "error", operations: ["flush"], at: 2 });
  const answers = [];
  for (let turn = 0; turn < 4; turn++) answers.push(await faulty.flush({}, ASKED));
  assertEquals(answers, [0, -ERRNO.EIO, 0, 0]);
});

for (const succeeds of [false, true]) {
  Deno.test(`a short write moves the first blocks and ${succeeds ? "says how many" : "fails"}`, async () => {
    const { below, faulty } = rig({ kind: "short", succeeds });
    const answer = await faulty.write({ first: 8, count: 16, source: filled(16, 99) }, ASKED);
    const moved = sectorsOf(below, 99) / 8;
    assertEquals(moved > 0 && moved < 16, true);
    assertEquals(answer, succeeds ? moved : -ERRNO.EIO);
    assertEquals([below[8 * BLOCK], below[(8 + moved) * BLOCK]], [99, 8 + moved]);
  });

  Deno.test(`a torn write keeps some sectors and ${succeeds ? "lies" : "fails"}`, async () => {
    const { below, faulty } = rig({ kind: "torn", succeeds });
    const source = filled(5, 99);
    const answer = await faulty.write({ first: 8, count: 5, source }, ASKED);
    assertEquals(answer, succeeds ? 5 : -ERRNO.EIO);
    const run = below.subarray(8 * BLOCK, 13 * BLOCK);
    const written = sectorsOf(run, 99);
    assertEquals(written > 0 && written < 40, true);
    const old = [8, 9, 10, 11, 12].map((value) => sectorsOf(run, value));
    assertEquals(
      old.reduce((sum, count) => sum + count, written),
      40,
      "every sector is old or new",
    );
    assertEquals([below[8 * BLOCK - 1], below[13 * BLOCK]], [7, 13]);
  });
}

Deno.test("torn writes under way at once do not mix", async () => {
  const { below, faulty } = rig({ kind: "torn", succeeds: true });
  const writes = [0, 4, 8, 12].map((first) => {
    return faulty.write({ first, count: 4, source: filled(4, 100 + first) }, ASKED);
  });
  assertEquals(await Promise.all(writes), [4, 4, 4, 4]);
  for (const first of [0, 4, 8, 12]) {
    const run = below.subarray(first * BLOCK, (first + 4) * BLOCK);
    const old = [0, 1, 2, 3].map((block) => sectorsOf(run, first + block));
    assertEquals(old.reduce((sum, count) => sum + count, sectorsOf(run, 100 + first)), 32);
  }
});

Deno.test("a misdirected request takes another run", async () => {
  const { below, faulty } = rig({ kind: "misdirected" });
  assertEquals(await faulty.write({ first: 8, count: 1, source: filled(1, 99) }, ASKED), 1);
  assertEquals([below[8 * BLOCK], sectorsOf(below, 99)], [8, 8]);
  const target = filled(1, 77);
  assertEquals(await faulty.read({ first: 9, count: 1, target }, ASKED), 1);
  assertEquals(target[0] !== 9 && target[0] !== 77, true);
});

Deno.test("a stale write is answered and not done", async () => {
  const { below, faulty } = rig({ kind: "stale" });
  const before = below.slice();
  assertEquals(await faulty.write({ first: 8, count: 2, source: filled(2, 99) }, ASKED), 2);
  assertEquals(await faulty.zero({ first: 8, count: 2 }, ASKED), 2);
  assertEquals(below, before);
});

Deno.test("rot turns one bit, and it stays turned", async () => {
  const { below, faulty, disk } = rig({ kind: "rot", at: 1 });
  const before = below.slice(8 * BLOCK, 11 * BLOCK);
  const target = filled(3, 0);
  assertEquals(await faulty.read({ first: 8, count: 3, target }, ASKED), 3);
  const wrong = [...target.keys()].filter((index) => target[index] !== before[index]);
  assertEquals(wrong.length, 1);
  const again = filled(3, 0);
  assertEquals(disk.read({ first: 8, count: 3, target: again }), 3);
  assertEquals(again, target);
});

Deno.test("a slow request holds up those that overlap, and no others", async () => {
  const { below, faulty, delays } = rig({ kind: "slow", at: 1, delayMs: 1 });
  const answered: string[] = [];
  const note = (name: string, answer: number | Promise<number>) => {
    return Promise.resolve(answer).then(() => answered.push(name));
  };
  const slow = note("slow", faulty.write({ first: 0, count: 2, source: filled(2, 50) }, ASKED));
  const behind = note("behind", faulty.write({ first: 1, count: 1, source: filled(1, 60) }, ASKED));
  await note("beside", faulty.write({ first: 2, count: 1, source: filled(1, 70) }, ASKED));
  assertEquals(answered, ["beside"]);
  delays[0]!();
  await Promise.all([slow, behind]);
  assertEquals(answered, ["beside", "slow", "behind"]);
  assertEquals([below[0], below[BLOCK], below[2 * BLOCK]], [50, 60, 70]);
});

Deno.test("what nobody waits for any more is not done after its delay", async () => {
  const { below, faulty, delays } = rig({ kind: "slow", delayMs: 1 });
  const asked = { abandoned: false, isAbandoned: () => asked.abandoned };
  const answer = faulty.write({ first: 0, count: 1, source: filled(1, 50) }, asked);
  asked.abandoned = true;
  delays[0]!();
  assertEquals(await answer, -ERRNO.ECANCELED);
  assertEquals(below[0], 0);
});

Deno.test("what is no request is refused, and is no turn of the plan", async () => {
  const { faulty } = rig({ kind: "error", at: 1 });
  const target = filled(1, 0);
  for (const [first, count] of [[BLOCKS, 1], [BLOCKS - 1, 2], [2 ** 53 - 1, 1]] as const) {
    assertEquals(await faulty.read({ first, count, target }, ASKED), -ERRNO.EINVAL);
    assertEquals(await faulty.write({ first, count, source: target }, ASKED), -ERRNO.EINVAL);
    assertEquals(await faulty.zero({ first, count: count + 1 }, ASKED), -ERRNO.EINVAL);
    assertEquals(await faulty.discard({ first, count: count + 1 }, ASKED), -ERRNO.EINVAL);
  }
  assertEquals(await faulty.read({ first: 0, count: 1, target }, ASKED), -ERRNO.EIO);
});
