/* Files without names, O_TMPFILE, inotify, handles, and what ioctl tells. */

#include "list.h"

#include <linux/fiemap.h>
#include <linux/fs.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>

CASE(orphan_file, "unlink", "a file that is open lives on without a name") {
  int f = make_open("f", "abcdef");
  SAY(unlink("f"));
  say_fd(f, "type nlink size mode");
  SAY(pwrite(f, "XY", 2, 8));
  say_fd_content(f);
  SAY(ftruncate(f, 3));
  say_fd(f, "size");
  SAY(fchmod(f, 0600));
  SAY(fchown(f, 12, 34));
  SAY(fallocate(f, 0, 0, 10000));
  SAY(fsync(f));
  say_fd(f, "mode uid gid size blocks");
  age_fd(f);
  SAY(pwrite(f, "z", 1, 0));
  say_times_fd("a write", f);
  make("f", "new");
  say_content("f");
  say_fd_content(f);
}

CASE(orphan_again, "open", "a file without a name is opened again by /proc/self/fd") {
  int f = make_open("f", "abcdef");
  MUST(unlink("f"));
  SAY(open("/proc/self/fd/3", O_RDWR));
  SAY(pwrite(4, "X", 1, 0));
  say_fd_content(f);
  SAY(open("/proc/self/fd/3", O_RDONLY | O_TRUNC));
  say_fd(f, "size");
  SAY(truncate("/proc/self/fd/3", 10));
  say_fd(f, "size");
  SAY(chmod("/proc/self/fd/3", 0644));
  SAY(linkat(AT_FDCWD, "/proc/self/fd/3", AT_FDCWD, "back", AT_SYMLINK_FOLLOW));
  SAY(linkat(f, "", AT_FDCWD, "back", AT_EMPTY_PATH));
  say_names(".");
}

CASE(orphan_by_rename, "rename", "what a rename replaced lives on while open") {
  int f = make_open("f", "old");
  make("g", "new");
  SAY(rename("g", "f"));
  say_fd(f, "nlink");
  say_fd_content(f);
  SAY(pwrite(f, "x", 1, 100000));
  SAY(fsync(f));
  say_fd(f, "size blocks");
  SAY(close(f));
  say_content("f");
}

CASE(orphan_many, "unlink", "a hundred files without names, each its own") {
  int files[100], wrong = 0;
  char name[20], byte;
  for (int i = 0; i < 100; i++) {
    files[i] = make_open("f", "");
    byte = (char)i;
    MUST(pwrite(files[i], &byte, 1, 0));
    MUST(unlink("f"));
  }
  for (int i = 0; i < 50; i++) {
    snprintf(name, sizeof name, "new%d", i);
    make(name, "other");
  }
  for (int i = 0; i < 100; i++) {
    MUST(pread(files[i], &byte, 1, 0));
    wrong += byte != (char)i;
  }
  SAY(wrong);
}

CASE(orphan_in_child, "unlink", "a process that was forked has the file still") {
  int f = make_open("f", "abc");
  MUST(unlink("f"));
  CHILD {
    await_stage(1);
    say_fd_content(f);
    SAY(pwrite(f, "d", 1, 3));
    say_fd_content(f);
  }
  MUST(close(f));
  reach(1);
  join_children();
}

CASE(orphan_tmpfile, "open(2)", "O_TMPFILE makes a file without a name, that may get one") {
  umask(022);
  int f = (int)SAY(open(".", O_TMPFILE | O_RDWR, 0666));
  say_fd(f, "type mode nlink uid size");
  SAY(write(f, "abc", 3));
  say_fd_content(f);
  say_names(".");
  SAY(linkat(AT_FDCWD, "/proc/self/fd/3", AT_FDCWD, "f", AT_SYMLINK_FOLLOW));
  say_fields("f", "nlink size");
  say_content("f");
  int g = (int)SAY(open(".", O_TMPFILE | O_RDWR | O_EXCL, 0600));
  SAY(write(g, "abc", 3));
  SAY(linkat(g, "", AT_FDCWD, "g", AT_EMPTY_PATH));
  SAY(open(".", O_TMPFILE | O_RDONLY, 0600));
  SAY(open("f", O_TMPFILE | O_RDWR, 0600));
  SAY(open("none", O_TMPFILE | O_RDWR, 0600));
  AS(1001, 1001);
  SAY(open(".", O_TMPFILE | O_RDWR, 0600));
}

