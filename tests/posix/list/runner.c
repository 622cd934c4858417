/*
 * Runs the list in a directory, and prints what each case said as a line of JSON:
 *
 *     runner DIRECTORY [TEXT...]     only the cases whose names hold one of the texts
 *
 * A case runs in a process of its own, whose working directory is new and empty, as root with no
 * umask, and with the descriptors 0 to 2 only. What it leaves is removed, which is part of the
 * case. One that does not end in time is killed and says so.
 */

#include "list.h"

#include <ftw.h>

#include "runner.h"

enum { CASE_SECONDS_MAX = 20 };

extern const struct posix_case __start_cases[], __stop_cases[];

static void print_json(const char *text, size_t length) {
  putchar('"');
  for (size_t i = 0; i < length; i++) {
    unsigned char byte = (unsigned char)text[i];
    if (byte == '"' || byte == '\\') printf("\\%c", byte);
    else if (byte < 32 || byte > 126) printf("\\u%04x", byte);
    else putchar(byte);
  }
  putchar('"');
}

static void print_line(const struct posix_case *one, const struct report *report) {
  printf("{\"name\":");
  print_json(one->name, strlen(one->name));
  printf(",\"page\":");
  print_json(one->page, strlen(one->page));
  printf(",\"what\":");
  print_json(one->what, strlen(one->what));
  printf(",\"says\":[");
  for (const char *at = report->text, *end; (end = strchr(at, '\n')); at = end + 1) {
    if (at != report->text) putchar(',');
    print_json(at, (size_t)(end - at));
  }
  printf("]}\n");
  fflush(stdout);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *place) {
  (void)status;
  (void)kind;
  (void)place;
  if (remove(path) < 0) say("removal of what is left: %s", strerrorname_np(errno));
  return 0;
}

static void run_alone(const struct posix_case *one) {
  setpgid(0, 0);
  umask(0);
  int nothing = open("/dev/null", O_RDWR);
  for (int fd = 0; fd < 3; fd++) dup2(nothing, fd);
  close_range(3, ~0U, 0);
  one->run();
  join_children();
  _exit(0);
}

/* Waits for a case; false if it had to be killed, which a call that hangs may survive. */
static bool await_end(pid_t pid) {
  struct timespec now, end;
  clock_gettime(CLOCK_MONOTONIC, &end);
  end.tv_sec += CASE_SECONDS_MAX;
  int status, ended;
  for (;;) {
    ended = waitpid(pid, &status, WNOHANG);
    if (ended == pid) break;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec > end.tv_sec) {
      say("did not end");
      kill(-pid, SIGKILL);
      return false;
    }
    nanosleep(&(struct timespec){0, 100000}, NULL);
  }
  if (WIFSIGNALED(status)) say("ended by signal %d", WTERMSIG(status));
  kill(-pid, SIGKILL); /* Children that it left. */
  return true;
}

static bool run_case(const struct posix_case *one, struct report *report) {
  memset(report, 0, sizeof *report);
  if (mkdir(one->name, 0755) < 0 || chmod(one->name, 0755) < 0) {
    say("mkdir: %s", strerrorname_np(errno));
    return true;
  }
  pid_t pid = fork();
  if (pid == 0) {
    MUST(chdir(one->name));
    run_alone(one);
  }
  bool has_ended = await_end(pid);
  if (has_ended) nftw(one->name, remove_one, 20, FTW_DEPTH | FTW_PHYS);
  return has_ended;
}

static bool is_wanted(const char *name, char **texts) {
  if (!*texts) return true;
  for (; *texts; texts++) {
    if (strstr(name, *texts)) return true;
  }
  return false;
}

int main(int count, char **args) {
  if (count < 2) {
    fprintf(stderr, "usage: runner DIRECTORY [TEXT...]\n");
    return 2;
  }
  struct report *report = mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE,
    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (report == MAP_FAILED || chdir(args[1]) < 0) {
    perror(args[1]);
    return 1;
  }
  report_to(report);
  umask(0);
  for (const struct posix_case *one = __start_cases; one < __stop_cases; one++) {
    if (!is_wanted(one->name, args + 2)) continue;
    bool has_ended = run_case(one, report);
    print_line(one, report);
    if (!has_ended) return 3; /* Whatever hangs may hang for ever: nothing behind it is tried. */
  }
  return 0;
}
