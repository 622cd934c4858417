/* truncate, ftruncate, fallocate, statvfs. */

#include "list.h"

#include <linux/falloc.h>
#include <sys/statvfs.h>

CASE(size_truncate, "truncate", "a file is cut or lengthened by zeros") {
  make("f", "abcdef");
  SAY(truncate("f", 3));
  say_content("f");
  SAY(truncate("f", 8));
  say_content("f");
  SAY(truncate("f", 10000));
  SAY(truncate("f", 5000));
  SAY(truncate("f", 10000));
  say_content("f");
  SAY(truncate("f", 0));
  say_fields("f", "size blocks");
}

CASE(size_truncate_errors, "truncate", "EINVAL, EISDIR, ENOENT, ENOTDIR, ELOOP, EACCES") {
  make("f", "abc");
  MUST(mkdir("d", 0755));
  MUST(mkfifo("p", 0644));
  MUST(symlink("loop", "loop"));
  SAY(truncate("f", -1));
  SAY(ftruncate((int)MUST(open("f", O_RDWR)), -1));
  SAY(truncate("d", 0));
  SAY(truncate("none", 0));
  SAY(truncate("f/x", 0));
  SAY(truncate("loop", 0));
  SAY(truncate("p", 0));
  SAY(truncate("", 0));
  SAY(ftruncate(99, 0));
  AS(1001, 1001);
  SAY(truncate("f", 0));
  say_fields("f", "size");
}

CASE(size_truncate_times, "truncate", "a truncation changes mtime and ctime") {
  int f = make_open("f", "abc");
  age("f");
  SAY(truncate("f", 2));
  say_times("a truncate", "f");
  age("f");
  SAY(truncate("f", 2));
  say_times("a truncate to the same size", "f");
  age("f");
  SAY(ftruncate(f, 1));
  say_times("an ftruncate", "f");
  age("f");
  SAY(ftruncate(f, 1));
  say_times("an ftruncate to the same size", "f");
}

CASE(size_tail_is_zero, "truncate", "what was cut off does not come back, mapped or not") {
  int f = make_open("f", "abcdefghij");
  MUST(fsync(f));
  SAY(ftruncate(f, 3));
  SAY(pwrite(f, "x", 1, 8));
  say_content("f");
  SAY(ftruncate(f, 2));
  MUST(fsync(f));
  SAY(ftruncate(f, 6));
  MUST(posix_fadvise(f, 0, 0, POSIX_FADV_DONTNEED));
  say_content("f");
}

CASE(size_truncate_gives_back, "truncate", "blocks behind the new end are free again") {
  static char bytes[1 << 20];
  int f = make_open("f", "");
  memset(bytes, 'x', sizeof bytes);
  MUST(write(f, bytes, sizeof bytes));
  MUST(fsync(f));
  say_fields("f", "size blocks");
  SAY(ftruncate(f, 100000));
  MUST(fsync(f));
  say_fields("f", "size blocks");
  SAY(ftruncate(f, 1L << 40));
  MUST(fsync(f));
  say_fields("f", "size blocks");
}

CASE(size_allocate, "posix_fallocate", "room is given, and the size grows") {
  int f = make_open("f", "abc");
  SAY(posix_fallocate(f, 0, 10000));
  say_fields("f", "size blocks");
  SAY(posix_fallocate(f, 0, 10));
  say_fields("f", "size blocks");
  say_content("f");
  SAY(posix_fallocate(f, 0, 0));
  SAY(posix_fallocate(f, -1, 10));
  SAY(posix_fallocate(99, 0, 10));
  int ends[2];
  MUST(pipe(ends));
  SAY(posix_fallocate(ends[1], 0, 10));
  SAY(fallocate((int)MUST(open(".", O_RDONLY)), 0, 0, 10));
}

CASE(size_allocate_keep, "fallocate(2)", "FALLOC_FL_KEEP_SIZE gives room behind the end") {
  int f = make_open("f", "abc");
  SAY(fallocate(f, FALLOC_FL_KEEP_SIZE, 0, 50000));
  say_fields("f", "size blocks");
  SAY(pwrite(f, "x", 1, 20000));
  MUST(fsync(f));
  say_fields("f", "size blocks");
  SAY(ftruncate(f, 3));
  MUST(fsync(f));
  say_fields("f", "size blocks");
}

CASE(size_punch, "fallocate(2)", "FALLOC_FL_PUNCH_HOLE makes zeros and gives blocks back") {
  static char bytes[40000];
  memset(bytes, 'x', sizeof bytes);
  int f = make_open("f", "");
  MUST(write(f, bytes, sizeof bytes));
  MUST(fsync(f));
  SAY(fallocate(f, FALLOC_FL_PUNCH_HOLE, 0, 10));
  SAY(fallocate(f, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 5000, 20000));
  MUST(fsync(f));
  say_fields("f", "size blocks");
  say_content("f");
  SAY(lseek(f, 0, SEEK_HOLE));
  SAY(lseek(f, 8192, SEEK_DATA));
  SAY(fallocate(f, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 39000, 100000));
  say_fields("f", "size");
  SAY(fallocate(f, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 100000, 100));
  say_content("f");
}

CASE(size_zero, "fallocate(2)", "FALLOC_FL_ZERO_RANGE makes zeros and keeps the blocks") {
  static char bytes[40000];
  memset(bytes, 'x', sizeof bytes);
  int f = make_open("f", "");
  MUST(write(f, bytes, sizeof bytes));
  MUST(fsync(f));
  SAY(fallocate(f, FALLOC_FL_ZERO_RANGE, 5000, 20000));
  MUST(fsync(f));
  say_fields("f", "size blocks");
  say_content("f");
  SAY(fallocate(f, FALLOC_FL_ZERO_RANGE, 39000, 5000));
  say_fields("f", "size");
  SAY(fallocate(f, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, 44000, 5000));
  say_fields("f", "size");
  say_content("f");
}

