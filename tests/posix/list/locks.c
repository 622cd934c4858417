/* fcntl locks of processes and of open files, flock, lockf. */

#include "list.h"

#include <sys/file.h>

static struct flock range(short type, off_t start, off_t length) {
  return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
}

static int lock(int fd, int command, short type, off_t start, off_t length) {
  struct flock one = range(type, start, length);
  return fcntl(fd, command, &one);
}

/* Says what F_GETLK (or F_OFD_GETLK) tells; whose lock it is by its relation to this process. */
static void say_lock(int fd, int command, short type, off_t start, off_t length) {
  struct flock one = range(type, start, length);
  if (fcntl(fd, command, &one) < 0) {
    say("a look at %ld+%ld: %s", (long)start, (long)length, strerrorname_np(errno));
    return;
  }
  const char *whose = one.l_pid == getppid() ? "parent" : one.l_pid == -1 ? "a file"
    : one.l_pid == getpid() ? "own" : "another";
  const char *kind = one.l_type == F_RDLCK ? "read" : one.l_type == F_WRLCK ? "write" : "none";
  if (one.l_type == F_UNLCK) say("a look at %ld+%ld: none", (long)start, (long)length);
  else say("a look at %ld+%ld: %s %ld+%ld of %s", (long)start, (long)length, kind,
    (long)one.l_start, (long)one.l_len, whose);
}

CASE(lock_ranges, "fcntl",
  "locks of two processes: shared ones agree, others do not where they touch") {
  int f = make_open("f", "abcdefghij");
  SAY(lock(f, F_SETLK, F_WRLCK, 0, 5));
  SAY(lock(f, F_SETLK, F_RDLCK, 10, 10));
  SAY(lock(f, F_SETLK, F_WRLCK, 100, 0));
  CHILD {
    SAY(lock(f, F_SETLK, F_RDLCK, 4, 1));
    SAY(lock(f, F_SETLK, F_WRLCK, 5, 5));
    SAY(lock(f, F_SETLK, F_RDLCK, 15, 2));
    SAY(lock(f, F_SETLK, F_WRLCK, 15, 2));
    SAY(lock(f, F_SETLK, F_WRLCK, 1L << 40, 1));
    SAY(lock(f, F_SETLK, F_WRLCK, 20, 80));
    SAY(lock(f, F_SETLK, F_UNLCK, 0, 0));
    say_lock(f, F_GETLK, F_WRLCK, 0, 0);
    say_lock(f, F_GETLK, F_RDLCK, 5, 10);
    say_lock(f, F_GETLK, F_RDLCK, 5, 0);
    say_lock(f, F_GETLK, F_WRLCK, 12, 1);
  }
  join_children();
  say_lock(f, F_GETLK, F_WRLCK, 0, 0);
}

CASE(lock_own, "fcntl", "own locks are changed, split and joined") {
  int f = make_open("f", "");
  SAY(lock(f, F_SETLK, F_WRLCK, 0, 100));
  SAY(lock(f, F_SETLK, F_RDLCK, 20, 30));
  SAY(lock(f, F_SETLK, F_UNLCK, 70, 10));
  CHILD {
    say_lock(f, F_GETLK, F_WRLCK, 0, 100);
    say_lock(f, F_GETLK, F_WRLCK, 20, 80);
    say_lock(f, F_GETLK, F_WRLCK, 50, 50);
    say_lock(f, F_GETLK, F_WRLCK, 70, 10);
    say_lock(f, F_GETLK, F_WRLCK, 75, 100);
    reach(1);
    await_stage(2);
    say_lock(f, F_GETLK, F_RDLCK, 0, 0);
  }
  await_stage(1);
  SAY(lock(f, F_SETLK, F_WRLCK, 0, 100));
  reach(2);
  join_children();
}