CASE(orphan_tmpfile_group, "open(2)",
  "O_TMPFILE in a set-group-ID directory, and with a default list") {
  MUST(mkdir("d", 0777));
  MUST(chown("d", 0, 2005));
  MUST(chmod("d", 02777));
  AS(1001, 2001);
  int f = (int)SAY(open("d", O_TMPFILE | O_RDWR, 0640));
  say_fd(f, "mode uid gid");
  SAY(linkat(f, "", AT_FDCWD, "d/f", AT_EMPTY_PATH));
  AS_ROOT();
  SAY(linkat(f, "", AT_FDCWD, "d/f", AT_EMPTY_PATH));
  say_fields("d/f", "mode uid gid nlink");
}

static const char *const EVENTS[] = {"access", "modify", "attrib", "close_write", "close_nowrite",
  "open", "moved_from", "moved_to", "create", "delete", "delete_self", "move_self"};

static void say_events(const char *after, int notices) {
  char bytes[8192], text[1000] = "";
  size_t used = 0;
  struct pollfd ready = {.fd = notices, .events = POLLIN};
  while (poll(&ready, 1, 0) > 0) {
    ssize_t count = MUST(read(notices, bytes, sizeof bytes));
    for (ssize_t at = 0; at < count && used < 500;) {
      const struct inotify_event *event = (const void *)(bytes + at);
      for (int bit = 0; bit < 12; bit++) {
        if (event->mask >> bit & 1) used += (size_t)sprintf(text + used, " %s", EVENTS[bit]);
      }
      if (event->mask & IN_ISDIR) used += (size_t)sprintf(text + used, "/");
      if (event->mask & IN_IGNORED) used += (size_t)sprintf(text + used, " ignored");
      if (event->len) used += (size_t)sprintf(text + used, "(%.20s)", event->name);
      at += (ssize_t)(sizeof *event + event->len);
    }
  }
  say("%s:%s", after, text);
}

CASE(notice_directory, "inotify(7)", "what happens in a directory is told") {
  MUST(mkdir("d", 0755));
  int notices = (int)MUST(inotify_init1(IN_NONBLOCK));
  SAY(inotify_add_watch(notices, "d", IN_ALL_EVENTS));
  int f = make_open("d/f", "abc");
  say_events("a new file", notices);
  MUST(close(f));
  say_events("its close", notices);
  MUST(rename("d/f", "d/g"));
  say_events("a rename", notices);
  MUST(chmod("d/g", 0600));
  say_events("a chmod", notices);
  MUST(link("d/g", "d/h"));
  say_events("a link", notices);
  MUST(truncate("d/g", 1));
  say_events("a truncate", notices);
  MUST(unlink("d/g"));
  say_events("an unlink", notices);
  MUST(mkdir("d/e", 0755));
  MUST(rmdir("d/e"));
  say_events("a directory", notices);
  MUST(symlink("x", "d/s"));
  say_events("a symlink", notices);
  MUST(rename("d/h", "h"));
  say_events("a rename out of it", notices);
  MUST(rename("h", "d/h"));
  say_events("a rename into it", notices);
  MUST(unlink("d/h"));
  MUST(unlink("d/s"));
  say_events("unlinks", notices);
  MUST(rmdir("d"));
  say_events("its own removal", notices);
}

CASE(notice_file, "inotify(7)", "what happens to a file is told, its end when it is closed") {
  int f = make_open("f", "abc");
  int notices = (int)MUST(inotify_init1(IN_NONBLOCK));
  SAY(inotify_add_watch(notices, "f", IN_ALL_EVENTS));
  MUST(pwrite(f, "x", 1, 0));
  char byte;
  MUST(pread(f, &byte, 1, 0));
  say_events("a write and a read", notices);
  MUST(rename("f", "g"));
  say_events("a rename", notices);
  MUST(unlink("g"));
  say_events("an unlink", notices);
  MUST(close(f));
  say_events("the last close", notices);
}

