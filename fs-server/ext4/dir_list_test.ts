import { randomOf } from "./test_random.ts";
import { assertEquals, assertThrows } from "@std/assert";
import { OsError } from "@hako/ipc";
import { DirectoryRig, LAYOUTS } from "./test_directory_rig.ts";
import { hasTool, madeByMke2fs } from "./test_images.ts";

const MiB = 1 << 20;
const ignore = !hasTool("mke2fs");

for (const [layout, args] of LAYOUTS.filter(([name]) => name !== "ext2 without types")) {
  for (const byteLength of [300, 1500, 20_000]) {
    Deno.test({
      name: `a listing in pieces of ${byteLength} bytes tells what stays exactly once: ${layout}`,
      ignore,
      fn: () => listWhileChanging(args, byteLength),
    });
  }
}

function listWhileChanging(args: readonly string[], byteLength: number): void {
  const random = randomOf(byteLength);
  const rig = new DirectoryRig(madeByMke2fs(16 * MiB, ...args));
  const directory = rig.makeDirectory("d");
  const file = rig.makeFile("file");
  // From one block on, so that it becomes a tree, and leaves and nodes split, on the way.
  for (let index = 0; index < 30; index++) rig.insert(directory, `stays ${index}`, file.number);
  for (let index = 0; index < 10; index++) rig.insert(directory, `goes ${index}`, file.number);
  for (let round = 0; round < 4; round++) {
    const seen = new Map<string, number>();
    const added: string[] = [];
    let serial = 0;
    for (let cookie = 0;;) {
      const listed = rig.listOnce(directory, cookie, byteLength);
      if (listed.length === 0) break;
      for (const { name, nextCookie } of listed) {
        seen.set(name, (seen.get(name) ?? 0) + 1);
        cookie = nextCookie;
      }
      for (let count = random(40); count > 0 && serial < 3000; count--) {
        const name = `new ${round} ${serial++} ${"x".repeat(random(60))}`;
        rig.insert(directory, name, file.number);
        added.push(name);
      }
      const going = rig.directories.find(directory, `goes ${round}`) !== 0;
      if (going) rig.remove(directory, `goes ${round}`);
      for (let count = random(20); count > 0 && added.length > 100; count--) {
        rig.remove(directory, added.splice(random(added.length), 1)[0] as string);
      }
    }
    for (let index = 0; index < 30; index++) assertEquals(seen.get(`stays ${index}`), 1);
    assertEquals([...seen.values()].filter((count) => count !== 1), []);
    assertEquals([seen.get("."), seen.get("..")], [1, 1]);
  }
}

Deno.test({
  name: "a listing into too few bytes is refused",
  ignore,
  fn() {
    const rig = new DirectoryRig(madeByMke2fs(16 * MiB, "-t", "ext4", "-b", "4096"));
    const directory = rig.makeDirectory("d");
    rig.insert(directory, "x".repeat(255), 12);
    assertThrows(() => rig.listOnce(directory, 0, 16), OsError, "EINVAL");
    const [dot, dotDot] = rig.listOnce(directory, 0, 100);
    assertEquals([dot?.name, dotDot?.name], [".", ".."]);
    assertThrows(() => rig.listOnce(directory, dotDot?.nextCookie ?? 0, 100), OsError, "EINVAL");
  },
});
