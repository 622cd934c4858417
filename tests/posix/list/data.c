/* read, write and their relatives, lseek, holes, copies between files. */

#include "list.h"

#include <sys/sendfile.h>

CASE(data_position, "read", "reads and writes move one position, pread and pwrite none") {
  int f = make_open("f", "");
  char bytes[20] = "";
  SAY(write(f, "abcdef", 6));
  SAY(read(f, bytes, 20));
  SAY(lseek(f, 2, SEEK_SET));
  SAY(read(f, bytes, 3));
  say_bytes("it", bytes, 3);
  SAY(pwrite(f, "XY", 2, 0));
  SAY(pread(f, bytes, 20, 1));
  say_bytes("it", bytes, 5);
  SAY(lseek(f, 0, SEEK_CUR));
  SAY(write(f, "Z", 1));
  say_content("f");
}

CASE(data_nothing, "write", "nothing is read or written for a count of 0, and no time changes") {
  int f = make_open("f", "abc");
  char byte;
  age("f");
  SAY(write(f, "", 0));
  SAY(pwrite(f, "", 0, 100));
  SAY(read(f, &byte, 0));
  SAY(pread(f, &byte, 1, 3));
  SAY(pread(f, &byte, 1, 1000));
  say_fields("f", "size");
  say_times("nothing", "f");
}

CASE(data_bad_values, "read", "EINVAL for negative offsets and counts, EFAULT for bad memory") {
  int f = make_open("f", "abc");
  char bytes[10];
  SAY(pread(f, bytes, 1, -1));
  SAY(pwrite(f, bytes, 1, -1));
  SAY(read(f, bytes, (size_t)-1));
  SAY(write(f, bytes, (size_t)-1));
  SAY(read(f, (void *)8, 3));
  SAY(write(f, (void *)8, 3));
  SAY(read(99, bytes, 1));
  SAY(write(-1, bytes, 1));
  say_content("f");
}

CASE(data_vectors, "readv", "vectors are filled in order, and are one read or write") {
  int f = make_open("f", "");
  char a[4] = "", b[4] = "", c[20] = "";
  SAY(writev(f, (struct iovec[]){{"abc", 3}, {"", 0}, {"defgh", 5}}, 3));
  SAY(lseek(f, 1, SEEK_SET));
  SAY(readv(f, (struct iovec[]){{a, 2}, {b, 3}, {c, 20}}, 3));
  say("%.2s %.3s %.2s", a, b, c);
  SAY(pwritev(f, (struct iovec[]){{"12", 2}, {"34", 2}}, 2, 4094));
  SAY(preadv(f, (struct iovec[]){{a, 1}, {b, 3}}, 2, 4095));
  say("%.1s %.2s", a, b);
  SAY(writev(f, (struct iovec[]){{a, 1}}, 0));
  SAY(writev(f, (struct iovec[]){{a, 1}}, -1));
  SAY(writev(f, (struct iovec[]){{a, (size_t)-1}}, 1));
  SAY(lseek(f, 0, SEEK_CUR));
  SAY(pwritev2(f, (struct iovec[]){{"end", 3}}, 1, 0, RWF_APPEND));
  SAY(pwritev2(f, (struct iovec[]){{"now", 3}}, 1, -1, RWF_DSYNC));
  SAY(lseek(f, 0, SEEK_CUR));
  say_content("f");
}

CASE(data_hole, "lseek", "what lies behind the end and was never written reads as zeros") {
  int f = make_open("f", "abc");
  SAY(lseek(f, 10000, SEEK_SET));
  say_fields("f", "size");
  SAY(write(f, "x", 1));
  say_content("f");
  SAY(lseek(f, -1, SEEK_END));
  SAY(lseek(f, -20000, SEEK_END));
  SAY(lseek(f, -1, SEEK_SET));
  SAY(lseek(f, 0, 77));
  SAY(lseek(f, LONG_MAX, SEEK_CUR));
  SAY(lseek(f, 0, SEEK_CUR));
}

