/**
 * Where a mount answers otherwise than the host's ext4 does, and why it is left so.
 *
 * Each line is a case, what it says on ext4, and what it says here: nothing, where a case ends early.
 * A line that no longer differs fails the test, as one does that is not listed.
 *
 * @module
 */

/** A case, what it says on the host's ext4, and what it says on a mount of Hako. */
export type Differing = readonly [name: string, linux: string, here: string];

/** Lines that differ for one reason. */
export interface Difference {
  readonly why: string;
  readonly lines: readonly Differing[];
}

/** All that differs. */
export const DIFFERENCES: readonly Difference[] = [
  {
    why:
      "Linux answers a read from its memory without a word to the gateway, so that no atime changes.",
    lines: [
      ["data_nothing", "nothing changes: atime", "nothing changes:"],
      [
        "data_times",
        "a read of what is in memory changes: atime",
        "a read of what is in memory changes:",
      ],
      ["name_readlink", "a readlink changes: atime", "a readlink changes:"],
    ],
  },
  {
    why:
      "With the writeback cache Linux does not send what it has kept before it asks for holes: so the gateway calls all of a file data, which it may (lseek).",
    lines: [
      ["data_seek_hole", "lseek(f, 0, SEEK_DATA) = 65536", "lseek(f, 0, SEEK_DATA) = 0"],
      ["data_seek_hole", "lseek(f, 0, SEEK_HOLE) = 0", "lseek(f, 0, SEEK_HOLE) = 1048576"],
      [
        "data_seek_hole",
        "lseek(f, 64 << 10, SEEK_HOLE) = 69632",
        "lseek(f, 64 << 10, SEEK_HOLE) = 1048576",
      ],
      [
        "data_seek_hole",
        "lseek(f, 70000, SEEK_DATA) = 262144",
        "lseek(f, 70000, SEEK_DATA) = 70000",
      ],
      [
        "data_seek_hole",
        "lseek(f, 300 << 10, SEEK_DATA) = ENXIO",
        "lseek(f, 300 << 10, SEEK_DATA) = 307200",
      ],
      [
        "data_seek_hole",
        "lseek(f, 300 << 10, SEEK_HOLE) = 307200",
        "lseek(f, 300 << 10, SEEK_HOLE) = 1048576",
      ],
      [
        "data_seek_hole",
        "lseek(f, (1 << 20) - 1, SEEK_HOLE) = 1048575",
        "lseek(f, (1 << 20) - 1, SEEK_HOLE) = 1048576",
      ],
      ["data_seek_hole", "lseek(f, 0, SEEK_CUR) = 1048575", "lseek(f, 0, SEEK_CUR) = 1048576"],
      ["data_seek_hole_unwritten", "lseek(f, 0, SEEK_DATA) = 65536", "lseek(f, 0, SEEK_DATA) = 0"],
      ["data_seek_hole_unwritten", "lseek(f, 0, SEEK_HOLE) = 0", "lseek(f, 0, SEEK_HOLE) = 65537"],
      [
        "data_large_offsets",
        "lseek(f, 1L << 33, SEEK_DATA) = 1099511627776",
        "lseek(f, 1L << 33, SEEK_DATA) = 8589934592",
      ],
      ["map_hole", "lseek(f, 0, SEEK_DATA) = 499712", "lseek(f, 0, SEEK_DATA) = 0"],
      ["size_punch", "lseek(f, 0, SEEK_HOLE) = 8192", "lseek(f, 0, SEEK_HOLE) = 40000"],
      ["size_punch", "lseek(f, 8192, SEEK_DATA) = 24576", "lseek(f, 8192, SEEK_DATA) = 8192"],
    ],
  },
  {
    why:
      "Linux knows no largest file for FUSE: what lies beyond is refused when it is sent, so that fsync or close fails instead of write.",
    lines: [
      ["data_offset_max", 'pwrite(f, "a", 1, 1L << 44) = EFBIG', 'pwrite(f, "a", 1, 1L << 44) = 1'],
      ["data_offset_max", "fsync(f) = 0", "fsync(f) = EFBIG"],
      [
        "data_offset_max",
        'pwrite(f, "a", 1, LONG_MAX - 1) = EFBIG',
        'pwrite(f, "a", 1, LONG_MAX - 1) = 1',
      ],
      ["data_offset_max", "pread(f, &byte, 1, 1L << 44) = 0", "pread(f, &byte, 1, 1L << 44) = 1"],
      [
        "data_offset_max",
        "pread(f, &byte, 1, LONG_MAX - 1) = 0",
        "pread(f, &byte, 1, LONG_MAX - 1) = 1",
      ],
      [
        "data_offset_max",
        "lseek(f, 1L << 44, SEEK_SET) = EINVAL",
        "lseek(f, 1L << 44, SEEK_SET) = 17592186044416",
      ],
      ["data_offset_max", "f: size=0", "f: size=9223372036854775807"],
    ],
  },
  {
    why:
      "FUSE does not say whether a lock is a process's or an open file's, so that F_GETLK cannot either.",
    lines: [
      [
        "lock_open_file",
        "a look at 0+10: write 0+10 of a file",
        "a look at 0+10: write 0+10 of own",
      ],
    ],
  },
  {
    why:
      "An inode without name goes unless it is open. O_PATH, FIFOs and devices are not open for FUSE, and the gateway does not count what Linux remembers.",
    lines: [
      [
        "open_path_of_removed",
        'open("/proc/self/fd/3", O_RDWR) = 5',
        'open("/proc/self/fd/3", O_RDWR) = ESTALE',
      ],
    ],
  },
  {
    why:
      "Linux asks for st_blocks again when a file that was written is closed, or its attributes are out of date.",
    lines: [
      ["orphan_by_rename", "fd 3: size=100001 blocks=16", "fd 3: size=100001 blocks=0"],
      ["size_truncate_gives_back", "f: size=1048576 blocks=2048", "f: size=1048576 blocks=0"],
    ],
  },
  {
    why:
      "The file server makes no files without names: EOPNOTSUPP is what programs expect then, and use a name.",
    lines: [
      [
        "orphan_tmpfile",
        'open(".", O_TMPFILE | O_RDWR, 0666) = 3',
        'open(".", O_TMPFILE | O_RDWR, 0666) = EOPNOTSUPP',
      ],
      ["orphan_tmpfile", "fd 3: file mode=644 nlink=0 uid=0 size=0", "fd -1: EBADF"],
      ["orphan_tmpfile", 'write(f, "abc", 3) = 3', 'write(f, "abc", 3) = EBADF'],
      ["orphan_tmpfile", "fd 3 holds 3: abc", "fd -1: EBADF"],
      [
        "orphan_tmpfile",
        'linkat(AT_FDCWD, "/proc/self/fd/3", AT_FDCWD, "f", AT_SYMLINK_FOLLOW) = 0',
        'linkat(AT_FDCWD, "/proc/self/fd/3", AT_FDCWD, "f", AT_SYMLINK_FOLLOW) = ENOENT',
      ],
      ["orphan_tmpfile", "f: nlink=1 size=3", "f: ENOENT"],
      ["orphan_tmpfile", "f holds 3: abc", "f: ENOENT"],
      [
        "orphan_tmpfile",
        'open(".", O_TMPFILE | O_RDWR | O_EXCL, 0600) = 4',
        'open(".", O_TMPFILE | O_RDWR | O_EXCL, 0600) = EOPNOTSUPP',
      ],
      ["orphan_tmpfile", 'write(g, "abc", 3) = 3', 'write(g, "abc", 3) = EBADF'],
      [
        "orphan_tmpfile",
        'linkat(g, "", AT_FDCWD, "g", AT_EMPTY_PATH) = ENOENT',
        'linkat(g, "", AT_FDCWD, "g", AT_EMPTY_PATH) = EBADF',
      ],
      [
        "orphan_tmpfile",
        'open("f", O_TMPFILE | O_RDWR, 0600) = ENOTDIR',
        'open("f", O_TMPFILE | O_RDWR, 0600) = ENOENT',
      ],
      [
        "orphan_tmpfile_group",
        'open("d", O_TMPFILE | O_RDWR, 0640) = 3',
        'open("d", O_TMPFILE | O_RDWR, 0640) = EOPNOTSUPP',
      ],
      ["orphan_tmpfile_group", "fd 3: mode=640 uid=1001 gid=2005", "fd -1: EBADF"],
      [
        "orphan_tmpfile_group",
        'linkat(f, "", AT_FDCWD, "d/f", AT_EMPTY_PATH) = 0',
        'linkat(f, "", AT_FDCWD, "d/f", AT_EMPTY_PATH) = EBADF',
      ],
      [
        "orphan_tmpfile_group",
        'linkat(f, "", AT_FDCWD, "d/f", AT_EMPTY_PATH) = EEXIST',
        'linkat(f, "", AT_FDCWD, "d/f", AT_EMPTY_PATH) = EBADF',
      ],
      ["orphan_tmpfile_group", "d/f: mode=640 uid=1001 gid=2005 nlink=1", "d/f: ENOENT"],
    ],
  },
  {
    why: "No ioctl is served: flags of inodes are neither told nor set, and extents are not told.",
    lines: [
      [
        "other_flags",
        "ioctl(f, FS_IOC_GETFLAGS, &flags) = 0",
        "ioctl(f, FS_IOC_GETFLAGS, &flags) = ENOTTY",
      ],
      [
        "other_flags",
        "ioctl(f, FS_IOC_SETFLAGS, &immutable) = 0",
        "ioctl(f, FS_IOC_SETFLAGS, &immutable) = ENOTTY",
      ],
      ["other_flags", 'open("f", O_WRONLY) = EPERM', "ioctl(f, 0x12345, 0) = ENOTTY"],
      ["other_flags", 'unlink("f") = EPERM', ""],
      ["other_flags", 'chmod("f", 0600) = EPERM', ""],
      ["other_flags", 'link("f", "g") = EPERM', ""],
      ["other_flags", 'open("f", O_WRONLY) = EPERM', ""],
      ["other_flags", 'open("f", O_WRONLY | O_APPEND) = 4', ""],
      ["other_flags", 'truncate("f", 0) = EPERM', ""],
      ["other_flags", "ioctl(f, 0x12345, 0) = ENOTTY", ""],
      [
        "other_clone",
        "ioctl(f, FS_IOC_FIEMAP, where) = 0",
        "ioctl(f, FS_IOC_FIEMAP, where) = EOPNOTSUPP",
      ],
    ],
  },
  {
    why: "The file server has no whiteouts; only the upper directory of an overlay needs them.",
    lines: [
      [
        "rename_whiteout",
        'renameat2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_WHITEOUT) = 0',
        'renameat2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_WHITEOUT) = EINVAL',
      ],
      ["rename_whiteout", "a: char mode=0 rdev=0:0", "a: file mode=644 rdev=0:0"],
      ["rename_whiteout", "b holds 3: aaa", "b: ENOENT"],
      [
        "rename_whiteout",
        'renameat2(AT_FDCWD, "b", AT_FDCWD, "c", RENAME_WHITEOUT | RENAME_NOREPLACE) = EEXIST',
        'renameat2(AT_FDCWD, "b", AT_FDCWD, "c", RENAME_WHITEOUT | RENAME_NOREPLACE) = ENOENT',
      ],
      ["rename_whiteout", ". has 5: . .. a b c", ". has 4: . .. a c"],
    ],
  },
  {
    why:
      "Linux' FUSE leaves set-group-ID to a file that its group may not execute, which once meant mandatory locks.",
    lines: [
      ["right_write_clears", "f: mode=666", "f: mode=2666"],
    ],
  },
  {
    why: "fusermount3 mounts with `nosuid`, as whatever a user mounts.",
    lines: [
      ["right_set_user", "it is 1003", "it is 1001"],
    ],
  },
  {
    why: "FUSE_FALLOCATE knows no modes that move data.",
    lines: [
      [
        "size_modes",
        "fallocate(f, FALLOC_FL_COLLAPSE_RANGE, 4096, 4096) = 0",
        "fallocate(f, FALLOC_FL_COLLAPSE_RANGE, 4096, 4096) = EOPNOTSUPP",
      ],
      [
        "size_modes",
        "f holds 12288: {a*4096}{c*4096}{d*4096}",
        "f holds 16384: {a*4096}{b*4096}{c*4096}{d*4096}",
      ],
      [
        "size_modes",
        "fallocate(f, FALLOC_FL_INSERT_RANGE, 4096, 4096) = 0",
        "fallocate(f, FALLOC_FL_INSERT_RANGE, 4096, 4096) = EOPNOTSUPP",
      ],
      [
        "size_modes",
        "f holds 16384: {a*4096}{<00>*4096}{c*4096}{d*4096}",
        "f holds 16384: {a*4096}{b*4096}{c*4096}{d*4096}",
      ],
    ],
  },
  {
    why:
      "Linux' ext4 holds back 2 % of the blocks beside those that are reserved. pathconf(3) is glibc's, which knows the limits of ext4 by its magic number.",
    lines: [
      ["size_statvfs", "reserved 1146", "reserved 819"],
      ["size_statvfs", 'pathconf(".", _PC_LINK_MAX) = 65000', 'pathconf(".", _PC_LINK_MAX) = 127'],
      [
        "size_statvfs",
        'pathconf("f", _PC_FILESIZEBITS) = 64',
        'pathconf("f", _PC_FILESIZEBITS) = 32',
      ],
    ],
  },
  {
    why:
      "With the writeback cache Linux keeps mtime and ctime itself: it knows no range of them (at whose ends the server keeps nanoseconds too), and leaves them as they are at a truncate(2) to the same size.",
    lines: [
      [
        "size_truncate_times",
        "a truncate to the same size changes: mtime ctime",
        "a truncate to the same size changes:",
      ],
      [
        "time_set",
        "f: atime 15032385535.000000000 mtime -2147483648.000000000",
        "f: atime 15032385535.000000005 mtime -2147483648.000000006",
      ],
      [
        "time_set",
        "f: atime 15032385535.000000000 mtime -2147483648.000000000",
        "f: atime 15032385535.000000005 mtime -99999999999.000000006",
      ],
    ],
  },
  {
    why: "Linux' FUSE tells neither attributes of inodes nor the alignment of O_DIRECT.",
    lines: [
      [
        "stat_statx",
        "all.stx_attributes_mask & STATX_ATTR_IMMUTABLE ? 1 : 0 = 1",
        "all.stx_attributes_mask & STATX_ATTR_IMMUTABLE ? 1 : 0 = 0",
      ],
      [
        "stat_statx",
        "all.stx_mask & STATX_DIOALIGN ? 1 : 0 = 1",
        "all.stx_mask & STATX_DIOALIGN ? 1 : 0 = 0",
      ],
    ],
  },
];