CASE(lock_errors, "fcntl", "EBADF, EINVAL, EOVERFLOW") {
  make("f", "abc");
  int r = (int)MUST(open("f", O_RDONLY)), w = (int)MUST(open("f", O_WRONLY));
  SAY(lock(r, F_SETLK, F_WRLCK, 0, 1));
  SAY(lock(r, F_SETLK, F_RDLCK, 0, 1));
  SAY(lock(w, F_SETLK, F_RDLCK, 0, 1));
  SAY(lock(w, F_SETLK, F_WRLCK, 0, 1));
  SAY(lock(w, F_SETLK, F_WRLCK, -1, 1));
  SAY(lock(w, F_SETLK, F_WRLCK, 1, -1));
  SAY(lock(w, F_SETLK, F_WRLCK, 1, -2));
  SAY(lock(w, F_SETLK, 77, 0, 1));
  SAY(lock(99, F_SETLK, F_WRLCK, 0, 1));
  SAY(lock(w, F_SETLK, F_WRLCK, LONG_MAX, 1));
  SAY(lock(w, F_SETLK, F_WRLCK, LONG_MAX, 2));
  struct flock one = {.l_type = F_WRLCK, .l_whence = SEEK_END, .l_start = -2, .l_len = 1};
  SAY(fcntl(w, F_SETLK, &one));
  one.l_start = -4;
  SAY(fcntl(w, F_SETLK, &one));
  one.l_whence = 9;
  SAY(fcntl(w, F_SETLK, &one));
}

CASE(lock_close, "fcntl", "a process loses all its locks of a file at any close of it") {
  int f = make_open("f", "");
  SAY(lock(f, F_SETLK, F_WRLCK, 0, 10));
  CHILD {
    say_lock(f, F_GETLK, F_WRLCK, 0, 0);
  }
  join_children();
  close((int)MUST(open("f", O_RDONLY)));
  CHILD {
    say_lock(f, F_GETLK, F_WRLCK, 0, 0);
  }
  join_children();
  SAY(lock(f, F_SETLK, F_WRLCK, 0, 10));
  close((int)MUST(dup(f)));
  CHILD {
    say_lock(f, F_GETLK, F_WRLCK, 0, 0);
  }
  join_children();
}

CASE(lock_exit, "fcntl", "a process that ends loses its locks; a child has none of its parent's") {
  int f = make_open("f", "");
  CHILD {
    MUST(lock(f, F_SETLK, F_WRLCK, 0, 10));
    reach(1);
    await_stage(2);
  }
  await_stage(1);
  SAY(lock(f, F_SETLK, F_WRLCK, 5, 10));
  reach(2);
  join_children();
  SAY(lock(f, F_SETLK, F_WRLCK, 5, 10));
  CHILD {
    SAY(lock(f, F_SETLK, F_WRLCK, 5, 10));
  }
  join_children();
}

CASE(lock_killed, "fcntl", "a process that is killed loses its locks") {
  int f = make_open("f", "");
  pid_t child = fork();
  if (child == 0) {
    MUST(lock(f, F_SETLK, F_WRLCK, 0, 10));
    MUST(flock((int)MUST(open("f", O_RDWR)), LOCK_EX));
    reach(1);
    pause();
  }
  await_stage(1);
  SAY(lock(f, F_SETLK, F_RDLCK, 0, 1));
  SAY(flock(f, LOCK_SH | LOCK_NB));
  MUST(kill(child, SIGKILL));
  join_children();
  SAY(lock(f, F_SETLK, F_RDLCK, 0, 1));
  SAY(flock(f, LOCK_SH | LOCK_NB));
}

CASE(lock_wait, "fcntl", "F_SETLKW waits until the lock is free") {
  int f = make_open("f", "");
  MUST(lock(f, F_SETLK, F_WRLCK, 0, 10));
  for (int i = 0; i < 3; i++) {
    CHILD {
      MUST(lock(f, F_SETLKW, F_WRLCK, 9, 1));
      MUST(pwrite(f, "x", 1, lseek(f, 0, SEEK_END)));
      MUST(lock(f, F_SETLK, F_UNLCK, 9, 1));
    }
  }
  tick();
  say_fields("f", "size");
  SAY(lock(f, F_SETLK, F_UNLCK, 0, 0));
  join_children();
  say_fields("f", "size");
}

CASE(lock_wait_for_exit, "fcntl", "F_SETLKW has the lock when its holder ends") {
  int f = make_open("f", "");
  pid_t holder = fork();
  if (holder == 0) {
    MUST(lock(f, F_SETLK, F_WRLCK, 0, 0));
    reach(1);
    pause();
  }
  await_stage(1);
  CHILD {
    SAY(lock(f, F_SETLKW, F_WRLCK, 0, 0));
  }
  tick();
  MUST(kill(holder, SIGKILL));
  join_children();
}

