/* open, creat, openat, close, and what descriptors allow. */

#include "list.h"

CASE(open_missing, "open", "ENOENT without O_CREAT, for an empty path, and below what is missing") {
  SAY(open("none", O_RDONLY));
  SAY(open("", O_RDONLY));
  SAY(open("none/f", O_RDWR | O_CREAT, 0644));
  SAY(open("", O_RDWR | O_CREAT, 0644));
}

CASE(open_create_mode, "open", "a new file has the mode less the umask, and its maker's owner") {
  umask(027);
  SAY(open("a", O_RDONLY | O_CREAT, 0777));
  say_fields("a", "type mode nlink uid gid size blocks");
  umask(0777);
  SAY(open("b", O_WRONLY | O_CREAT, 0666));
  say_fields("b", "mode");
  SAY(write(4, "abc", 3)); /* What it may not be opened for again may be written now. */
  umask(0);
  SAY(open("c", O_RDWR | O_CREAT, 07777));
  say_fields("c", "mode");
}

CASE(open_create_existing, "open", "O_CREAT opens what exists and leaves its mode") {
  make("f", "abc");
  SAY(open("f", O_RDWR | O_CREAT, 0600));
  say_fields("f", "mode size");
}

CASE(open_exclusive, "open", "O_CREAT and O_EXCL fail with EEXIST for every kind of name") {
  make("f", "");
  MUST(mkdir("d", 0755));
  MUST(symlink("none", "dangling"));
  MUST(mkfifo("p", 0644));
  SAY(open("f", O_RDWR | O_CREAT | O_EXCL, 0644));
  SAY(open("d", O_RDWR | O_CREAT | O_EXCL, 0644));
  SAY(open("dangling", O_RDWR | O_CREAT | O_EXCL, 0644));
  SAY(open("p", O_RDWR | O_CREAT | O_EXCL, 0644));
  SAY(open("new", O_RDWR | O_CREAT | O_EXCL, 0644));
  say_names(".");
}

CASE(open_create_through_link, "open", "O_CREAT makes the file that a dangling link names") {
  MUST(symlink("target", "link"));
  SAY(open("link", O_RDWR | O_CREAT, 0640));
  say_fields("target", "type mode");
  say_fields("link", "type");
}

CASE(open_truncate, "open", "O_TRUNC empties a file, changes its times, and keeps mode and owner") {
  make("f", "abcdef");
  MUST(chown("f", 12, 34));
  MUST(chmod("f", 06755));
  age("f");
  SAY(open("f", O_WRONLY | O_TRUNC));
  say_fields("f", "mode uid gid size blocks");
  say_times("O_TRUNC", "f");
  age("f");
  SAY(open("f", O_RDONLY | O_TRUNC)); /* Undefined by POSIX; Linux truncates. */
  say_times("O_TRUNC of an empty file", "f");
}

CASE(open_truncate_needs_write, "open",
  "O_TRUNC fails with EACCES where the file may not be written") {
  make("f", "abc");
  AS(1001, 1001);
  SAY(open("f", O_RDONLY | O_TRUNC));
  SAY(open("f", O_WRONLY | O_TRUNC));
  say_fields("f", "size");
}

CASE(open_append, "open", "O_APPEND writes at the end, whoever writes beside it") {
  int f = make_open("f", "abc");
  int a = (int)SAY(open("f", O_WRONLY | O_APPEND));
  SAY(write(a, "1", 1));
  SAY(pwrite(f, "XYZ", 3, 4));
  SAY(write(a, "2", 1));
  SAY(lseek(a, 0, SEEK_CUR));
  SAY(lseek(a, 0, SEEK_SET));
  SAY(write(a, "3", 1));
  SAY(pwrite(a, "4", 1, 0)); /* Linux appends all the same. */
  SAY(lseek(a, 0, SEEK_CUR));
  say_content("f");
}

CASE(open_append_many, "write", "with O_APPEND no write of another process is overwritten") {
  make("f", "");
  for (int n = 0; n < 4; n++) {
    CHILD {
      int a = (int)MUST(open("f", O_WRONLY | O_APPEND));
      for (int i = 0; i < 25; i++) MUST(write(a, "0123456789", 10));
    }
  }
  join_children();
  say_fields("f", "size");
}

