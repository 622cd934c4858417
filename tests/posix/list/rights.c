/* chmod, chown, access, umask, setuid bits, groups. */

#include "list.h"

CASE(right_chmod, "chmod", "all twelve bits, for the owner and root only") {
  make("f", "");
  MUST(mkdir("d", 0755));
  MUST(symlink("f", "s"));
  age("f");
  SAY(chmod("f", 0));
  say_times("a chmod", "f");
  say_fields("f", "mode");
  SAY(chmod("f", 07777));
  say_fields("f", "mode");
  SAY(chmod("d", 01777));
  say_fields("d", "mode");
  SAY(chmod("s", 0640));
  say_fields("f", "mode");
  say_fields("s", "mode");
  SAY(chmod("none", 0));
  SAY(chmod("f/x", 0));
  SAY(chmod("", 0));
  SAY(chmod("f", 0200644)); /* Bits beyond are left out. */
  say_fields("f", "type mode");
  AS(1001, 1001);
  SAY(chmod("f", 0777));
  SAY(chmod("d", 0777));
}

CASE(right_fchmod, "fchmod", "by descriptor, and by fchmodat") {
  make("f", "");
  MUST(symlink("f", "s"));
  int f = (int)MUST(open("f", O_RDONLY));
  SAY(fchmod(f, 0600));
  say_fields("f", "mode");
  SAY(fchmod(99, 0600));
  SAY(fchmodat(AT_FDCWD, "s", 0640, 0));
  SAY(syscall(452 /* fchmodat2 */, AT_FDCWD, "s", 0644, AT_SYMLINK_NOFOLLOW));
  SAY(syscall(452, f, "", 0604, AT_EMPTY_PATH));
  say_fields("f", "mode");
  MUST(unlink("f"));
  SAY(fchmod(f, 0711));
  say_fd(f, "mode nlink");
}

CASE(right_chmod_group, "chmod", "S_ISGID goes when the owner is not of the file's group") {
  make("f", "");
  MUST(chown("f", 1001, 2002));
  MUST(mkdir("d", 0755));
  MUST(chown("d", 1001, 2002));
  AS(1001, 2001);
  SAY(chmod("f", 02755));
  say_fields("f", "mode");
  SAY(chmod("d", 02755));
  say_fields("d", "mode");
  AS(1001, 2001, 2002);
  SAY(chmod("f", 06755));
  say_fields("f", "mode");
  SAY(chmod("f", 01644)); /* Linux lets anybody set the sticky bit of a file. */
  say_fields("f", "mode");
}

CASE(right_chown, "chown", "root gives anything away, -1 keeps") {
  make("f", "");
  MUST(symlink("f", "s"));
  age("f");
  SAY(chown("f", 12, 34));
  say_times("a chown", "f");
  say_fields("f", "uid gid");
  age("f");
  SAY(chown("f", -1, 35));
  SAY(chown("f", 13, -1));
  SAY(chown("f", -1, -1));
  say_fields("f", "uid gid");
  age("f");
  SAY(chown("f", -1, -1));
  say_times("a chown to nothing", "f");
  SAY(lchown("s", 7, 8));
  say_fields("s", "uid gid");
  say_fields("f", "uid gid");
  SAY(chown("s", 9, 10));
  say_fields("f", "uid gid");
  SAY(fchown((int)MUST(open("f", O_RDONLY)), 4000000000u, 4000000001u));
  say_fields("f", "uid gid");
  SAY(fchownat(AT_FDCWD, "", 1, 1, 0));
  SAY(fchownat(3, "", 1, 1, AT_EMPTY_PATH));
  SAY(fchownat(3, "", 1, 1, 77));
  SAY(chown("none", 1, 1));
  say_fields("f", "uid gid");
}

CASE(right_chown_user, "chown", "an owner changes the group to one of their own only") {
  make("f", "");
  MUST(chown("f", 1001, 2001));
  AS(1001, 2001, 2002, 2003);
  SAY(chown("f", -1, 2003));
  say_fields("f", "uid gid");
  SAY(chown("f", -1, 2004));
  SAY(chown("f", 1002, -1));
  SAY(chown("f", 1001, 2002));
  SAY(chown("f", -1, -1));
  say_fields("f", "uid gid");
  AS(1002, 2001);
  SAY(chown("f", -1, 2001));
  SAY(chown("f", -1, -1));
  SAY(chown("f", 1001, -1));
}