CASE(lock_interrupt, "fcntl", "a signal interrupts F_SETLKW: EINTR, and no lock") {
  int f = make_open("f", "");
  MUST(lock(f, F_SETLK, F_WRLCK, 0, 10));
  CHILD {
    interrupt_soon();
    SAY(lock(f, F_SETLKW, F_WRLCK, 0, 20));
    SAY(flock(f, LOCK_SH));
    interrupt_no_more();
    reach(1);
    await_stage(2);
  }
  await_stage(1);
  SAY(lock(f, F_SETLK, F_WRLCK, 10, 10));
  reach(2);
  join_children();
}

CASE(lock_kill_waiter, "fcntl", "who is killed while it waits gets nothing") {
  int f = make_open("f", "");
  MUST(lock(f, F_SETLK, F_WRLCK, 0, 10));
  pid_t child = fork();
  if (child == 0) {
    reach(1);
    lock(f, F_SETLKW, F_WRLCK, 0, 10);
    _exit(0);
  }
  await_stage(1);
  tick();
  MUST(kill(child, SIGKILL));
  join_children();
  SAY(lock(f, F_SETLK, F_UNLCK, 0, 10));
  CHILD {
    SAY(lock(f, F_SETLK, F_WRLCK, 0, 10));
  }
  join_children();
}

CASE(lock_deadlock, "fcntl", "EDEADLK for the one that would wait for itself") {
  int f = make_open("f", "");
  _Atomic int *counts = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  for (int i = 0; i < 3; i++) {
    CHILD {
      MUST(lock(f, F_SETLK, F_WRLCK, i, 1));
      if (++counts[3] == 3) reach(1);
      await_stage(1);
      int result = lock(f, F_SETLKW, F_WRLCK, (i + 1) % 3, 1);
      counts[result == 0 ? 0 : errno == EDEADLK ? 1 : 2]++;
      /* Its end gives back what it holds, and the next one of the circle has its lock. */
    }
  }
  join_children();
  say("%d locks, %d deadlocks, %d others", counts[0], counts[1], counts[2]);
}

CASE(lock_upgrade_deadlock, "fcntl", "two readers that both want to write") {
  int f = make_open("f", "");
  _Atomic int *counts = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  for (int i = 0; i < 2; i++) {
    CHILD {
      MUST(lock(f, F_SETLK, F_RDLCK, 0, 1));
      if (++counts[3] == 2) reach(1);
      await_stage(1);
      int result = lock(f, F_SETLKW, F_WRLCK, 0, 1);
      counts[result == 0 ? 0 : errno == EDEADLK ? 1 : 2]++;
    }
  }
  join_children();
  say("%d locks, %d deadlocks, %d others", counts[0], counts[1], counts[2]);
}

CASE(lock_open_file, "fcntl", "F_OFD_SETLK: a lock belongs to the open file, in whatever process") {
  int f = make_open("f", ""), g = (int)MUST(open("f", O_RDWR));
  SAY(lock(f, F_OFD_SETLK, F_WRLCK, 0, 10));
  SAY(lock(g, F_OFD_SETLK, F_WRLCK, 5, 10));
  SAY(lock(g, F_SETLK, F_WRLCK, 5, 10));
  SAY(lock(g, F_OFD_SETLK, F_WRLCK, 10, 10));
  say_lock(g, F_OFD_GETLK, F_WRLCK, 0, 0);
  say_lock(g, F_GETLK, F_WRLCK, 0, 10);
  CHILD {
    SAY(lock(f, F_OFD_SETLK, F_WRLCK, 0, 5)); /* It has the same open file. */
    SAY(close(f));
  }
  join_children();
  SAY(lock(g, F_OFD_SETLK, F_RDLCK, 0, 1));
  close((int)MUST(open("f", O_RDWR)));
  SAY(lock(g, F_OFD_SETLK, F_RDLCK, 0, 1));
  SAY(close(f));
  SAY(lock(g, F_OFD_SETLK, F_RDLCK, 0, 1));
  struct flock bad = range(F_WRLCK, 0, 1);
  bad.l_pid = 1;
  SAY(fcntl(g, F_OFD_SETLK, &bad));
}

CASE(lock_open_file_wait, "fcntl", "F_OFD_SETLKW waits until the other open file is closed") {
  int f = make_open("f", "");
  SAY(lock(f, F_OFD_SETLK, F_WRLCK, 0, 0));
  CHILD {
    MUST(close(f));
    int g = (int)MUST(open("f", O_RDWR));
    interrupt_soon();
    SAY(lock(g, F_OFD_SETLKW, F_WRLCK, 0, 10));
    interrupt_no_more();
    reach(1);
    SAY(lock(g, F_OFD_SETLKW, F_WRLCK, 0, 10));
  }
  await_stage(1);
  tick();
  MUST(close(f));
  join_children();
}