CASE(data_seek_hole, "lseek", "SEEK_HOLE and SEEK_DATA find what was written and what was not") {
  int f = make_open("f", "");
  MUST(ftruncate(f, 1 << 20));
  MUST(pwrite(f, "a", 1, 64 << 10));
  MUST(pwrite(f, "b", 1, 256 << 10));
  MUST(fsync(f));
  SAY(lseek(f, 0, SEEK_DATA));
  SAY(lseek(f, 0, SEEK_HOLE));
  SAY(lseek(f, 64 << 10, SEEK_HOLE));
  SAY(lseek(f, 70000, SEEK_DATA));
  SAY(lseek(f, 300 << 10, SEEK_DATA));
  SAY(lseek(f, 300 << 10, SEEK_HOLE));
  SAY(lseek(f, (1 << 20) - 1, SEEK_HOLE));
  SAY(lseek(f, 1 << 20, SEEK_HOLE));
  SAY(lseek(f, 1 << 20, SEEK_DATA));
  SAY(lseek(f, -1, SEEK_DATA));
  SAY(lseek(f, 0, SEEK_CUR));
}

CASE(data_seek_hole_unwritten, "lseek", "SEEK_DATA knows what was written a moment ago") {
  int f = make_open("f", "");
  MUST(pwrite(f, "a", 1, 64 << 10));
  SAY(lseek(f, 0, SEEK_DATA));
  SAY(lseek(f, 0, SEEK_HOLE));
  SAY(lseek(f, 64 << 10, SEEK_HOLE));
  int g = make_open("g", "abc");
  SAY(lseek(g, 0, SEEK_DATA));
  SAY(lseek(g, 0, SEEK_HOLE));
  int empty = make_open("empty", "");
  SAY(lseek(empty, 0, SEEK_DATA));
  SAY(lseek(empty, 0, SEEK_HOLE));
}

CASE(data_overwrite, "write", "a write is seen at once by every descriptor and process") {
  int f = make_open("f", "abcdef");
  int g = (int)MUST(open("f", O_RDWR));
  SAY(pwrite(f, "XY", 2, 1));
  say_fd_content(g);
  CHILD {
    MUST(pwrite(g, "Z", 1, 5));
  }
  join_children();
  say_fd_content(f);
  SAY(ftruncate(g, 2));
  say_fd_content(f);
  SAY(pwrite(f, "!", 1, 4));
  say_fd_content(g);
}

CASE(data_across_blocks, "write", "blocks that are written in part keep the rest") {
  static char bytes[20000], seen[20000];
  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (char)(i * 7 + i / 251);
  int f = make_open("f", "");
  SAY(write(f, bytes, sizeof bytes));
  for (int at = 4000; at < 16000; at += 1365) {
    memset(bytes + at, at, 300);
    MUST(pwrite(f, bytes + at, 300, at));
  }
  SAY(fsync(f));
  MUST(posix_fadvise(f, 0, 0, POSIX_FADV_DONTNEED));
  SAY(pread(f, seen, sizeof seen, 0));
  SAY(memcmp(bytes, seen, sizeof seen));
}

CASE(data_large, "write", "megabytes in one call, read in odd pieces") {
  size_t count = (3 << 20) + 17;
  char *bytes = malloc(count), *seen = calloc(1, count);
  for (size_t i = 0; i < count; i++) bytes[i] = (char)((i * 2654435761u) >> 13);
  int f = make_open("f", "");
  SAY(write(f, bytes, count));
  SAY(fdatasync(f));
  MUST(posix_fadvise(f, 0, 0, POSIX_FADV_DONTNEED));
  for (size_t at = 0; at < count;) at += (size_t)MUST(pread(f, seen + at, 70001, (off_t)at));
  SAY(memcmp(bytes, seen, count));
  say_fields("f", "size blocks");
}

CASE(data_times, "write", "a write changes mtime and ctime, a read atime") {
  int f = make_open("f", "abc");
  char byte;
  MUST(fsync(f));
  MUST(posix_fadvise(f, 0, 0, POSIX_FADV_DONTNEED));
  age("f");
  SAY(pread(f, &byte, 1, 0));
  say_times("a read", "f");
  age("f");
  SAY(pread(f, &byte, 1, 0));
  say_times("a read of what is in memory", "f");
  age("f");
  SAY(pwrite(f, "x", 1, 0));
  say_times("a write", "f");
  say_times_fd("a write, by fstat", f);
  age("f");
  SAY(pwrite(f, "x", 1, 100));
  SAY(fsync(f));
  say_times("a write and fsync", "f");
}

