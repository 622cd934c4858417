/* How cases say what they saw: see list.h. */

#include "list.h"

#include <grp.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/sysmacros.h>

#include "runner.h"

static struct report *report;

void report_to(struct report *target) { report = target; }

void say(const char *format, ...) {
  char line[1200];
  va_list values;
  va_start(values, format);
  int length = vsnprintf(line, sizeof line, format, values);
  va_end(values);
  if (length >= (int)sizeof line) length = sizeof line - 1;
  /* Children say lines too: each takes its place first. */
  size_t at = atomic_fetch_add(&report->used, (size_t)length + 1);
  if (at + (size_t)length + 1 > sizeof report->text) _exit(99);
  memcpy(report->text + at, line, (size_t)length);
  report->text[at + (size_t)length] = '\n';
}

long say_value(const char *expression, long value) {
  int error = errno;
  const char *name = strerrorname_np(error);
  if (value == -1) say("%s = %s", expression, name ? name : "an unknown error");
  else say("%s = %ld", expression, value);
  errno = error;
  return value;
}

long must_value(const char *expression, long value) {
  if (value != -1) return value;
  say_value(expression, value);
  _exit(1);
}

void become(const unsigned *ids, size_t count) {
  MUST(setresuid(0, 0, 0));
  gid_t groups[32];
  for (size_t i = 2; i < count; i++) groups[i - 2] = ids[i];
  MUST(setgroups(count > 2 ? count - 2 : 0, groups));
  MUST(setresgid(ids[1], ids[1], ids[1]));
  MUST(setresuid(ids[0], ids[0], 0)); /* The saved one leads back. */
}

pid_t fork_child(void) { return (pid_t)MUST(fork()); }

void end_child(void) { _exit(0); }

void join_children(void) {
  while (wait(NULL) > 0 || errno == EINTR) continue;
}

static void pause_shortly(void) { nanosleep(&(struct timespec){0, 500000}, NULL); }

void reach(int stage) { atomic_store(&report->stage, stage); }

void await_stage(int stage) {
  while (atomic_load(&report->stage) < stage) pause_shortly();
}

void make(const char *path, const char *text) { close(make_open(path, text)); }

int make_open(const char *path, const char *text) {
  int fd = (int)MUST(open(path, O_RDWR | O_CREAT | O_EXCL, 0644));
  if (*text) MUST(pwrite(fd, text, strlen(text), 0));
  return fd;
}

int copy_program(const char *program, const char *path) {
  char bytes[1 << 16];
  int from = (int)MUST(open(program, O_RDONLY));
  int to = (int)MUST(open(path, O_RDWR | O_CREAT | O_EXCL, 0755));
  for (ssize_t n; (n = MUST(read(from, bytes, sizeof bytes))) > 0;) MUST(write(to, bytes, (size_t)n));
  MUST(close(from));
  return to;
}

static const char *type_of(mode_t mode) {
  if (S_ISREG(mode)) return "file";
  if (S_ISDIR(mode)) return "dir";
  if (S_ISLNK(mode)) return "link";
  if (S_ISFIFO(mode)) return "fifo";
  if (S_ISCHR(mode)) return "char";
  if (S_ISBLK(mode)) return "block";
  return S_ISSOCK(mode) ? "socket" : "nothing";
}

static size_t put_field(char *target, size_t room, const struct stat *status, const char *field) {
  mode_t mode = status->st_mode;
  dev_t device = status->st_rdev;
  if (!strcmp(field, "type")) return (size_t)snprintf(target, room, " %s", type_of(mode));
  if (!strcmp(field, "mode")) return (size_t)snprintf(target, room, " mode=%o", mode & 07777);
  if (!strcmp(field, "rdev")) {
    return (size_t)snprintf(target, room, " rdev=%u:%u", major(device), minor(device));
  }
  long long value = !strcmp(field, "nlink") ? (long long)status->st_nlink
    : !strcmp(field, "uid") ? (long long)status->st_uid
    : !strcmp(field, "gid") ? (long long)status->st_gid
    : !strcmp(field, "size") ? (long long)status->st_size
    : !strcmp(field, "blocks") ? (long long)status->st_blocks
    : !strcmp(field, "blksize") ? (long long)status->st_blksize : -1;
  return (size_t)snprintf(target, room, " %s=%lld", field, value);
}

static void say_status(const char *label, const struct stat *status, const char *fields) {
  char text[400] = "", words[200];
  size_t used = 0;
  snprintf(words, sizeof words, "%s", fields);
  for (char *word = strtok(words, " "); word; word = strtok(NULL, " ")) {
    used += put_field(text + used, sizeof text - used, status, word);
  }
  say("%s:%s", label, text);
}

void say_fields(const char *path, const char *fields) {
  struct stat status;
  if (lstat(path, &status) < 0) say("%.60s: %s", path, strerrorname_np(errno));
  else say_status(path, &status, fields);
}