CASE(right_chown_clears, "chown", "set-user-ID and set-group-ID go with the owner") {
  const mode_t modes[] = {06755, 04755, 02755, 02644, 06711, 07777};
  for (int i = 0; i < 6; i++) {
    make("f", "");
    MUST(chown("f", 1001, 2001));
    MUST(chmod("f", modes[i]));
    AS(1001, 2001, 2002);
    MUST(chown("f", -1, 2002));
    AS_ROOT();
    say_fields("f", "mode");
    MUST(chmod("f", modes[i]));
    MUST(chown("f", 1002, -1));
    say_fields("f", "mode");
    MUST(chmod("f", modes[i]));
    MUST(chown("f", -1, -1));
    say_fields("f", "mode");
    MUST(unlink("f"));
  }
  MUST(mkdir("d", 0755));
  MUST(chmod("d", 07777));
  SAY(chown("d", 12, 34));
  say_fields("d", "mode");
}

CASE(right_write_clears, "write", "set-user-ID and set-group-ID go when others write") {
  const mode_t modes[] = {06777, 04777, 02777, 02666, 06666};
  for (int i = 0; i < 5; i++) {
    int f = make_open("f", "abc");
    MUST(chmod("f", modes[i]));
    MUST(write(f, "x", 1));
    say_fields("f", "mode"); /* Root may. */
    AS(1001, 1001);
    MUST(write(f, "x", 1));
    say_fields("f", "mode");
    AS_ROOT();
    MUST(chmod("f", modes[i]));
    AS(1001, 1001);
    MUST(truncate("f", 2));
    say_fields("f", "mode");
    AS_ROOT();
    MUST(chmod("f", modes[i]));
    AS(1001, 1001);
    MUST(open("f", O_WRONLY | O_TRUNC));
    say_fields("f", "mode");
    AS_ROOT();
    MUST(chmod("f", modes[i]));
    AS(1001, 1001);
    MUST(fallocate(f, 0, 0, 100));
    say_fields("f", "mode");
    AS_ROOT();
    MUST(unlink("f"));
    MUST(close(f));
  }
}

CASE(right_set_group_directory, "mkdir", "what is made in a set-group-ID directory has its group") {
  MUST(mkdir("d", 0777));
  MUST(chown("d", 0, 2005));
  MUST(chmod("d", 02777));
  AS(1001, 2001);
  make("d/f", "");
  SAY(mkdir("d/e", 0755));
  SAY(mkfifo("d/p", 0644));
  SAY(symlink("x", "d/s"));
  SAY(close(open("d/g", O_RDWR | O_CREAT, 02775))); /* Not of that group: the bit goes. */
  SAY(close(open("d/h", O_RDWR | O_CREAT, 02644)));
  EACH(name, "d/f", "d/e", "d/p", "d/s", "d/g", "d/h") {
    say_fields(*name, "mode uid gid");
  }
  SAY(mkdir("d/e/deep", 0755));
  say_fields("d/e/deep", "mode gid");
  AS(1001, 2001, 2005);
  SAY(close(open("d/i", O_RDWR | O_CREAT, 02775)));
  say_fields("d/i", "mode gid");
}

CASE(right_access, "access", "what the real user may, or with AT_EACCESS the effective one") {
  make("f", "");
  MUST(chown("f", 1001, 2001));
  MUST(chmod("f", 0640));
  SAY(access("f", R_OK | W_OK));
  SAY(access("f", X_OK)); /* Not even root, where nobody may. */
  SAY(access("none", F_OK));
  SAY(access("f", 0100));
  SAY(access("f/x", F_OK));
  AS(1001, 3001);
  SAY(access("f", R_OK | W_OK));
  SAY(access("f", X_OK));
  AS(1002, 2001);
  SAY(access("f", R_OK));
  SAY(access("f", W_OK));
  AS(1002, 3001, 2000, 2001);
  SAY(access("f", R_OK));
  AS(1002, 3001);
  SAY(access("f", F_OK));
  SAY(access("f", R_OK));
  MUST(setresuid(0, 1002, 0));
  SAY(faccessat(AT_FDCWD, "f", R_OK, 0));
  SAY(faccessat(AT_FDCWD, "f", R_OK, AT_EACCESS));
  MUST(setresuid(1002, 0, 0));
  SAY(faccessat(AT_FDCWD, "f", R_OK, 0));
  SAY(faccessat(AT_FDCWD, "f", R_OK, AT_EACCESS));
  AS_ROOT();
  MUST(chmod("f", 0001));
  SAY(access("f", X_OK));
}

