import { assertEquals } from "@std/assert";
import { MOUNT_STATE, MountKeep } from "./mount_keep.ts";

const MOUNT = { fd: 5, commFd: 6, pid: 70, connection: 8 };

Deno.test("MountKeep tells a successor of the mount and of its number", () => {
  const bytes = new Uint8Array(4096);
  const keep = new MountKeep(bytes);
  assertEquals(keep.state, MOUNT_STATE.none);
  keep.beginMount();
  assertEquals(new MountKeep(bytes).state, MOUNT_STATE.mounting);
  keep.mounted(MOUNT);
  keep.renumbered(9, 5);
  const successor = new MountKeep(bytes);
  assertEquals(successor.mount, { ...MOUNT, fd: 9 });
  assertEquals(successor.formerFd, 5);
  successor.retired();
  assertEquals(new MountKeep(bytes).formerFd, 0);
});

Deno.test("MountKeep knows the recorded request, marked as given again or not", () => {
  const keep = new MountKeep(new Uint8Array(4096));
  assertEquals(keep.hasRecord, false);
  keep.record(10, 0x80000001, 77, { step: 1, held: 3 });
  assertEquals(keep.isRecorded(10, 1), true);
  assertEquals(keep.isRecorded(10, 0x80000001), true);
  assertEquals(keep.isRecorded(10, 2), false);
  assertEquals([keep.recordedName, keep.recordedStep, keep.recordedHandle], [77, 1, 3]);
});

Deno.test("MountKeep forgets the record of a former mount", () => {
  const keep = new MountKeep(new Uint8Array(4096));
  keep.record(10, 1, 77, { step: 0, held: 0 });
  keep.agree(1, 2);
  keep.lastChange = 2 ** 40;
  keep.beginMount();
  assertEquals([keep.hasRecord, keep.agreed, keep.lastChange], [false, undefined, 0]);
});
