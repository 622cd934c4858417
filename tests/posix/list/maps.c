/* mmap, msync, and how mapped memory and files agree. */

#include "list.h"

#include <setjmp.h>

static char *map(int fd, size_t count, int protection, int flags) {
  void *at = mmap(NULL, count, protection, flags, fd, 0);
  if (at == MAP_FAILED) {
    say("mmap = %s", strerrorname_np(errno));
    _exit(1);
  }
  return at;
}

CASE(map_read, "mmap", "mapped memory is what the file holds, and zeros behind its end") {
  int f = make_open("f", "abcdef");
  char *at = map(f, 4096, PROT_READ, MAP_SHARED);
  say_bytes("it", at, 10);
  SAY(pwrite(f, "XY", 2, 2));
  say_bytes("it", at, 10);
  SAY(pwrite(f, "end", 3, 8));
  say_bytes("it", at, 12);
  SAY(close(f));
  MUST(unlink("f"));
  say_bytes("it", at, 12);
}

CASE(map_write, "mmap", "a store in shared memory is read by read, at once") {
  int f = make_open("f", "abcdefgh");
  char *at = map(f, 4096, PROT_READ | PROT_WRITE, MAP_SHARED);
  at[1] = 'B';
  say_fd_content(f);
  at[100] = 'x'; /* Behind the end: not in the file. */
  say_fields("f", "size");
  MUST(pwrite(f, "-", 1, 4));
  at[5] = 'F';
  SAY(msync(at, 4096, MS_SYNC));
  say_content("f");
  SAY(munmap(at, 4096));
  MUST(ftruncate(f, 200));
  say_content("f");
}

CASE(map_two, "mmap", "two processes see one memory") {
  int f = make_open("f", "");
  MUST(ftruncate(f, 8192));
  char *at = map(f, 8192, PROT_READ | PROT_WRITE, MAP_SHARED);
  CHILD {
    int g = (int)MUST(open("f", O_RDWR));
    char *other = map(g, 8192, PROT_READ | PROT_WRITE, MAP_SHARED);
    other[5000] = 'x';
    reach(1);
    await_stage(2);
    say_bytes("the child's", other, 10);
  }
  await_stage(1);
  say_bytes("the parent's", at + 4999, 3);
  memcpy(at, "hello", 5);
  reach(2);
  join_children();
}

CASE(map_private, "mmap", "stores in private memory stay there") {
  int f = (int)MUST(open("f", O_RDWR | O_CREAT, 0644));
  MUST(write(f, "abcdef", 6));
  int r = (int)MUST(open("f", O_RDONLY));
  char *at = map(r, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE);
  at[0] = 'X';
  say_bytes("it", at, 6);
  say_content("f");
}

CASE(map_rights, "mmap", "EACCES for what the descriptor does not allow") {
  make("f", "abc");
  int r = (int)MUST(open("f", O_RDONLY)), w = (int)MUST(open("f", O_WRONLY));
  SAY(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, r, 0) == MAP_FAILED ? -1 : 0);
  SAY(mmap(NULL, 4096, PROT_READ, MAP_SHARED, w, 0) == MAP_FAILED ? -1 : 0);
  SAY(mmap(NULL, 4096, PROT_WRITE, MAP_SHARED, w, 0) == MAP_FAILED ? -1 : 0);
  SAY(mmap(NULL, 0, PROT_READ, MAP_SHARED, r, 0) == MAP_FAILED ? -1 : 0);
  SAY(mmap(NULL, 4096, PROT_READ, MAP_SHARED, r, 1) == MAP_FAILED ? -1 : 0);
  SAY(mmap(NULL, 4096, PROT_READ, 0, r, 0) == MAP_FAILED ? -1 : 0);
  SAY(mmap(NULL, 4096, PROT_READ, MAP_SHARED, 99, 0) == MAP_FAILED ? -1 : 0);
  MUST(mkfifo("p", 0644));
  SAY(mmap(NULL, 4096, PROT_READ, MAP_SHARED, (int)MUST(open("p", O_RDWR)), 0) == MAP_FAILED ? -1 : 0);
  char *at = map(r, 4096, PROT_READ, MAP_SHARED);
  SAY(mprotect(at, 4096, PROT_READ | PROT_WRITE));
}

static sigjmp_buf back;

static void jump(int signal) { siglongjmp(back, signal); }

static void touch(const char *what, volatile char *at, bool is_store) {
  int signal = sigsetjmp(back, 1);
  if (signal == 0) {
    if (is_store) *at = 'x';
    else (void)*at;
  }
  say("%s: signal %d", what, signal);
}

