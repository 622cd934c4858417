import { assertEquals, assertStringIncludes } from "@std/assert";
import { commandTest, hako } from "../command_rig.ts";
import { mountTest } from "./mount_rig.ts";

mountTest("hako mount and hako umount, as a user types them", "background.sh");
mountTest("hako mount --foreground ends in order, whoever ends it", "foreground.sh");
mountTest(
  "a mount whose process is killed is unmounted, and what was synced is there",
  "killed.sh",
);
mountTest("hako mount works for a user who may use /dev/fuse", "nobody.sh");

commandTest("hako mount and hako umount explain themselves", async (directory) => {
  const mount = await hako(directory, "mount", "--help");
  assertEquals(mount.code, 0);
  for (const word of ["IMAGE DIR", "--foreground", "--read-only", "--uid N", "--log FILE"]) {
    assertStringIncludes(mount.stdout, word);
  }
  const umount = await hako(directory, "umount", "--help");
  assertEquals(umount.code, 0);
  assertStringIncludes(umount.stdout, "--lazy");
});

for (
  const [args, complaint] of [
    [["mount", "disk.img"], "IMAGE DIR is missing"],
    [["mount", "disk.img", "mnt", "--uid", "4294967295"], "the most is 4294967294"],
    [["mount", "none.img", "mnt"], "there is no such file; hako mkfs makes one"],
    [["mount", "text", "mnt"], "there is no ext2, ext3 or ext4 in it"],
    [["mount", "empty", "mnt"], "it is empty"],
    [["mount", "mnt", "mnt"], "it is no file"],
    [["mount", "text", "none"], "there is no such directory; mkdir"],
    [["mount", "text", "text"], "it is no directory"],
    [["umount"], "DIR is missing"],
  ] as const
) {
  commandTest(`hako ${args.join(" ")} is refused in one line`, async (directory) => {
    Deno.writeTextFileSync(`${directory}/text`, "no file system\n");
    Deno.writeTextFileSync(`${directory}/empty`, "");
    Deno.mkdirSync(`${directory}/mnt`);
    const { code, stderr } = await hako(directory, ...args);
    assertEquals(code, 2);
    assertStringIncludes(stderr, complaint);
    assertEquals(stderr.trim().split("\n").length, 1);
  });
}
