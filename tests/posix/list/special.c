/* FIFOs and sockets that processes meet at, openat2, and directories by descriptor. */

#include "list.h"

#include <linux/openat2.h>
#include <sys/socket.h>
#include <sys/un.h>

CASE(special_fifo, "mkfifo", "two processes meet at a FIFO") {
  MUST(mkfifo("p", 0600));
  CHILD {
    int w = (int)MUST(open("p", O_WRONLY)); /* Waits for the reader. */
    MUST(write(w, "hello", 5));
  }
  int r = (int)MUST(open("p", O_RDONLY));
  char bytes[10];
  size_t count = 0;
  for (ssize_t n; (n = MUST(read(r, bytes + count, sizeof bytes - count))) > 0;) count += (size_t)n;
  say_bytes("it", bytes, count);
  join_children();
  MUST(rename("p", "q"));
  SAY(open("q", O_WRONLY | O_NONBLOCK));
  SAY(unlink("q"));
  say_fd(r, "type nlink");
}

static struct sockaddr_un address_of(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
  return address;
}

CASE(special_socket, "bind",
  "two processes meet at a socket's name, which needs the right to write") {
  int server = (int)MUST(socket(AF_UNIX, SOCK_STREAM, 0));
  struct sockaddr_un address = address_of("s"), moved = address_of("t");
  umask(022);
  SAY(bind(server, (void *)&address, sizeof address));
  say_fields("s", "type mode uid");
  SAY(bind((int)MUST(socket(AF_UNIX, SOCK_STREAM, 0)), (void *)&address, sizeof address));
  MUST(listen(server, 5));
  MUST(rename("s", "t"));
  SAY(connect((int)MUST(socket(AF_UNIX, SOCK_STREAM, 0)), (void *)&address, sizeof address));
  SAY(connect((int)MUST(socket(AF_UNIX, SOCK_STREAM, 0)), (void *)&moved, sizeof moved));
  AS(1001, 1001);
  SAY(connect((int)MUST(socket(AF_UNIX, SOCK_STREAM, 0)), (void *)&moved, sizeof moved));
  AS_ROOT();
  SAY(unlink("t"));
  SAY(connect((int)MUST(socket(AF_UNIX, SOCK_STREAM, 0)), (void *)&moved, sizeof moved));
}

static int open_within(int at, const char *path, uint64_t flags, uint64_t resolve) {
  struct open_how how = {.flags = flags, .resolve = resolve};
  return (int)syscall(SYS_openat2, at, path, &how, sizeof how);
}

CASE(special_resolve, "openat2(2)", "paths that may not leave a directory, nor pass links") {
  MUST(mkdir("d", 0755));
  make("d/f", "");
  make("g", "");
  MUST(symlink("f", "d/s"));
  MUST(symlink("../g", "d/up"));
  MUST(symlink("/f", "d/root"));
  int d = (int)MUST(open("d", O_RDONLY));
  SAY(open_within(d, "f", O_RDONLY, RESOLVE_BENEATH));
  SAY(open_within(d, "s", O_RDONLY, RESOLVE_BENEATH));
  SAY(open_within(d, "up", O_RDONLY, RESOLVE_BENEATH));
  SAY(open_within(d, "../g", O_RDONLY, RESOLVE_BENEATH));
  SAY(open_within(d, "root", O_RDONLY, RESOLVE_IN_ROOT));
  SAY(open_within(d, "../../f", O_RDONLY, RESOLVE_IN_ROOT));
  SAY(open_within(d, "s", O_RDONLY, RESOLVE_NO_SYMLINKS));
  SAY(open_within(d, "f", O_RDONLY, RESOLVE_NO_XDEV));
  SAY(open_within(d, "f", O_RDONLY | 0x10000000, 0));
}

CASE(special_directory, "fchmod", "a directory's mode, owner and times by its descriptor") {
  MUST(mkdir("d", 0755));
  int d = (int)MUST(open("d", O_RDONLY));
  SAY(fchmod(d, 02711));
  SAY(fchown(d, 12, 34));
  say_fd(d, "type mode uid gid nlink");
  age_fd(d);
  SAY(futimens(d, NULL));
  say_times_fd("futimens", d);
  age_fd(d);
  SAY(openat(d, "f", O_RDWR | O_CREAT, 0644));
  say_times_fd("a new name", d);
  age("d/f");
  SAY(renameat(d, "f", d, "g"));
  say_times("a rename", "d/g");
  SAY(unlinkat(d, "g", 0));
  say_fd(d, "nlink size");
}

CASE(special_deep, "pathname resolution",
  "paths longer than a call takes, one directory after another") {
  char name[201];
  memset(name, 'd', 200);
  name[200] = 0;
  int depth = 0;
  for (; depth < 40; depth++) {
    MUST(mkdir(name, 0755));
    MUST(chdir(name));
  }
  char here[9000];
  SAY(getcwd(here, 4096) ? 0 : -1);
  make("f", "abc");
  say_content("f");
  for (; depth > 0; depth--) {
    MUST(chdir(".."));
    if (depth == 40) SAY(rmdir(name));
  }
  SAY(access(name, F_OK));
  /* Removed from below, since no path reaches so far. */
  for (int i = 0; i < 40; i++) MUST(chdir(name));
  MUST(unlink("f"));
  for (int i = 0; i < 40; i++) {
    MUST(chdir(".."));
    MUST(rmdir(name));
  }
  say_names(".");
}

CASE(special_duplicates, "dup2", "a duplicate replaces what its number was") {
  int f = make_open("f", "abc");
  int g = (int)MUST(open("f", O_RDONLY));
  SAY(dup2(g, f));
  say_fd_content(f);
  SAY(write(f, "x", 1));
  SAY(fcntl(f, F_DUPFD, 20));
  SAY(fcntl(f, F_DUPFD_CLOEXEC, 20));
  SAY(fcntl(21, F_GETFD));
  SAY(close_range(20, 21, 0));
  SAY(fcntl(20, F_GETFD));
}
