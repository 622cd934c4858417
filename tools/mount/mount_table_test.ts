import { assertEquals } from "@std/assert";
import { findMount } from "../umount/finding.ts";
import { isBelow, mountAt, parseMountTable } from "./mount_table.ts";

const TABLE = parseMountTable(JSON.stringify({
  filesystems: [
    { target: "/", source: "/dev/sda1", fstype: "ext4" },
    { target: "/mnt", source: "/dev/sdb1", fstype: "ext4" },
    { target: "/mnt", source: "/home/me/a b.img", fstype: "fuse.hako", options: "rw" },
    { target: "/mnt/in it", source: null, fstype: "tmpfs" },
    { target: "/mnt2", source: "disk.img", fstype: "fuse.ext4" },
  ],
}));

Deno.test("mountAt() is what was mounted last at a path", () => {
  assertEquals(mountAt(TABLE, "/mnt")?.source, "/home/me/a b.img");
  assertEquals(mountAt(TABLE, "/mnt/in it")?.source, "");
  assertEquals(mountAt(TABLE, "/mn"), undefined);
});

Deno.test("isBelow() means what lies in a directory, not what is named alike", () => {
  assertEquals(isBelow("/mnt/a", "/mnt"), true);
  assertEquals(isBelow("/mnt2", "/mnt"), false);
  assertEquals(isBelow("/mnt", "/mnt"), false);
  assertEquals(isBelow("/mnt", "/"), true);
});

Deno.test("findMount() finds mounts of ours, and says why there is none", () => {
  const ours = findMount(TABLE, "/mnt", "/mnt");
  assertEquals(ours.kind === "ours" && ours.mount.source, "/home/me/a b.img");
  assertEquals(ours.kind === "ours" && ours.below.map(({ target }) => target), ["/mnt/in it"]);
  const why = (path: string) => {
    const found = findMount(TABLE, path, path);
    return found.kind === "none" ? found.why : "";
  };
  assertEquals(why("/mnt/below"), "/mnt/below is not mounted; it lies in the mount /mnt");
  assertEquals(why("/elsewhere"), "/elsewhere is not mounted");
  assertEquals(
    why("/mnt2"),
    "/mnt2 is a mount of disk.img, of type fuse.ext4, and none of hako mount; umount /mnt2 " +
      "unmounts it",
  );
});
