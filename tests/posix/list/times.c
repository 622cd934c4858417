/* stat, statx, utimensat, and which call changes which time: see the cases of each call too. */

#include "list.h"

static void say_time(const char *path) {
  struct stat status;
  MUST(lstat(path, &status));
  say("%s: atime %ld.%09ld mtime %ld.%09ld", path, status.st_atim.tv_sec, status.st_atim.tv_nsec,
    status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

#define TIMES(...) ((const struct timespec[2]){__VA_ARGS__})

CASE(time_set, "futimens", "times are set to the nanosecond, before 1970 and after 2038") {
  make("f", "");
  age("f");
  SAY(utimensat(AT_FDCWD, "f", TIMES({1, 2}, {3, 4}), 0));
  say_times("utimensat", "f");
  say_time("f");
  SAY(utimensat(AT_FDCWD, "f", TIMES({-1, 999999999}, {-1000000000, 1}), 0));
  say_time("f");
  SAY(utimensat(AT_FDCWD, "f", TIMES({4294967296, 5}, {2147483648, 6}), 0));
  say_time("f");
  SAY(utimensat(AT_FDCWD, "f", TIMES({15032385535, 5}, {-2147483648, 6}), 0));
  say_time("f");
  SAY(utimensat(AT_FDCWD, "f", TIMES({99999999999, 5}, {-99999999999, 6}), 0));
  say_time("f"); /* Clamped to what the disk can hold. */
}

CASE(time_now_omit, "futimens", "UTIME_NOW and UTIME_OMIT, for each of both") {
  int f = make_open("f", "");
  age("f");
  SAY(futimens(f, TIMES({0, UTIME_NOW}, {0, UTIME_OMIT})));
  say_times("atime now", "f");
  age("f");
  SAY(futimens(f, TIMES({0, UTIME_OMIT}, {0, UTIME_NOW})));
  say_times("mtime now", "f");
  age("f");
  SAY(futimens(f, TIMES({0, UTIME_OMIT}, {0, UTIME_OMIT})));
  say_times("nothing", "f");
  age("f");
  SAY(futimens(f, NULL));
  say_times("both", "f");
  struct stat status;
  struct timespec now;
  MUST(fstat(f, &status));
  MUST(clock_gettime(CLOCK_REALTIME, &now));
  SAY(now.tv_sec - status.st_mtim.tv_sec < 10);
  SAY(status.st_atim.tv_sec == status.st_mtim.tv_sec && status.st_atim.tv_nsec == status.st_mtim.tv_nsec);
  SAY(futimens(f, TIMES({7, 8}, {0, UTIME_OMIT})));
  SAY(futimens(f, TIMES({0, UTIME_OMIT}, {9, 10})));
  say_time("f");
}

CASE(time_errors, "futimens", "EINVAL, ENOENT, EBADF, ENOTDIR") {
  make("f", "");
  SAY(utimensat(AT_FDCWD, "f", TIMES({0, 1000000000}, {0, 0}), 0));
  SAY(utimensat(AT_FDCWD, "f", TIMES({0, -1}, {0, 0}), 0));
  SAY(utimensat(AT_FDCWD, "none", NULL, 0));
  SAY(utimensat(AT_FDCWD, "f/x", NULL, 0));
  SAY(utimensat(AT_FDCWD, "f", NULL, 77));
  SAY(syscall(SYS_utimensat, AT_FDCWD, "", NULL, 0));
  SAY(futimens(99, NULL));
}

CASE(time_links, "futimens", "AT_SYMLINK_NOFOLLOW sets the times of the link") {
  make("f", "");
  MUST(symlink("f", "s"));
  MUST(symlink("none", "dangling"));
  SAY(utimensat(AT_FDCWD, "s", TIMES({1, 0}, {2, 0}), 0));
  SAY(utimensat(AT_FDCWD, "s", TIMES({3, 0}, {4, 0}), AT_SYMLINK_NOFOLLOW));
  SAY(utimensat(AT_FDCWD, "dangling", TIMES({3, 0}, {4, 0}), 0));
  SAY(utimensat(AT_FDCWD, "dangling", TIMES({5, 0}, {6, 0}), AT_SYMLINK_NOFOLLOW));
  say_time("f");
  struct stat status;
  MUST(lstat("s", &status));
  say("s: mtime %ld", status.st_mtim.tv_sec);
  SAY(utimensat((int)MUST(open("f", O_PATH)), "", TIMES({7, 0}, {8, 0}), AT_EMPTY_PATH));
  say_time("f");
}

CASE(time_rights, "futimens", "the owner sets any time, who may write sets now only") {
  make("f", "");
  MUST(chmod("f", 0666));
  make("g", "");
  MUST(chown("g", 1001, 1001));
  MUST(chmod("g", 0));
  make("h", "");
  int r = (int)MUST(open("f", O_RDONLY));
  AS(1001, 1001);
  SAY(utimensat(AT_FDCWD, "f", NULL, 0));
  SAY(utimensat(AT_FDCWD, "f", TIMES({0, UTIME_NOW}, {0, UTIME_NOW}), 0));
  SAY(utimensat(AT_FDCWD, "f", TIMES({0, UTIME_NOW}, {0, UTIME_OMIT}), 0));
  SAY(utimensat(AT_FDCWD, "f", TIMES({0, UTIME_OMIT}, {0, UTIME_OMIT}), 0));
  SAY(utimensat(AT_FDCWD, "f", TIMES({1, 0}, {1, 0}), 0));
  SAY(utimensat(AT_FDCWD, "g", TIMES({1, 0}, {1, 0}), 0));
  SAY(utimensat(AT_FDCWD, "g", NULL, 0));
  SAY(utimensat(AT_FDCWD, "h", NULL, 0));
  SAY(utimensat(AT_FDCWD, "h", TIMES({1, 0}, {1, 0}), 0));
  SAY(futimens(r, NULL));
}

CASE(time_new, "stat", "a new file's times are the time it was made") {
  struct timespec before, after;
  MUST(clock_gettime(CLOCK_REALTIME, &before));
  make("f", "abc");
  MUST(mkdir("d", 0755));
  MUST(clock_gettime(CLOCK_REALTIME, &after));
  EACH(name, "f", "d") {
    struct stat status;
    MUST(stat(*name, &status));
    SAY(status.st_atim.tv_sec >= before.tv_sec - 1 && status.st_atim.tv_sec <= after.tv_sec);
    SAY(status.st_mtim.tv_sec >= before.tv_sec - 1 && status.st_mtim.tv_sec <= after.tv_sec);
    SAY(status.st_ctim.tv_sec >= before.tv_sec - 1 && status.st_ctim.tv_sec <= after.tv_sec);
  }
}

CASE(time_order, "stat", "what is changed later has no earlier time") {
  struct stat one, other;
  int wrong = 0;
  for (int i = 0; i < 10; i++) {
    make("a", "x");
    MUST(stat("a", &one));
    make("b", "x");
    MUST(stat("b", &other));
    wrong += other.st_mtim.tv_sec < one.st_mtim.tv_sec ||
      (other.st_mtim.tv_sec == one.st_mtim.tv_sec && other.st_mtim.tv_nsec < one.st_mtim.tv_nsec);
    MUST(chmod("a", 0600));
    MUST(stat("a", &one));
    wrong += one.st_ctim.tv_sec < other.st_ctim.tv_sec ||
      (one.st_ctim.tv_sec == other.st_ctim.tv_sec && one.st_ctim.tv_nsec < other.st_ctim.tv_nsec);
    MUST(unlink("a"));
    MUST(unlink("b"));
  }
  SAY(wrong);
}

CASE(time_relatime, "mount(2)", "a read changes atime only if it is not behind mtime and ctime") {
  make("f", "abc");
  char byte;
  struct stat one, other;
  tick();
  for (int i = 0; i < 2; i++) {
    int f = (int)MUST(open("f", O_RDONLY));
    MUST(posix_fadvise(f, 0, 0, POSIX_FADV_DONTNEED));
    MUST(fstat(f, &one));
    MUST(read(f, &byte, 1));
    MUST(fstat(f, &other));
    say("read %d changes atime: %d", i, memcmp(&one.st_atim, &other.st_atim, sizeof one.st_atim) != 0);
    MUST(close(f));
    tick();
  }
}

CASE(time_kept_by_mtime_writer, "futimens",
  "times that are set stay, though writes were before them") {
  int f = make_open("f", "abc");
  MUST(pwrite(f, "xyz", 3, 1000));
  SAY(futimens(f, TIMES({11, 22}, {33, 44})));
  say_time("f");
  SAY(fsync(f));
  say_time("f");
  SAY(close(f));
  tick();
  say_time("f");
}

CASE(stat_errors, "stat", "ENOENT, ENOTDIR, EBADF, EFAULT") {
  struct stat status;
  make("f", "");
  SAY(stat("none", &status));
  SAY(stat("", &status));
  SAY(stat("f/x", &status));
  SAY(stat("f/", &status));
  SAY(fstat(99, &status));
  SAY(syscall(SYS_newfstatat, AT_FDCWD, "f", (void *)8, 0));
  SAY(fstatat(99, "f", &status, 0));
  SAY(fstatat(AT_FDCWD, "f", &status, 0x8000000));
  MUST(symlink("none", "s"));
  SAY(stat("s", &status));
  SAY(lstat("s", &status));
}

CASE(stat_fields, "stat", "fields of each kind of file") {
  umask(022);
  make("f", "abc");
  MUST(mkdir("d", 0755));
  MUST(symlink("target", "s"));
  MUST(mkfifo("p", 0600));
  EACH(name, "f", "d", "s", "p") {
    say_fields(*name, "type mode nlink uid gid size blksize rdev");
  }
  MUST(syncfs((int)MUST(open(".", O_RDONLY))));
  EACH(name, "f", "d", "s", "p") {
    say_fields(*name, "blocks");
  }
}

CASE(stat_statx, "statx(2)", "statx tells the same, and the time of birth") {
  make("f", "abc");
  struct statx all;
  struct stat status;
  SAY(statx(AT_FDCWD, "f", 0, STATX_BASIC_STATS | STATX_BTIME, &all));
  MUST(stat("f", &status));
  SAY((all.stx_mask & STATX_BASIC_STATS) == STATX_BASIC_STATS);
  SAY(all.stx_mask & STATX_BTIME ? 1 : 0);
  SAY(all.stx_size);
  SAY(all.stx_nlink);
  SAY(all.stx_mode == status.st_mode && all.stx_ino == status.st_ino);
  SAY(all.stx_attributes_mask & STATX_ATTR_IMMUTABLE ? 1 : 0);
  struct statx_timestamp born = all.stx_btime;
  tick();
  MUST(chmod("f", 0600));
  MUST(truncate("f", 0));
  SAY(statx(AT_FDCWD, "f", AT_STATX_FORCE_SYNC, STATX_BTIME | STATX_SIZE, &all));
  SAY(memcmp(&born, &all.stx_btime, sizeof born));
  SAY(statx(AT_FDCWD, "f", AT_STATX_DONT_SYNC, STATX_SIZE, &all));
  SAY(all.stx_size);
  SAY(statx(AT_FDCWD, "", 0, STATX_SIZE, &all));
  SAY(statx((int)MUST(open("f", O_RDONLY)), "", AT_EMPTY_PATH, STATX_SIZE, &all));
  SAY(statx(AT_FDCWD, "f", 0, STATX__RESERVED, &all));
  SAY(statx(AT_FDCWD, "f", 0, STATX_DIOALIGN, &all));
  SAY(all.stx_mask & STATX_DIOALIGN ? 1 : 0);
}