CASE(open_directory, "open",
  "a directory is opened for reading only, and is neither read nor written") {
  MUST(mkdir("d", 0755));
  SAY(open("d", O_RDONLY));
  SAY(open("d", O_WRONLY));
  SAY(open("d", O_RDWR));
  SAY(open("d", O_RDONLY | O_CREAT, 0644));
  SAY(open("d", O_RDONLY | O_TRUNC));
  SAY(open("d/", O_RDONLY));
  char byte;
  SAY(read(3, &byte, 1));
  SAY(pread(3, &byte, 1, 0));
  SAY(write(3, "x", 1));
  SAY(ftruncate(3, 0));
  SAY(mmap(NULL, 4096, PROT_READ, MAP_SHARED, 3, 0) == MAP_FAILED ? -1 : 0);
  SAY(fsync(3));
  SAY(fdatasync(3));
}

CASE(open_o_directory, "open", "O_DIRECTORY fails with ENOTDIR for what is none") {
  make("f", "");
  MUST(mkdir("d", 0755));
  MUST(symlink("d", "to-d"));
  MUST(symlink("f", "to-f"));
  SAY(open("f", O_RDONLY | O_DIRECTORY));
  SAY(open("to-f", O_RDONLY | O_DIRECTORY));
  SAY(open("to-d", O_RDONLY | O_DIRECTORY));
  SAY(open("to-d", O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  SAY(open("d", O_RDONLY | O_DIRECTORY | O_CREAT, 0755));
  SAY(open("new", O_RDONLY | O_DIRECTORY | O_CREAT, 0755));
  say_names(".");
}

CASE(open_o_nofollow, "open",
  "O_NOFOLLOW fails with ELOOP for a link at the end of the path only") {
  MUST(mkdir("d", 0755));
  make("d/f", "abc");
  MUST(symlink("d", "dir"));
  MUST(symlink("d/f", "link"));
  SAY(open("link", O_RDONLY | O_NOFOLLOW));
  SAY(open("dir/f", O_RDONLY | O_NOFOLLOW));
  SAY(open("dir/", O_RDONLY | O_NOFOLLOW));
  SAY(open("link", O_RDONLY | O_NOFOLLOW | O_CREAT, 0644));
}

CASE(open_not_a_directory, "open", "ENOTDIR below a file, and for a file with a slash behind it") {
  make("f", "");
  MUST(symlink("f", "link"));
  SAY(open("f/x", O_RDONLY));
  SAY(open("f/x", O_RDWR | O_CREAT, 0644));
  SAY(open("f/", O_RDONLY));
  SAY(open("link/", O_RDONLY));
  SAY(open("f/.", O_RDONLY));
  SAY(open("f/..", O_RDONLY));
  SAY(open("new/", O_RDWR | O_CREAT, 0644));
}

CASE(open_access_modes, "open", "a descriptor does what its access mode allows, else EBADF") {
  make("f", "abc");
  char byte;
  int r = (int)SAY(open("f", O_RDONLY)), w = (int)SAY(open("f", O_WRONLY));
  SAY(write(r, "x", 1));
  SAY(ftruncate(r, 0));
  SAY(fallocate(r, 0, 0, 10));
  SAY(read(w, &byte, 1));
  SAY(pread(w, &byte, 1, 0));
  int neither = (int)SAY(open("f", O_ACCMODE)); /* Linux: for ioctl only. */
  SAY(read(neither, &byte, 1));
  SAY(write(neither, "x", 1));
  SAY(fcntl(r, F_GETFL) & O_ACCMODE);
  SAY(fcntl(w, F_GETFL) & O_ACCMODE);
}

CASE(open_flags_kept, "fcntl", "F_GETFL tells the status flags, F_SETFL changes some of them") {
  int f = make_open("f", "abc");
  SAY(fcntl(f, F_GETFL) & ~O_LARGEFILE);
  SAY(fcntl(f, F_SETFL, O_APPEND | O_NONBLOCK | O_EXCL));
  SAY(fcntl(f, F_GETFL) & ~O_LARGEFILE);
  SAY(pwrite(f, "d", 1, 0));
  SAY(fcntl(f, F_SETFL, 0));
  SAY(pwrite(f, "X", 1, 0));
  say_content("f");
  int s = (int)SAY(open("f", O_WRONLY | O_SYNC));
  SAY(fcntl(s, F_GETFL) & O_SYNC);
  SAY(write(s, "Y", 1));
  int d = (int)SAY(open("f", O_WRONLY | O_DSYNC));
  SAY(write(d, "Z", 1));
  say_content("f");
}

CASE(open_noatime, "open(2)", "O_NOATIME leaves the access time, and is for the owner only") {
  make("f", "abc");
  MUST(chmod("f", 0666));
  char byte;
  age("f");
  int f = (int)SAY(open("f", O_RDONLY | O_NOATIME));
  SAY(read(f, &byte, 1));
  say_times("a read with O_NOATIME", "f");
  AS(1001, 1001);
  SAY(open("f", O_RDONLY | O_NOATIME));
}

CASE(open_rights, "open", "EACCES by the mode of the file, of its directory and on the way to it") {
  MUST(mkdir("closed", 0700));
  make("closed/f", "");
  make("f", "abc");
  make("secret", "abc");
  MUST(chmod("secret", 0600));
  AS(1001, 1001);
  SAY(open("closed/f", O_RDONLY));
  SAY(open("closed/none", O_RDONLY));
  SAY(open("closed", O_RDONLY));
  SAY(open("f", O_RDONLY));
  SAY(open("f", O_RDWR));
  SAY(open("secret", O_RDONLY));
  SAY(open("new", O_RDWR | O_CREAT, 0644));
  SAY(open("f", O_RDONLY | O_CREAT, 0644));
}

CASE(open_keeps_right, "open",
  "rights are asked at open: a later change of mode takes nothing away") {
  make("f", "abc");
  MUST(chmod("f", 0666));
  AS(1001, 1001);
  int f = (int)SAY(open("f", O_RDWR));
  AS_ROOT();
  MUST(chmod("f", 0));
  AS(1001, 1001);
  SAY(pwrite(f, "x", 1, 0));
  say_fd_content(f);
  SAY(open("f", O_RDONLY));
}

CASE(open_at, "open", "openat begins at a directory's descriptor") {
  MUST(mkdir("d", 0755));
  make("d/f", "abc");
  make("g", "");
  int d = (int)MUST(open("d", O_RDONLY | O_DIRECTORY)), g = (int)MUST(open("g", O_RDONLY));
  SAY(openat(d, "f", O_RDONLY));
  SAY(openat(d, "new", O_RDWR | O_CREAT, 0600));
  SAY(openat(d, "../g", O_RDONLY));
  SAY(openat(d, ".", O_RDONLY));
  SAY(openat(d, "", O_RDONLY));
  SAY(openat(g, "f", O_RDONLY));
  SAY(openat(99, "f", O_RDONLY));
  SAY(openat(99, "/", O_RDONLY));
  MUST(rename("d", "e"));
  SAY(openat(d, "f", O_RDONLY));
  say_names("e");
}

CASE(open_path, "open(2)", "O_PATH names a file without opening it") {
  make("f", "abc");
  MUST(chmod("f", 0));
  MUST(symlink("f", "link"));
  AS(1001, 1001);
  int p = (int)SAY(open("f", O_PATH));
  char byte;
  SAY(read(p, &byte, 1));
  SAY(write(p, "x", 1));
  SAY(fchmod(p, 0644));
  SAY(ftruncate(p, 0));
  say_fd(p, "type mode size");
  int l = (int)SAY(open("link", O_PATH | O_NOFOLLOW));
  say_fd(l, "type");
  char target[10];
  SAY(readlinkat(l, "", target, sizeof target));
  SAY(fcntl(p, F_GETFL) & O_PATH ? 1 : 0);
  AS_ROOT();
  SAY(linkat(p, "", AT_FDCWD, "other", AT_EMPTY_PATH));
  say_fields("other", "nlink");
}

CASE(open_path_of_removed, "open(2)", "O_PATH holds a file whose names are gone") {
  make("f", "abc");
  MUST(mkdir("d", 0755));
  int f = (int)MUST(open("f", O_PATH)), d = (int)MUST(open("d", O_PATH));
  MUST(unlink("f"));
  MUST(rmdir("d"));
  say_fd(f, "type nlink size");
  say_fd(d, "type nlink");
  SAY(open("/proc/self/fd/3", O_RDWR));
  SAY(openat(d, "x", O_RDWR | O_CREAT, 0644));
}

CASE(open_special, "open", "FIFOs and devices are opened as what they are") {
  MUST(mkfifo("p", 0644));
  SAY(open("p", O_WRONLY | O_NONBLOCK));
  SAY(open("p", O_RDONLY | O_NONBLOCK));
  SAY(open("p", O_WRONLY | O_NONBLOCK));
  SAY(write(4, "abc", 3));
  char bytes[4];
  SAY(read(3, bytes, 4));
  SAY(lseek(3, 0, SEEK_CUR));
  MUST(mknod("s", S_IFSOCK | 0644, 0));
  SAY(open("s", O_RDWR));
}

CASE(open_creat, "creat", "creat is open for writing with O_CREAT and O_TRUNC") {
  make("f", "abc");
  int f = (int)SAY(creat("f", 0600));
  char byte;
  SAY(read(f, &byte, 1));
  say_fields("f", "mode size");
  SAY(creat("g", 0400));
  SAY(write(4, "abc", 3));
  say_fields("g", "mode size");
}

CASE(open_changes_times, "open",
  "making a file changes the times of its directory, opening one none") {
  MUST(mkdir("d", 0755));
  age("d");
  make("d/f", "");
  say_times("a new name", "d");
  age("d");
  close((int)MUST(open("d/f", O_RDWR | O_CREAT, 0644)));
  say_times("a name that is there", "d");
  age("d/f");
  close((int)MUST(open("d/f", O_RDWR | O_CREAT, 0644)));
  say_times("an open", "d/f");
}

CASE(open_limit, "open", "EMFILE when a process has as many descriptors as it may") {
  make("f", "");
  MUST(setrlimit(RLIMIT_NOFILE, &(struct rlimit){8, 8}));
  for (int i = 0; i < 6; i++) SAY(open("f", O_RDONLY));
  SAY(open("new", O_RDWR | O_CREAT, 0644));
  say_names(".");
  SAY(close(5));
  SAY(open("f", O_RDONLY));
}

CASE(open_executing, "open", "ETXTBSY for writing what runs, and for running what is written") {
  int to = copy_program("/bin/true", "true");
  SAY(execl("true", "true", NULL));
  SAY(close(to));
  pid_t child = fork();
  if (child == 0) {
    execl("true", "true", NULL);
    _exit(errno);
  }
  int status;
  MUST(waitpid(child, &status, 0));
  say("it runs and ends with %d", status);
  MUST(chmod("true", 0644));
  SAY(execl("true", "true", NULL));
}

CASE(open_running, "open", "ETXTBSY while a program runs, which can be renamed and removed") {
  int to = copy_program("/bin/sleep", "sleep");
  MUST(close(to));
  int ends[2];
  MUST(pipe2(ends, O_CLOEXEC));
  pid_t child = fork();
  if (child == 0) {
    execl("sleep", "sleep", "60", NULL);
    _exit(1);
  }
  close(ends[1]);
  char byte;
  MUST(read(ends[0], &byte, 1)); /* Ends when the program has begun. */
  SAY(open("sleep", O_WRONLY));
  SAY(open("sleep", O_RDWR | O_TRUNC));
  SAY(truncate("sleep", 0));
  SAY(open("sleep", O_RDONLY));
  SAY(rename("sleep", "other"));
  SAY(unlink("other"));
  MUST(kill(child, SIGKILL));
}

CASE(open_close, "close", "EBADF for what is closed; dup shares position and flags") {
  int f = make_open("f", "abcdef");
  int g = (int)SAY(dup(f));
  char byte;
  SAY(read(f, &byte, 1));
  SAY(lseek(g, 0, SEEK_CUR));
  SAY(close(f));
  SAY(close(f));
  SAY(read(g, &byte, 1));
  say("read %c", byte);
  SAY(fcntl(g, F_GETFD));
  int h = (int)SAY(open("f", O_RDONLY | O_CLOEXEC));
  SAY(fcntl(h, F_GETFD));
}
