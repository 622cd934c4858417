import { assertEquals, assertThrows } from "@std/assert";
import { readOptions } from "./options.ts";

Deno.test("readOptions() has a default for all but the directory", () => {
  const options = readOptions({ directory: "/mnt" });
  assertEquals(options.cache, "writeback");
  assertEquals(options.readOnly, false);
  assertEquals(options.uid, undefined);
  assertEquals(options.attrTimeoutMs > 0, true);
});

const BAD: readonly (readonly [Readonly<Record<string, unknown>>, string])[] = [
  [{}, "directory is undefined, no absolute path"],
  [{ directory: "mnt" }, 'directory is "mnt", no absolute path'],
  [{ directory: "/m", cache: "none" }, 'cache is "none", neither "writeback" nor "shared"'],
  [{ directory: "/m", libc: 3 }, "libc is 3, no text"],
  [{ directory: "/m", readOnly: 1 }, "readOnly is 1, no boolean"],
  [{ directory: "/m", uid: -1 }, "uid is -1, no number of a user or group"],
  [{ directory: "/m", gid: 2 ** 32 }, "gid is 4294967296, no number of a user or group"],
  [{ directory: "/m", attrTimeoutMs: "1" }, 'attrTimeoutMs is "1", no time in milliseconds'],
  [{ directory: "/m", entryTimeoutMs: 2 ** 32 }, "entryTimeoutMs is 4294967296, no time"],
];

for (const [options, why] of BAD) {
  Deno.test(`readOptions() refuses: ${why}`, () => {
    assertThrows(() => readOptions(options), TypeError, why);
  });
}
