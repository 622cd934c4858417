import { assertEquals, assertStringIncludes } from "@std/assert";
import { explain } from "./failure.ts";

/** What fusermount3 of libfuse 3.10 to 3.16 says. */
const SAID = [
  ["fuse device not found, try 'modprobe fuse' first", "ENODEV", "modprobe"],
  ["failed to open /dev/fuse: No such device", "ENODEV", "modprobe"],
  ["failed to open /dev/fuse: Permission denied", "EACCES", "chmod 666 /dev/fuse"],
  ["failed to open /dev/fuse: Operation not permitted", "EACCES", "/dev/fuse"],
  ["mount failed: Operation not permitted", "EPERM", "set-user-id"],
  [
    "option allow_other only allowed if 'user_allow_other' is set in /etc/fuse.conf",
    "EPERM",
    "/etc/fuse.conf",
  ],
  ["user has no write access to mountpoint /x", "EACCES", "/x"],
  ["bad mount point /x: No such file or directory", "ENOENT", "/x"],
  ["failed to access mountpoint /x: Not a directory", "ENOTDIR", "/x"],
  [
    "failed to access mountpoint /x: Transport endpoint is not connected",
    "EBUSY",
    "fusermount3 -uz",
  ],
  [
    "too many FUSE filesystems mounted; mount_max=N can be set in /etc/fuse.conf",
    "EBUSY",
    "mount_max",
  ],
  ["failed to unmount /x: Device or resource busy", "EBUSY", "lazily"],
  ["failed to unmount /x: Invalid argument", "EINVAL", "/x"],
  ["entry for /x not found in /etc/mtab", "EINVAL", "/x"],
  ["mount failed: Invalid argument", "EINVAL", "mount failed"],
  ["something new", "EIO", "something new"],
  ["", "EIO", "said nothing"],
] as const;

for (const [said, code, words] of SAID) {
  Deno.test(`explain() makes ${code} of "${said}"`, () => {
    const error = explain("mount /y", said);
    assertEquals(error.code, code);
    assertStringIncludes(error.message, words);
    assertStringIncludes(error.message, "mount /y");
  });
}
