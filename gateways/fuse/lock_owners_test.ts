import { assertEquals, assertThrows } from "@std/assert";
import { OsError } from "@hako/ipc";
import { LockOwners } from "./lock_owners.ts";

const BY = { handle: 7, pid: 99 };

Deno.test("LockOwners names an owner of 64 bits by one number for each file", () => {
  const owners = new LockOwners(new Uint32Array(60));
  const number = owners.make(12, 0xdeadbeef, 0xfeedface, BY);
  assertEquals(owners.make(12, 0xdeadbeef, 0xfeedface, BY), number);
  assertEquals(owners.find(12, 0xdeadbeef, 0xfeedface), number);
  assertEquals(owners.find(12, 0xdeadbeef, 1), 0);
  assertEquals(owners.make(13, 0xdeadbeef, 0xfeedface, BY) === number, false);
  assertEquals(owners.pidOf(number), 99);
});

Deno.test("LockOwners are known to a successor, and forgotten with their locks", () => {
  const words = new Uint32Array(60);
  const number = new LockOwners(words).make(12, 1, 2, BY);
  const successor = new LockOwners(words);
  assertEquals(successor.find(12, 1, 2), number);
  successor.remove(number);
  assertEquals(successor.find(12, 1, 2), 0);
  assertEquals(new LockOwners(words).find(12, 1, 2), 0);
});

Deno.test("LockOwners.closed() forgets who locked through that handle, and nobody else", () => {
  const owners = new LockOwners(new Uint32Array(60));
  owners.make(12, 1, 1, BY);
  const other = owners.make(12, 2, 2, { handle: 8, pid: 1 });
  owners.make(13, 3, 3, BY);
  owners.closed(7);
  assertEquals([owners.find(12, 1, 1), owners.find(12, 2, 2), owners.find(13, 3, 3)], [
    0,
    other,
    0,
  ]);
});

Deno.test("LockOwners refuses one too many with ENOLCK", () => {
  const owners = new LockOwners(new Uint32Array(12));
  owners.make(1, 1, 1, BY);
  owners.make(2, 1, 1, BY);
  assertEquals(assertThrows(() => owners.make(3, 1, 1, BY), OsError).code, "ENOLCK");
});