CASE(size_modes, "fallocate(2)", "other modes, values and descriptors") {
  static char bytes[16384];
  int f = make_open("f", ""), r;
  for (int i = 0; i < 4; i++) memset(bytes + 4096 * i, 'a' + i, 4096);
  MUST(write(f, bytes, sizeof bytes));
  MUST(fsync(f));
  SAY(fallocate(f, FALLOC_FL_COLLAPSE_RANGE, 4096, 4096));
  say_content("f");
  SAY(fallocate(f, FALLOC_FL_INSERT_RANGE, 4096, 4096));
  say_content("f");
  SAY(fallocate(f, FALLOC_FL_UNSHARE_RANGE, 0, 4096));
  SAY(fallocate(f, 0x4000, 0, 4096));
  SAY(fallocate(f, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, 0, 4096));
  SAY(fallocate(f, 0, -1, 4096));
  SAY(fallocate(f, 0, 0, 0));
  SAY(fallocate(f, 0, LONG_MAX, 10));
  SAY(r = open("f", O_RDONLY));
  SAY(fallocate(r, 0, 0, 10));
}

CASE(size_no_room, "write", "ENOSPC where there is no room, and room again when it is given back") {
  static char bytes[1 << 20];
  struct statvfs room;
  int f = make_open("f", ""), g = make_open("g", "");
  MUST(fstatvfs(f, &room));
  if (room.f_blocks > 1 << 18) return; /* Nobody's own disk is filled. */
  SAY(fallocate(f, 0, 0, 1L << 36));
  MUST(ftruncate(f, 0));
  int rounds = 0; /* Where a cache writes later, it is fsync that fails. */
  while (write(f, bytes, sizeof bytes) > 0 && fsync(f) == 0) rounds++;
  say("%s after %s of the disk", strerrorname_np(errno),
    (rounds + 2L) << 20 > (long)(room.f_bavail * 4096) * 9 / 10 ? "all" : "a part");
  SAY(fallocate(g, 0, 0, 8 << 20));
  SAY(ftruncate(f, 0));
  MUST(fsync(f));
  SAY(fallocate(g, 0, 0, 8 << 20));
  SAY(pwrite(g, bytes, 100, 0));
  SAY(fsync(g));
  fsync(f);
  syncfs(f); /* Hears of errors that no later case shall hear of. */
}

CASE(size_allocate_times, "fallocate(2)", "what fallocate does to times") {
  int f = make_open("f", "abcdefghij");
  age("f");
  SAY(fallocate(f, 0, 0, 5000));
  say_times("a larger size", "f");
  age("f");
  SAY(fallocate(f, FALLOC_FL_KEEP_SIZE, 8192, 5000));
  say_times("room behind the end", "f");
  age("f");
  SAY(fallocate(f, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 5));
  say_times("a hole", "f");
  age("f");
  SAY(fallocate(f, FALLOC_FL_ZERO_RANGE, 5, 5));
  say_times("zeros", "f");
}

CASE(size_statvfs, "statvfs", "what a file system tells of itself, by name and by descriptor") {
  struct statvfs one, other;
  make("f", "");
  SAY(statvfs(".", &one));
  say("bsize %lu frsize %lu namemax %lu flag %lx", one.f_bsize, one.f_frsize, one.f_namemax,
    one.f_flag & ~(unsigned long)(ST_NOSUID | ST_NODEV | ST_RELATIME | 0x20));
  say("blocks %lu files %lu", one.f_blocks, one.f_files);
  SAY(one.f_bavail <= one.f_bfree && one.f_bfree < one.f_blocks && one.f_ffree < one.f_files);
  say("reserved %lu", one.f_bfree - one.f_bavail);
  SAY(fstatvfs((int)MUST(open("f", O_RDONLY)), &other));
  SAY(one.f_blocks == other.f_blocks && one.f_ffree == other.f_ffree);
  SAY(statvfs("none", &other));
  SAY(statvfs("f/x", &other));
  SAY(fstatvfs(99, &other));
  SAY(pathconf(".", _PC_NAME_MAX));
  SAY(pathconf(".", _PC_LINK_MAX));
  SAY(pathconf(".", _PC_PATH_MAX));
  SAY(pathconf("f", _PC_FILESIZEBITS));
}

CASE(size_statvfs_counts, "statvfs", "free blocks and inodes follow what is made and removed") {
  static char bytes[1 << 20];
  struct statvfs before, with, after;
  memset(bytes, 'x', sizeof bytes);
  MUST(statvfs(".", &before));
  int f = make_open("f", "");
  MUST(write(f, bytes, sizeof bytes));
  MUST(fsync(f));
  MUST(statvfs(".", &with));
  SAY((long)(before.f_bfree - with.f_bfree));
  SAY((long)(before.f_ffree - with.f_ffree));
  MUST(unlink("f"));
  MUST(statvfs(".", &after));
  SAY((long)(before.f_ffree - after.f_ffree));
  MUST(close(f));
  MUST(syncfs((int)MUST(open(".", O_RDONLY))));
  MUST(statvfs(".", &after));
  SAY((long)(before.f_bfree - after.f_bfree));
  SAY((long)(before.f_ffree - after.f_ffree));
}
