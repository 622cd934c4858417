import { ATTRIBUTE, ATTRIBUTES_BYTES } from "@hako/fs-server";
import { assertEquals } from "@std/assert";
import { validity } from "./attributes.ts";
import { DirectoryPacker } from "./directory_packer.ts";
import { DATA_OFFSET } from "./places.ts";

const valid = validity(1000, 1000);

/** A packer, the memory of a listing, and what was packed. */
function packing() {
  const buffer = new Uint8Array(DATA_OFFSET + 8192).fill(0xdd);
  const packer = new DirectoryPacker(buffer);
  const source = new Uint8Array(512);
  const packed = () => new DataView(buffer.buffer, DATA_OFFSET, packer.byteLength);
  const name = (text: string, at: number) =>
    new TextEncoder().encodeInto(text, source.subarray(at));
  return { packer, source, packed, name };
}

Deno.test("DirectoryPacker packs entries to multiples of 8, with types of dirent.h", () => {
  const { packer, source, packed, name } = packing();
  name("a", 3);
  name("12345678", 9);
  packer.begin(source, 4096);
  assertEquals(packer.add(12, 2 ** 40 + 1, 1, 3, 1), true);
  assertEquals(packer.add(0xffff_fff0, 2, 7, 9, 8), true);
  const view = packed();
  assertEquals(view.byteLength, 32 + 32);
  assertEquals([view.getBigUint64(0, true), view.getBigUint64(8, true)], [12n, 2n ** 40n + 1n]);
  assertEquals([view.getUint32(16, true), view.getUint32(20, true)], [1, 8]);
  assertEquals(view.getBigUint64(24, true), 0x61n, "the rest of a name's words is zero");
  assertEquals(view.getBigUint64(32, true), 0xffff_fff0n);
  assertEquals([view.getUint32(48, true), view.getUint32(52, true)], [8, 10]);
  assertEquals(view.getUint8(56), 0x31);
});

Deno.test("DirectoryPacker.addPlus() carries attributes, but not of dots and of what it cannot know", () => {
  const { packer, source, packed, name } = packing();
  const record = new DataView(source.buffer, 64, ATTRIBUTES_BYTES);
  record.setUint32(ATTRIBUTE.inode, 12, true);
  record.setUint32(ATTRIBUTE.generation, 3, true);
  record.setUint32(ATTRIBUTE.mode, 0o40755, true);
  name("dir", 0);
  name("..", 8);
  packer.begin(source, 4096);
  const place = { nameAt: 0, nameBytes: 3, attributesAt: 64 };
  assertEquals(packer.addPlus(12, 1, 2, place, valid), true);
  assertEquals(packer.addPlus(2, 2, 2, { ...place, nameAt: 8, nameBytes: 2 }, valid), true);
  assertEquals(packer.addPlus(13, 3, 1, { ...place, attributesAt: 200 }, valid), true);
  const view = packed();
  assertEquals(view.byteLength, 3 * 160);
  assertEquals(view.getBigUint64(0, true), (3n << 32n) + 12n);
  assertEquals([view.getBigUint64(16, true), view.getUint32(40 + 60, true)], [1n, 0o40755]);
  assertEquals([view.getBigUint64(128, true), view.getBigUint64(136, true)], [12n, 1n]);
  assertEquals([view.getUint32(144, true), view.getUint32(148, true)], [3, 4]);
  const hollow = [view.getBigUint64(160, true), view.getBigUint64(320, true)];
  assertEquals(hollow, [0n, 0n], "node 0: not told");
  assertEquals([view.getBigUint64(288, true), view.getBigUint64(448, true)], [2n, 13n]);
});

Deno.test("DirectoryPacker packs nothing that has no room or does not lie in the listing", () => {
  const { packer, source } = packing();
  packer.begin(source, 63);
  assertEquals(packer.add(1, 1, 1, 0, 8), true);
  assertEquals(packer.add(2, 2, 1, 0, 8), false, "32 of 31 bytes");
  assertEquals(packer.add(2, 2, 1, 510, 3), false);
  assertEquals(packer.byteLength, 32);
  packer.begin(source, 4096);
  const place = { nameAt: 0, nameBytes: 1, attributesAt: 512 - ATTRIBUTES_BYTES + 1 };
  assertEquals(packer.addPlus(1, 1, 1, place, valid), false);
  packer.begin(source, 2 ** 32 - 1);
  let count = 0;
  while (packer.add(1, 1, 1, 0, 1)) count++;
  assertEquals(count, 8192 / 32, "never beyond its own buffer");
});