void say_fd(int fd, const char *fields) {
  struct stat status;
  char label[20];
  snprintf(label, sizeof label, "fd %d", fd);
  if (fstat(fd, &status) < 0) say("%s: %s", label, strerrorname_np(errno));
  else say_status(label, &status, fields);
}

void say_bytes(const char *label, const void *bytes, size_t count) {
  const unsigned char *source = bytes;
  char text[800] = "";
  size_t used = 0;
  for (size_t at = 0; at < count && used < sizeof text - 40;) {
    size_t end = at + 1;
    while (end < count && source[end] == source[at]) end++;
    char shown[8];
    bool plain = source[at] > 32 && source[at] < 127;
    snprintf(shown, sizeof shown, plain ? "%c" : "<%02x>", source[at]);
    size_t run = end - at;
    if (run > 3) used += (size_t)snprintf(text + used, sizeof text - used, "{%s*%zu}", shown, run);
    else while (run-- > 0) used += (size_t)snprintf(text + used, sizeof text - used, "%s", shown);
    at = end;
  }
  say("%s holds %zu: %s", label, count, text);
}

void say_fd_content(int fd) {
  static char bytes[1 << 20];
  char label[20];
  snprintf(label, sizeof label, "fd %d", fd);
  ssize_t count = pread(fd, bytes, sizeof bytes, 0);
  if (count < 0) say("%s: %s", label, strerrorname_np(errno));
  else say_bytes(label, bytes, (size_t)count);
}

void say_content(const char *path) {
  static char bytes[1 << 20];
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t count = fd < 0 ? -1 : pread(fd, bytes, sizeof bytes, 0);
  if (count < 0) say("%s: %s", path, strerrorname_np(errno));
  else say_bytes(path, bytes, (size_t)count);
  if (fd >= 0) close(fd);
}

static int compare_names(const void *one, const void *other) {
  return strcmp(*(char *const *)one, *(char *const *)other);
}

void say_names(const char *path) {
  DIR *directory = opendir(path);
  if (!directory) {
    say("%s: %s", path, strerrorname_np(errno));
    return;
  }
  char *names[256], text[1000] = "";
  size_t count = 0, used = 0;
  for (struct dirent *entry; (entry = readdir(directory)) && count < 256;) {
    names[count++] = strdup(entry->d_name);
  }
  closedir(directory);
  qsort(names, count, sizeof *names, compare_names);
  for (size_t i = 0; i < count && used < sizeof text - 300; i++) {
    used += (size_t)snprintf(text + used, sizeof text - used, " %s", names[i]);
  }
  say("%s has %zu:%s", path, count, text);
}

/* What an aged file's times are. The time of its status change is what it then was. */
static const struct timespec LONG_AGO = {1000000000, 123456789};
static struct timespec changed_then;

void tick(void) {
  struct timespec first, now;
  clock_gettime(CLOCK_REALTIME_COARSE, &first);
  for (int ticks = 0; ticks < 2;) {
    pause_shortly();
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (now.tv_sec == first.tv_sec && now.tv_nsec == first.tv_nsec) continue;
    first = now;
    ticks++;
  }
}

static void aged(const struct stat *status) {
  changed_then = status->st_ctim;
  tick();
}

void age(const char *path) {
  struct stat status;
  tick();
  MUST(utimensat(AT_FDCWD, path, (struct timespec[]){LONG_AGO, LONG_AGO}, AT_SYMLINK_NOFOLLOW));
  MUST(lstat(path, &status));
  aged(&status);
}

void age_fd(int fd) {
  struct stat status;
  tick();
  MUST(futimens(fd, (struct timespec[]){LONG_AGO, LONG_AGO}));
  MUST(fstat(fd, &status));
  aged(&status);
}

static bool is_same(struct timespec one, struct timespec other) {
  return one.tv_sec == other.tv_sec && one.tv_nsec == other.tv_nsec;
}

static void say_changed(const char *after, const struct stat *status) {
  say("%s changes:%s%s%s", after, is_same(status->st_atim, LONG_AGO) ? "" : " atime",
    is_same(status->st_mtim, LONG_AGO) ? "" : " mtime",
    is_same(status->st_ctim, changed_then) ? "" : " ctime");
}

void say_times(const char *after, const char *path) {
  struct stat status;
  MUST(lstat(path, &status));
  say_changed(after, &status);
}

void say_times_fd(const char *after, int fd) {
  struct stat status;
  MUST(fstat(fd, &status));
  say_changed(after, &status);
}

static void nothing(int signal) { (void)signal; }

void interrupt_soon(void) {
  struct sigaction action = {.sa_handler = nothing}; /* Without SA_RESTART. */
  MUST(sigaction(SIGALRM, &action, NULL));
  /* Again and again: the first may come before the call that it is to interrupt. */
  MUST(setitimer(ITIMER_REAL, &(struct itimerval){{0, 5000}, {0, 20000}}, NULL));
}

void interrupt_no_more(void) { MUST(setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL)); }