CASE(lock_flock, "flock(2)", "flock locks belong to the open file; a new kind replaces the old") {
  int f = make_open("f", ""), g = (int)MUST(open("f", O_RDONLY)), d = (int)MUST(dup(f));
  SAY(flock(f, LOCK_SH));
  SAY(flock(g, LOCK_SH | LOCK_NB));
  SAY(flock(g, LOCK_EX | LOCK_NB)); /* Linux may lose the old lock then. */
  SAY(flock(g, LOCK_UN));
  SAY(flock(d, LOCK_EX | LOCK_NB));
  SAY(flock(g, LOCK_SH | LOCK_NB));
  SAY(close(d));
  SAY(flock(g, LOCK_SH | LOCK_NB));
  CHILD {
    SAY(flock(f, LOCK_UN)); /* The same open file. */
  }
  join_children();
  SAY(flock(g, LOCK_EX | LOCK_NB));
  SAY(flock(f, LOCK_SH | LOCK_NB));
  SAY(close(g));
  SAY(flock(f, LOCK_SH | LOCK_NB));
  SAY(flock(f, 77));
  SAY(flock(99, LOCK_SH));
  SAY(flock((int)MUST(open(".", O_RDONLY)), LOCK_EX | LOCK_NB));
  SAY(flock((int)MUST(open(".", O_RDONLY)), LOCK_SH | LOCK_NB));
}

CASE(lock_flock_wait, "flock(2)", "flock waits, and a signal interrupts it") {
  int f = make_open("f", "");
  MUST(flock(f, LOCK_EX));
  CHILD {
    MUST(close(f));
    int g = (int)MUST(open("f", O_RDWR));
    interrupt_soon();
    SAY(flock(g, LOCK_EX));
    interrupt_no_more();
    reach(1);
    SAY(flock(g, LOCK_SH));
  }
  await_stage(1);
  tick();
  MUST(flock(f, LOCK_UN));
  join_children();
}

CASE(lock_kinds, "flock(2)", "locks of flock and of fcntl do not see each other") {
  int f = make_open("f", "");
  SAY(flock(f, LOCK_EX));
  CHILD {
    int g = (int)MUST(open("f", O_RDWR));
    SAY(lock(g, F_SETLK, F_WRLCK, 0, 0));
    SAY(flock(g, LOCK_SH | LOCK_NB));
  }
  join_children();
}

CASE(lock_lockf, "lockf", "lockf locks from the position on") {
  int f = make_open("f", "abcdefghij");
  MUST(lseek(f, 5, SEEK_SET));
  SAY(lockf(f, F_TLOCK, 3));
  SAY(lockf(f, F_LOCK, -2));
  CHILD {
    SAY(lockf(f, F_TEST, 1));
    MUST(lseek(f, 0, SEEK_SET));
    SAY(lockf(f, F_TEST, 3));
    SAY(lockf(f, F_TLOCK, 4));
    SAY(lockf(f, F_TEST, 0));
    MUST(lseek(f, 8, SEEK_SET));
    SAY(lockf(f, F_TEST, 0));
  }
  join_children();
  SAY(lockf(f, 77, 0));
}

CASE(lock_unlinked, "fcntl", "a file without a name is locked as well") {
  int f = make_open("f", ""), g = (int)MUST(open("f", O_RDWR));
  MUST(unlink("f"));
  SAY(lock(f, F_SETLK, F_WRLCK, 0, 10));
  CHILD {
    SAY(lock(g, F_SETLK, F_WRLCK, 0, 10));
  }
  join_children();
  SAY(flock(f, LOCK_EX | LOCK_NB));
  SAY(flock(g, LOCK_SH | LOCK_NB));
}

CASE(lock_lease, "fcntl(2)", "leases and notices of directories") {
  int f = make_open("f", "abc"), r = (int)MUST(open("f", O_RDONLY));
  SAY(fcntl(f, F_GETLEASE));
  SAY(fcntl(r, F_SETLEASE, F_RDLCK));
  MUST(close(f));
  SAY(fcntl(r, F_SETLEASE, F_RDLCK));
  SAY(fcntl(r, F_GETLEASE));
  SAY(fcntl(r, F_SETLEASE, F_UNLCK));
}
