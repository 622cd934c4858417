import { assertEquals } from "@std/assert";
import { ATTRIBUTE, ATTRIBUTES_BYTES } from "@hako/fs-server";
import { LastSeen } from "./last_seen.ts";

function attributes(inode: number, generation: number): Uint8Array {
  const bytes = new Uint8Array(ATTRIBUTES_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(ATTRIBUTE.inode, inode, true);
  view.setUint32(ATTRIBUTE.generation, generation, true);
  view.setUint32(ATTRIBUTE.links, 2, true);
  return bytes;
}

Deno.test("LastSeen tells of a file that is gone what was told last, without names", () => {
  const seen = new LastSeen();
  seen.note(attributes(12, 3), 12);
  const gone = seen.ofGone(12, 3);
  assertEquals(gone?.getUint32(ATTRIBUTE.inode, true), 12);
  assertEquals(gone?.getUint32(ATTRIBUTE.links, true), 0);
});

Deno.test("LastSeen tells nothing of another generation, nor of what it has forgotten", () => {
  const seen = new LastSeen();
  seen.note(attributes(12, 3), 12);
  assertEquals(seen.ofGone(12, 4), undefined);
  seen.note(attributes(12 + 1024, 1), 12 + 1024);
  assertEquals(seen.ofGone(12, 3), undefined);
});

Deno.test("LastSeen tells what holds under one stamp only, until it expires", () => {
  const seen = new LastSeen();
  seen.note(attributes(12, 3), 12, 7);
  assertEquals(seen.current(12, 3, 7)?.getUint32(ATTRIBUTE.links, true), 2);
  assertEquals(seen.current(12, 4, 7), undefined);
  assertEquals(seen.current(12, 3, 8), undefined);
  seen.expire(12);
  assertEquals(seen.current(12, 3, 7), undefined);
  seen.note(attributes(12, 3), 12);
  assertEquals(seen.current(12, 3, 0), undefined); // Under no stamp nothing holds.
});