CASE(data_times_at_close, "write", "times that a write made do not change later") {
  make("f", "abc");
  age("f");
  int f = (int)MUST(open("f", O_RDWR));
  MUST(pwrite(f, "x", 1, 0));
  struct stat one, two, three;
  MUST(fstat(f, &one));
  tick();
  MUST(fsync(f));
  MUST(fstat(f, &two));
  tick();
  MUST(close(f));
  MUST(stat("f", &three));
  SAY(memcmp(&one.st_mtim, &two.st_mtim, sizeof one.st_mtim) != 0);
  SAY(memcmp(&one.st_mtim, &three.st_mtim, sizeof one.st_mtim) != 0);
  SAY(memcmp(&one.st_ctim, &three.st_ctim, sizeof one.st_ctim) != 0);
}

CASE(data_limit, "write", "RLIMIT_FSIZE: a part is written, then EFBIG and SIGXFSZ") {
  int f = make_open("f", "");
  signal(SIGXFSZ, SIG_IGN);
  MUST(setrlimit(RLIMIT_FSIZE, &(struct rlimit){10, 10}));
  SAY(write(f, "abcdefg", 7));
  SAY(write(f, "abcdefg", 7));
  SAY(write(f, "abcdefg", 7));
  SAY(ftruncate(f, 11));
  SAY(fallocate(f, 0, 0, 100));
  say_fields("f", "size");
  signal(SIGXFSZ, SIG_DFL);
  SAY(write(f, "abcdefg", 7));
}

CASE(data_large_offsets, "write", "offsets of 2^31, 2^32 and 2^40") {
  int f = make_open("f", "");
  char byte = 0;
  SAY(pwrite(f, "a", 1, 1L << 31));
  SAY(pwrite(f, "b", 1, (1L << 32) - 1));
  SAY(pwrite(f, "c", 1, 1L << 32));
  SAY(pwrite(f, "d", 1, 1L << 40));
  say_fields("f", "size");
  SAY(fsync(f));
  MUST(posix_fadvise(f, 0, 0, POSIX_FADV_DONTNEED));
  SAY(pread(f, &byte, 1, 1L << 40));
  SAY(byte);
  SAY(pread(f, &byte, 1, (1L << 32) - 1));
  SAY(byte);
  SAY(pread(f, &byte, 1, 1L << 33));
  SAY(byte);
  SAY(lseek(f, 1L << 33, SEEK_DATA));
  SAY(lseek(f, -1, SEEK_END));
  say_fields("f", "blocks");
}

CASE(data_offset_max, "write", "EFBIG beyond the largest file that the file system has") {
  int f = make_open("f", "");
  char byte;
  SAY(pwrite(f, "a", 1, 1L << 44));
  SAY(fsync(f));
  SAY(pwrite(f, "a", 1, LONG_MAX - 1));
  SAY(pwrite(f, "ab", 2, LONG_MAX - 1));
  SAY(ftruncate(f, 1L << 44));
  SAY(ftruncate(f, 1L << 60));
  SAY(pread(f, &byte, 1, 1L << 44));
  SAY(pread(f, &byte, 1, LONG_MAX - 1));
  SAY(lseek(f, 1L << 44, SEEK_SET));
  say_fields("f", "size");
  fsync(f);
  syncfs(f); /* Hears of errors that no later case shall hear of. */
}

CASE(data_direct, "open(2)", "O_DIRECT reads and writes whole blocks, and agrees with the others") {
  int f = make_open("f", "");
  int d = (int)SAY(open("f", O_RDWR | O_DIRECT));
  char *block;
  if (posix_memalign((void **)&block, 4096, 8192)) return;
  memset(block, 'a', 8192);
  SAY(write(d, block, 8192));
  say_fd_content(f);
  SAY(pwrite(f, "XY", 2, 4095));
  SAY(pread(d, block, 8192, 0));
  say_bytes("it", block, 8192);
  memset(block, 'b', 4096);
  SAY(pwrite(d, block, 4096, 0));
  say_fd_content(f);
  MUST(ftruncate(f, 5000));
  SAY(pread(d, block, 8192, 4096));
  SAY(pread(d, block, 4096, 8192));
  SAY(fcntl(d, F_GETFL) & O_DIRECT ? 1 : 0);
}