CASE(right_classes, "file access permissions",
  "owner, group and others: the first that fits decides") {
  make("f", "abc");
  MUST(chown("f", 1001, 2001));
  for (int class = 0; class < 3; class++) {
    MUST(chmod("f", (mode_t)(0777 & ~(7 << (6 - 3 * class)))));
    AS(1001, 2001);
    SAY(access("f", R_OK));
    AS(1002, 2001);
    SAY(access("f", R_OK));
    AS(1002, 2002, 2001);
    SAY(open("f", O_RDWR) >= 0 ? 0 : -1);
    AS(1002, 2002);
    SAY(open("f", O_RDWR) >= 0 ? 0 : -1);
    AS_ROOT();
  }
}

CASE(right_many_groups, "getgroups", "thirty supplementary groups count") {
  make("f", "abc");
  MUST(chown("f", 0, 3029));
  MUST(chmod("f", 0060));
  AS(1001, 2001, 3000, 3001, 3002, 3003, 3004, 3005, 3006, 3007, 3008, 3009, 3010, 3011, 3012,
    3013, 3014, 3015, 3016, 3017, 3018, 3019, 3020, 3021, 3022, 3023, 3024, 3025, 3026, 3027, 3029);
  SAY(open("f", O_RDWR));
  AS(1001, 2001, 3028);
  SAY(open("f", O_RDWR));
}

CASE(right_new_owner, "open", "what a user makes belongs to the effective user and group") {
  MUST(chmod(".", 0777));
  AS(1001, 2001, 2002);
  make("f", "abc");
  SAY(mkdir("d", 0700));
  SAY(symlink("f", "s"));
  say_fields("f", "uid gid mode");
  say_fields("d", "uid gid mode");
  say_fields("s", "uid gid");
  AS(1002, 2002);
  SAY(open("d/x", O_RDWR | O_CREAT, 0644));
  SAY(open("f", O_RDWR));
  SAY(unlink("f"));
}

CASE(right_umask, "umask", "bits of the umask are not given") {
  SAY(umask(077));
  SAY(umask(01777));
  umask(077);
  make("f", "");
  MUST(mkdir("d", 0777));
  MUST(mkfifo("p", 0666));
  MUST(symlink("x", "s"));
  MUST(mknod("n", 0666, 0));
  EACH(name, "f", "d", "p", "s", "n") {
    say_fields(*name, "mode");
  }
}

CASE(right_execute, "exec", "only what may be executed is") {
  int f = make_open("script", "#!/bin/sh\nexit 7\n");
  MUST(close(f));
  SAY(execl("script", "script", NULL));
  MUST(chmod("script", 0755));
  int status;
  if (fork() == 0) _exit(execl("./script", "./script", NULL));
  MUST(wait(&status));
  SAY(WEXITSTATUS(status));
  MUST(chmod("script", 0711)); /* The interpreter must read it. */
  if (fork() == 0) {
    AS(1001, 1001);
    _exit(execl("./script", "./script", NULL) ? errno : 0);
  }
  MUST(wait(&status));
  SAY(WEXITSTATUS(status) != 0);
  MUST(truncate("script", 0));
  SAY(execl("./script", "./script", NULL));
  MUST(mkdir("d", 0755));
  SAY(execl("d", "d", NULL));
}

CASE(right_set_user, "exec", "set-user-ID programs run as their owner") {
  int to = copy_program("/usr/bin/id", "id");
  MUST(close(to));
  MUST(chown("id", 1003, 2003));
  MUST(chmod("id", 06755));
  int ends[2], status;
  MUST(pipe(ends));
  if (fork() == 0) {
    MUST(setresgid(1001, 1001, 1001));
    MUST(setresuid(1001, 1001, 1001));
    dup2(ends[1], 1);
    execl("id", "id", "-u", NULL);
    _exit(1);
  }
  MUST(wait(&status));
  char bytes[100];
  bytes[MUST(read(ends[0], bytes, sizeof bytes)) - 1] = 0;
  say("it is %s", bytes);
}
