import { assertEquals, assertThrows } from "@std/assert";
import { OsError } from "@hako/ipc";
import { FuseNotification } from "./notification.ts";

function sent(notification: FuseNotification, byteLength: number) {
  const bytes = notification.source.slice(0, byteLength);
  const view = new DataView(bytes.buffer);
  assertEquals([view.getUint32(0, true), view.getBigUint64(8, true)], [byteLength, 0n]);
  return { code: view.getInt32(4, true), view, bytes: bytes.subarray(16) };
}

Deno.test("FuseNotification.invalInode() names node and run", () => {
  const notification = new FuseNotification();
  const { code, view } = sent(notification, notification.invalInode(12, 3, -1, 0));
  assertEquals([code, view.byteLength], [2, 40]);
  assertEquals(view.getBigUint64(16, true), (3n << 32n) + 12n);
  assertEquals([view.getBigInt64(24, true), view.getBigInt64(32, true)], [-1n, 0n]);
  const run = sent(notification, notification.invalInode(2, 5, 2 ** 40, 4096)).view;
  assertEquals(run.getBigUint64(16, true), 1n);
  assertEquals([run.getBigInt64(24, true), run.getBigInt64(32, true)], [2n ** 40n, 4096n]);
});

Deno.test("FuseNotification.invalEntry() and expireEntry() name parent and name", () => {
  const notification = new FuseNotification();
  const name = new TextEncoder().encode("näme");
  notification.source.fill(0xdd);
  const entry = sent(notification, notification.invalEntry(2, 0, name));
  assertEquals([entry.code, entry.bytes.byteLength], [3, 16 + name.byteLength + 1]);
  assertEquals(entry.view.getBigUint64(16, true), 1n);
  assertEquals([entry.view.getUint32(24, true), entry.view.getUint32(28, true)], [5, 0]);
  assertEquals([...entry.bytes.subarray(16)], [...name, 0]);
  const expired = sent(notification, notification.expireEntry(12, 1, name));
  assertEquals(expired.view.getUint32(28, true), 1);
  assertEquals(sent(notification, notification.invalEntry(2, 0, new Uint8Array(1024))).code, 3);
  assertThrows(() => notification.invalEntry(2, 0, new Uint8Array(1025)), OsError, "ENAMETOOLONG");
});

Deno.test("FuseNotification.resend() is a header", () => {
  const notification = new FuseNotification();
  const { code, view } = sent(notification, notification.resend());
  assertEquals([code, view.byteLength], [7, 16]);
});