CASE(data_copy_range, "copy_file_range(2)",
  "copies between files, and within one, but not onto itself") {
  int f = make_open("f", "abcdefghij"), g = make_open("g", "0123456789");
  off_t from = 2, to = 4;
  SAY(copy_file_range(f, &from, g, &to, 3, 0));
  say("%ld %ld", (long)from, (long)to);
  say_content("g");
  SAY(copy_file_range(f, NULL, g, NULL, 4, 0));
  SAY(lseek(f, 0, SEEK_CUR));
  SAY(lseek(g, 0, SEEK_CUR));
  from = 8, to = 20;
  SAY(copy_file_range(f, &from, g, &to, 100, 0));
  from = 10;
  SAY(copy_file_range(f, &from, g, &to, 100, 0));
  say_content("g");
  from = 0, to = 2;
  SAY(copy_file_range(f, &from, f, &to, 5, 0));
  to = 5;
  SAY(copy_file_range(f, &from, f, &to, 5, 0));
  say_content("f");
  SAY(copy_file_range(f, NULL, g, NULL, 1, 1));
  SAY(copy_file_range((int)MUST(open("f", O_WRONLY)), NULL, g, NULL, 1, 0));
  SAY(copy_file_range(f, NULL, (int)MUST(open("g", O_RDWR | O_APPEND)), NULL, 1, 0));
  SAY(copy_file_range(f, NULL, (int)MUST(open(".", O_RDONLY)), NULL, 1, 0));
}

CASE(data_copy_large, "copy_file_range(2)",
  "copies what was written a moment ago, and changes times") {
  static char bytes[300000], seen[300000];
  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (char)(i * 13 + i / 256);
  int f = make_open("f", ""), g = make_open("g", "");
  MUST(write(f, bytes, sizeof bytes));
  age("g");
  off_t from = 0, to = 0;
  SAY(copy_file_range(f, &from, g, &to, sizeof bytes, 0));
  say_times("a copy", "g");
  SAY(pread(g, seen, sizeof seen, 0));
  SAY(memcmp(bytes, seen, sizeof seen));
}

CASE(data_sendfile, "sendfile(2)", "sends a file's bytes into a file, a pipe") {
  int f = make_open("f", "abcdefghij"), g = make_open("g", "");
  off_t from = 3;
  SAY(sendfile(g, f, &from, 4));
  SAY(from);
  SAY(sendfile(g, f, NULL, 100));
  SAY(lseek(f, 0, SEEK_CUR));
  say_content("g");
  int ends[2];
  MUST(pipe(ends));
  from = 0;
  SAY(splice(f, &from, ends[1], NULL, 5, 0));
  SAY(splice(ends[0], NULL, g, NULL, 5, 0));
  say_content("g");
}

CASE(data_sync, "fsync",
  "fsync and its relatives succeed for every kind of file that can be opened") {
  int f = make_open("f", "abc"), r = (int)MUST(open("f", O_RDONLY)), d = (int)MUST(open(".", O_RDONLY));
  SAY(fsync(f));
  SAY(fdatasync(f));
  SAY(fsync(r));
  SAY(syncfs(r));
  SAY(fsync(d));
  SAY(fdatasync(d));
  SAY(syncfs(d));
  SAY(fsync(99));
  SAY(sync_file_range(f, 0, 0, SYNC_FILE_RANGE_WRITE));
  MUST(unlink("f"));
  SAY(fsync(f));
  MUST(mkfifo("p", 0644));
  SAY(fsync((int)MUST(open("p", O_RDWR))));
}

CASE(data_advice, "posix_fadvise", "advice is taken or refused, and changes nothing") {
  int f = make_open("f", "abc");
  SAY(posix_fadvise(f, 0, 0, POSIX_FADV_WILLNEED));
  SAY(posix_fadvise(f, 0, 0, POSIX_FADV_DONTNEED));
  SAY(posix_fadvise(f, 0, 0, 99));
  SAY(posix_fadvise(99, 0, 0, 0));
  SAY(readahead(f, 0, 100));
  say_content("f");
}