CASE(other_flags, "ioctl_iflags(2)", "immutable and append-only files") {
  int f = make_open("f", "abc");
  int flags = 0;
  SAY(ioctl(f, FS_IOC_GETFLAGS, &flags));
  SAY(flags & (FS_IMMUTABLE_FL | FS_APPEND_FL));
  int immutable = flags | FS_IMMUTABLE_FL, append = flags | FS_APPEND_FL;
  if (SAY(ioctl(f, FS_IOC_SETFLAGS, &immutable)) == 0) {
    SAY(open("f", O_WRONLY));
    SAY(unlink("f"));
    SAY(chmod("f", 0600));
    SAY(link("f", "g"));
    MUST(ioctl(f, FS_IOC_SETFLAGS, &append));
    SAY(open("f", O_WRONLY));
    SAY(open("f", O_WRONLY | O_APPEND));
    SAY(truncate("f", 0));
    MUST(ioctl(f, FS_IOC_SETFLAGS, &flags));
  }
  SAY(ioctl(f, 0x12345, 0));
}

CASE(other_handles, "open_by_handle_at(2)",
  "files by handles, which outlive a rename and not the file") {
  union {
    struct file_handle handle;
    char bytes[sizeof(struct file_handle) + MAX_HANDLE_SZ];
  } place;
  int where, directory = (int)MUST(open(".", O_RDONLY));
  make("f", "abc");
  place.handle.handle_bytes = 0;
  SAY(name_to_handle_at(AT_FDCWD, "f", &place.handle, &where, 0));
  place.handle.handle_bytes = MAX_HANDLE_SZ;
  if (SAY(name_to_handle_at(AT_FDCWD, "f", &place.handle, &where, 0)) < 0) return;
  MUST(rename("f", "g"));
  int f = (int)SAY(open_by_handle_at(directory, &place.handle, O_RDWR));
  SAY(pwrite(f, "X", 1, 0));
  say_content("g");
  MUST(close(f));
  MUST(unlink("g"));
  SAY(open_by_handle_at(directory, &place.handle, O_RDWR));
}

CASE(other_clone, "ioctl_ficlone(2)", "ioctls of other file systems, and extents") {
  int f = make_open("f", "abc"), g = make_open("g", "");
  SAY(ioctl(g, FICLONE, f));
  long where[40] = {0, LONG_MAX, 0, 0};
  SAY(ioctl(f, FS_IOC_FIEMAP, where));
  int number = 0;
  SAY(ioctl(f, FIGETBSZ, &number));
  SAY(number);
  SAY(ioctl(f, FIONREAD, &number));
  SAY(number);
  SAY(ioctl(f, TCGETS, where));
}

CASE(other_process_death, "exit", "what a killed process wrote is there") {
  pid_t child = fork();
  if (child == 0) {
    int f = make_open("f", "");
    for (int i = 0; i < 100; i++) MUST(write(f, "0123456789", 10));
    reach(1);
    pause();
  }
  await_stage(1);
  MUST(kill(child, SIGKILL));
  join_children();
  say_fields("f", "size");
  SAY(open("f", O_RDWR));
}

CASE(other_many_processes, "open",
  "eight processes make, write, rename and remove in one directory") {
  for (int n = 0; n < 8; n++) {
    CHILD {
      char from[20], to[20];
      for (int i = 0; i < 12; i++) {
        snprintf(from, sizeof from, "from-%d-%d", n, i);
        snprintf(to, sizeof to, "to-%d", i);
        int f = make_open(from, from);
        MUST(rename(from, to));
        MUST(fsync(f));
        struct stat status;
        if (stat(to, &status) < 0) say("%s: %s", to, strerrorname_np(errno));
        MUST(close(f));
      }
    }
  }
  join_children();
  say_names(".");
}
