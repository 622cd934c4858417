/*
 * The list: cases, each in a directory of its own and a process of its own, and what they say.
 *
 * A case is written with CASE(name, page, what): `page` is the page of POSIX.1-2024 (System
 * Interfaces) that it was written from, or, with a section number, the page of the Linux manual;
 * `what` is the rule. Its body makes calls and says their results, a line each:
 *
 *     CASE(open_excl, "open", "O_CREAT and O_EXCL fail if the name exists") {
 *       make("f", "abc");
 *       SAY(open("f", O_RDWR | O_CREAT | O_EXCL, 0600)); // open("f", ...) = EEXIST
 *     }
 *
 * Nothing here knows what is right: the same list runs on two file systems, and what they say is
 * compared. So no line may hold what chance decides: no inode numbers, no times, no process ids.
 */

#ifndef LIST_H
#define LIST_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct posix_case {
  const char *name;
  const char *page;
  const char *what;
  void (*run)(void);
};

/* Cases find their way into one table by the section that they lie in. */
#define CASE(id, from, rule)                                               \
  static void id(void);                                                    \
  static const struct posix_case id##_case                                 \
      __attribute__((section("cases"), used, aligned(8))) = {#id, from, rule, id}; \
  static void id(void)

/* Says an expression and its value, or the name of errno where that is -1. Is its value. */
#define SAY(...) say_value(#__VA_ARGS__, (long)(__VA_ARGS__))

/* Does what must succeed; where it does not, that is said and the case ends. Is its value. */
#define MUST(...) must_value(#__VA_ARGS__, (long)(__VA_ARGS__))

/* From here on the process is this user: uid, gid and supplementary groups. */
#define AS(...)                                                         \
  become((const unsigned[]){__VA_ARGS__}, sizeof((const unsigned[]){__VA_ARGS__}) / sizeof(unsigned))
#define AS_ROOT() AS(0, 0)

/* Does a block in a child; the case goes on beside it, and ends after it. */
#define CHILD for (pid_t child_ = fork_child(); child_ == 0; end_child())

long say_value(const char *expression, long value);
long must_value(const char *expression, long value);

/* Says a line of any text. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

void become(const unsigned *ids, size_t count);
pid_t fork_child(void);
void end_child(void);
/* Waits for all children of this process. */
void join_children(void);

/* A number that all processes of a case see; each waits until it is at least as large. */
void reach(int stage);
void await_stage(int stage);

/* Goes through texts: EACH(name, "a", "b") say_fields(*name, "mode"); */
#define EACH(one, ...) \
  for (const char *const *one = (const char *const[]){__VA_ARGS__, NULL}; *one; one++)

/* Makes a file of mode 644 with this text. */
void make(const char *path, const char *text);
/* The same, opened for reading and writing, at its beginning. */
int make_open(const char *path, const char *text);

/* Copies a program of the host, which then can be executed; it is still open, for writing. */
int copy_program(const char *program, const char *path);

/*
 * Says fields of a name (symbolic links are not followed) or of a descriptor: type, mode, nlink,
 * uid, gid, size, blocks, blksize, rdev.
 */
void say_fields(const char *path, const char *fields);
void say_fd(int fd, const char *fields);
/* Says what a file holds, runs of the same byte in short. */
void say_content(const char *path);
void say_fd_content(int fd);
/* Says the bytes of a buffer so. */
void say_bytes(const char *label, const void *bytes, size_t count);
/* Says the names in a directory, sorted. */
void say_names(const char *path);

/* Sets both times into the past and waits until clocks tick, so that each change can be seen. */
void age(const char *path);
void age_fd(int fd);
/* Says which times of a name changed since it was aged. */
void say_times(const char *after, const char *path);
void say_times_fd(const char *after, int fd);
/* Waits until every clock that stamps files has ticked. */
void tick(void);

/* A handler that does nothing, so that a signal interrupts; and signals that come until none_more. */
void interrupt_soon(void);
void interrupt_no_more(void);

#endif
