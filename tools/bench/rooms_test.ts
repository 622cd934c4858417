import { assertEquals } from "@std/assert";
import { byRoom, compareRooms, headingOf, roomOf } from "./rooms.ts";

Deno.test("rooms come from the bottom up, unknown ones last, and keep the order of their rows", () => {
  const names = ["fs/b", "zoo/a", "ipc/z", "attic/a", "fs/a", "kernel/x", "ipc/a"];
  const sorted = names.toSorted(compareRooms);
  assertEquals(sorted, ["ipc/z", "ipc/a", "kernel/x", "fs/b", "fs/a", "attic/a", "zoo/a"]);
  assertEquals(
    byRoom(sorted.map((name) => ({ name }))).map(([room, rows]) => [room, rows.length]),
    [["ipc", 2], ["kernel", 1], ["fs", 2], ["attic", 1], ["zoo", 1]],
  );
});

Deno.test("a room without a heading is told by its name", () => {
  assertEquals(headingOf(roomOf("attic/a/b")), "attic");
  assertEquals(headingOf("nbd"), "nbd: volumes as network block devices");
});