CASE(map_beyond, "mmap", "SIGBUS beyond the page that holds the end") {
  int f = make_open("f", "abc");
  char *at = map(f, 16384, PROT_READ | PROT_WRITE, MAP_SHARED);
  signal(SIGBUS, jump);
  touch("within the last page", at + 4000, false);
  touch("behind it", at + 4096, false);
  touch("a store behind it", at + 8192, true);
  MUST(ftruncate(f, 16384));
  touch("after it grew", at + 8192, true);
  MUST(ftruncate(f, 5000));
  touch("after it shrank", at + 8192, false);
  touch("in what is left", at + 4096, false);
  MUST(ftruncate(f, 0));
  touch("of an empty file", at, false);
}

CASE(map_cut, "mmap", "what is cut off reads as zeros when the file grows again") {
  int f = make_open("f", "");
  char *at = map(f, 8192, PROT_READ | PROT_WRITE, MAP_SHARED);
  MUST(ftruncate(f, 8192));
  memset(at, 'x', 8192);
  MUST(ftruncate(f, 100));
  say_bytes("the page", at, 200);
  MUST(ftruncate(f, 8192));
  say_bytes("all", at, 8192);
  SAY(msync(at, 8192, MS_SYNC));
  say_content("f");
}

CASE(map_times, "mmap", "stores change mtime and ctime, at msync at the latest") {
  int f = make_open("f", "abc");
  MUST(fsync(f));
  char *at = map(f, 4096, PROT_READ | PROT_WRITE, MAP_SHARED);
  age("f");
  at[0] = 'x';
  SAY(msync(at, 4096, MS_SYNC));
  say_times("a store and msync", "f");
}

CASE(map_after_close, "mmap",
  "stores after close and unlink reach the file that is still open elsewhere") {
  int f = make_open("f", "abcdef"), g = (int)MUST(open("f", O_RDONLY));
  char *at = map(f, 4096, PROT_READ | PROT_WRITE, MAP_SHARED);
  MUST(close(f));
  at[0] = '1';
  MUST(unlink("f"));
  at[1] = '2';
  say_fd_content(g);
  SAY(msync(at, 4096, MS_SYNC));
  MUST(close(g));
  at[2] = '3';
  SAY(msync(at, 4096, MS_SYNC));
  SAY(munmap(at, 4096));
}

CASE(map_reopened, "mmap", "stores are there after munmap, for who opens the file next") {
  for (int round = 0; round < 5; round++) {
    int f = (int)MUST(open("f", O_RDWR | O_CREAT, 0644));
    MUST(ftruncate(f, 20000));
    char *at = map(f, 20000, PROT_READ | PROT_WRITE, MAP_SHARED);
    MUST(close(f));
    for (int i = 0; i < 20000; i += 1000) at[i + round] = (char)('a' + round);
    MUST(munmap(at, 20000));
  }
  int f = (int)MUST(open("f", O_RDWR));
  MUST(fsync(f));
  MUST(posix_fadvise(f, 0, 0, POSIX_FADV_DONTNEED));
  char bytes[8];
  for (int i = 0; i < 20000; i += 5000) {
    MUST(pread(f, bytes, 8, i));
    say_bytes("it", bytes, 8);
  }
}

CASE(map_hole, "mmap", "a store in a hole gets a block") {
  int f = make_open("f", "");
  MUST(ftruncate(f, 1 << 20));
  char *at = map(f, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED);
  SAY(at[700000]);
  at[500000] = 'x';
  SAY(fsync(f));
  say_fields("f", "size blocks");
  SAY(lseek(f, 0, SEEK_DATA));
}

CASE(map_into_itself, "write", "a file is written from memory that maps it") {
  int f = make_open("f", "abcdefghij");
  MUST(ftruncate(f, 8192));
  MUST(fsync(f));
  MUST(posix_fadvise(f, 0, 0, POSIX_FADV_DONTNEED));
  char *at = map(f, 8192, PROT_READ | PROT_WRITE, MAP_SHARED);
  SAY(pwrite(f, at, 10, 4090));
  SAY(pread(f, at + 100, 10, 0));
  say_content("f");
}

CASE(map_sync_errors, "msync", "EINVAL and ENOMEM") {
  int f = make_open("f", "abc");
  char *at = map(f, 4096, PROT_READ | PROT_WRITE, MAP_SHARED);
  SAY(msync(at, 4096, MS_SYNC | MS_ASYNC));
  SAY(msync(at + 1, 4096, MS_SYNC));
  SAY(msync(at, 4096, MS_ASYNC));
  SAY(msync(at, 4096, MS_SYNC | MS_INVALIDATE));
  MUST(munmap(at, 4096));
  SAY(msync(at, 4096, MS_SYNC));
}
