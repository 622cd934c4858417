import { assertEquals } from "@std/assert";
import { ERRNO } from "@hako/ipc";
import { Disk, type DiskFile } from "./disk.ts";
import { PART_BLOCKS, PatientDisk } from "./patient_disk.ts";

const BLOCKS = 4 * PART_BLOCKS;

/** A file of which only the story is kept: what was done to it, in order. */
class StoryFile implements DiskFile {
  readonly byteLength = BLOCKS * 4096;
  readonly readOnly = false;
  readonly fastZero = false;
  readonly story: string[] = [];

  readAt(offset: number, target: Uint8Array): number {
    this.story.push(`read ${offset / 4096}`);
    return target.byteLength;
  }

  writeAt(offset: number): void {
    this.story.push(`write ${offset / 4096}`);
  }

  zeroAt(offset: number, byteLength: number): void {
    this.story.push(`zero ${offset / 4096} ${byteLength / 4096}`);
  }

  sync(): void {}
}

function rig() {
  const file = new StoryFile();
  return { file, disk: new PatientDisk(new Disk(file, () => "EIO")) };
}

const ASKED = { isAbandoned: () => false };
const block = new Uint8Array(4096);

Deno.test("a long zero() leaves others their turn, and those that overlap it wait", async () => {
  const { file, disk } = rig();
  const long = disk.zero({ first: 0, count: 2 * PART_BLOCKS + 1 }, ASKED);
  const overlaps = disk.write({ first: 5, count: 1, source: block });
  const behind = disk.read({ first: 5, count: 1, target: block });
  assertEquals(await disk.write({ first: BLOCKS - 1, count: 1, source: block }), 1);
  assertEquals(await disk.zero({ first: BLOCKS - 2, count: 1 }, ASKED), 1);
  assertEquals([await long, await overlaps, await behind], [2 * PART_BLOCKS + 1, 1, 1]);
  const zeroes = [`zero 0 ${PART_BLOCKS}`, `zero ${PART_BLOCKS} ${PART_BLOCKS}`];
  const beside = [`write ${BLOCKS - 1}`, `zero ${BLOCKS - 2} 1`];
  const last = [`zero ${2 * PART_BLOCKS} 1`, "write 5", "read 5"];
  assertEquals(file.story.toSorted(), [...zeroes, ...beside, ...last].toSorted());
  assertEquals(file.story.slice(-3), last);
  assertEquals(disk.read({ first: 0, count: 1, target: block }), 1, "at once again");
});

Deno.test("a long zero() ends when nobody waits for it any more", async () => {
  const { file, disk } = rig();
  let looks = 0;
  const asked = { isAbandoned: () => ++looks > 2 };
  assertEquals(await disk.zero({ first: 0, count: BLOCKS }, asked), -ERRNO.ECANCELED);
  assertEquals(file.story.length, 2);
});

Deno.test("what is no run is refused, however long", async () => {
  const { disk } = rig();
  for (
    const [first, count] of [[0, BLOCKS + 1], [1, BLOCKS], [2 ** 53 - 1, 2 ** 32 - 1]] as const
  ) {
    assertEquals(await disk.zero({ first, count }, ASKED), -ERRNO.EINVAL);
  }
});
