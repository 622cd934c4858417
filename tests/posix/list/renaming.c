/* rename, renameat, renameat2. */

#include "list.h"

CASE(rename_file, "rename", "the new name is the old file; what was there is gone") {
  make("a", "aaa");
  make("b", "bbb");
  int b = (int)MUST(open("b", O_RDONLY));
  age("a");
  SAY(rename("a", "b"));
  say_times("a rename", "b");
  say_names(".");
  say_content("b");
  say_fd(b, "nlink");
  say_fd_content(b);
  SAY(rename("b", "c"));
  SAY(rename("b", "d"));
  SAY(rename("c", "c"));
  SAY(rename("c", ""));
  SAY(rename("", "c"));
  say_names(".");
}

CASE(rename_same_file, "rename", "two names of one file: nothing happens") {
  make("a", "abc");
  MUST(link("a", "b"));
  SAY(rename("a", "b"));
  say_names(".");
  say_fields("a", "nlink");
}

CASE(rename_directories, "rename", "directories replace empty directories only") {
  MUST(mkdir("a", 0755));
  MUST(mkdir("a/x", 0755));
  MUST(mkdir("empty", 0755));
  MUST(mkdir("full", 0755));
  make("full/f", "");
  make("f", "");
  say_fields(".", "nlink");
  SAY(rename("a", "full"));
  SAY(rename("a", "f"));
  SAY(rename("f", "a"));
  SAY(rename("a", "empty"));
  say_fields(".", "nlink");
  say_names("empty");
  SAY(rename("empty", "empty/x/y"));
  SAY(rename("empty", "empty/y"));
  SAY(rename("empty/x", "empty"));
  SAY(rename("empty", "."));
  SAY(rename(".", "z"));
  SAY(rename("..", "z"));
  SAY(rename("empty/.", "z"));
  SAY(rename("empty/", "full2/"));
  SAY(rename("f", "g/"));
  SAY(rename("f/", "g"));
  SAY(rename("full2", "none/x"));
  SAY(rename("full2", "f/x"));
  say_names(".");
}

CASE(rename_moves, "rename", "a directory that moves has another .. and counts elsewhere") {
  MUST(mkdir("a", 0755));
  MUST(mkdir("b", 0755));
  MUST(mkdir("a/d", 0755));
  make("b/mark", "");
  say_fields("a", "nlink");
  age("a/d");
  SAY(rename("a/d", "b/d"));
  say_times("a move", "b/d");
  say_fields("a", "nlink");
  say_fields("b", "nlink");
  SAY(access("b/d/../mark", F_OK));
  struct stat parent, up;
  MUST(stat("b", &parent));
  MUST(stat("b/d/..", &up));
  SAY(parent.st_ino == up.st_ino);
  MUST(mkdir("a/d", 0755));
  SAY(rename("a/d", "b/d"));
  say_fields("b", "nlink");
  say_names("b");
}

CASE(rename_times, "rename", "times of both directories change, and of what is replaced") {
  MUST(mkdir("a", 0755));
  MUST(mkdir("b", 0755));
  make("a/f", "");
  make("a/g", "");
  make("b/f", "");
  MUST(link("b/f", "other"));
  age("a");
  SAY(rename("a/f", "b/f"));
  say_times("a rename out of it", "a");
  age("other");
  SAY(rename("a/g", "b/f"));
  say_times("another name's replacement", "other");
  make("a/h", "");
  age("b");
  SAY(rename("a/h", "b/h"));
  say_times("a rename into it", "b");
  age("b/h");
  SAY(rename("b/h", "b/i"));
  say_times("a rename", "b/i");
}

CASE(rename_links, "rename", "symbolic links are renamed and replaced themselves") {
  make("f", "abc");
  MUST(mkdir("d", 0755));
  MUST(symlink("f", "s"));
  MUST(symlink("d", "t"));
  SAY(rename("s", "u"));
  say_fields("u", "type");
  SAY(rename("f", "u"));
  say_fields("u", "type");
  SAY(rename("d", "t"));
  SAY(rename("t", "d"));
  SAY(rename("u", "t/u"));
  say_names(".");
  say_names("d");
}

CASE(rename_open, "rename", "what is open stays open, the replaced too") {
  int a = make_open("a", "aaa");
  int b = make_open("b", "bbb");
  SAY(rename("a", "b"));
  SAY(pwrite(a, "1", 1, 0));
  SAY(pwrite(b, "2", 1, 0));
  say_content("b");
  say_fd_content(b);
  say_fd(b, "nlink size");
  MUST(mkdir("d", 0755));
  int d = (int)MUST(open("d", O_RDONLY));
  SAY(rename("d", "e"));
  SAY(openat(d, "f", O_RDWR | O_CREAT, 0644));
  say_names("e");
}

CASE(rename_sticky, "rename", "in a sticky directory only owners rename and remove") {
  MUST(mkdir("d", 0777));
  MUST(chmod("d", 01777));
  make("d/root", "");
  make("d/mine", "");
  make("d/other", "");
  MUST(chown("d/mine", 1001, 1001));
  MUST(chown("d/other", 1002, 1002));
  MUST(mkdir("e", 0777));
  AS(1001, 1001);
  SAY(unlink("d/root"));
  SAY(rename("d/other", "d/x"));
  SAY(rename("d/mine", "d/other"));
  SAY(rename("d/other", "d/mine"));
  SAY(rename("d/other", "e/other"));
  SAY(rename("d/mine", "d/x"));
  SAY(rename("d/x", "e/x"));
  SAY(unlink("e/x"));
  AS_ROOT();
  MUST(chown("d", 1002, 1002));
  AS(1002, 1002);
  SAY(unlink("d/root")); /* The owner of the directory may. */
  SAY(unlink("d/other"));
  say_names("d");
}

CASE(rename_rights, "rename", "both directories must be writable; a directory that moves too") {
  MUST(mkdir("mine", 0755));
  MUST(chown("mine", 1001, 1001));
  MUST(mkdir("closed", 0755));
  MUST(mkdir("open", 0777));
  make("mine/f", "");
  make("closed/f", "");
  MUST(mkdir("mine/d", 0755)); /* Root's: its .. may not be changed. */
  MUST(mkdir("mine/e", 0755));
  MUST(chown("mine/e", 1001, 1001));
  AS(1001, 1001);
  SAY(rename("mine/f", "closed/g"));
  SAY(rename("closed/f", "mine/g"));
  SAY(rename("closed/f", "closed/g"));
  SAY(rename("mine/f", "open/f"));
  SAY(rename("mine/d", "open/d"));
  SAY(rename("mine/d", "mine/d2"));
  SAY(rename("mine/e", "open/e"));
  say_names("open");
}

CASE(rename_noreplace, "renameat2(2)", "RENAME_NOREPLACE fails with EEXIST where a name is") {
  make("a", "a");
  make("b", "b");
  MUST(mkdir("d", 0755));
  SAY(renameat2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_NOREPLACE));
  SAY(renameat2(AT_FDCWD, "a", AT_FDCWD, "d", RENAME_NOREPLACE));
  SAY(renameat2(AT_FDCWD, "a", AT_FDCWD, "a", RENAME_NOREPLACE));
  SAY(renameat2(AT_FDCWD, "none", AT_FDCWD, "b", RENAME_NOREPLACE));
  SAY(renameat2(AT_FDCWD, "a", AT_FDCWD, "d/a", RENAME_NOREPLACE));
  SAY(renameat2(AT_FDCWD, "b", AT_FDCWD, "c", 1 << 7));
  SAY(renameat2(AT_FDCWD, "b", AT_FDCWD, "c", RENAME_NOREPLACE | RENAME_EXCHANGE));
  SAY(renameat2(99, "b", AT_FDCWD, "c", 0));
  say_names(".");
  say_names("d");
}

CASE(rename_exchange, "renameat2(2)", "RENAME_EXCHANGE exchanges any two names at once") {
  make("a", "aaa");
  MUST(mkdir("d", 0755));
  MUST(mkdir("d/e", 0755));
  make("d/f", "fff");
  make("d/e/deep", "");
  SAY(renameat2(AT_FDCWD, "a", AT_FDCWD, "d/f", RENAME_EXCHANGE));
  say_content("a");
  say_content("d/f");
  SAY(renameat2(AT_FDCWD, "a", AT_FDCWD, "d/e", RENAME_EXCHANGE));
  say_fields(".", "nlink");
  say_fields("d", "nlink");
  say_names("a");
  say_names("d");
  SAY(renameat2(AT_FDCWD, "a", AT_FDCWD, "none", RENAME_EXCHANGE));
  SAY(renameat2(AT_FDCWD, "d", AT_FDCWD, "d/f", RENAME_EXCHANGE));
  SAY(renameat2(AT_FDCWD, "d/f", AT_FDCWD, "d", RENAME_EXCHANGE));
  SAY(renameat2(AT_FDCWD, "a", AT_FDCWD, "a", RENAME_EXCHANGE));
  MUST(mkdir("x", 0755));
  MUST(mkdir("x/one", 0755));
  MUST(mkdir("y", 0755));
  SAY(renameat2(AT_FDCWD, "x/one", AT_FDCWD, "y", RENAME_EXCHANGE));
  struct stat parent, up;
  MUST(stat("x", &parent));
  MUST(stat("x/one/..", &up));
  SAY(parent.st_ino == up.st_ino);
}

CASE(rename_whiteout, "renameat2(2)", "RENAME_WHITEOUT leaves a device of number 0 behind") {
  make("a", "aaa");
  SAY(renameat2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_WHITEOUT));
  say_fields("a", "type mode rdev");
  say_content("b");
  make("c", "c");
  SAY(renameat2(AT_FDCWD, "b", AT_FDCWD, "c", RENAME_WHITEOUT | RENAME_NOREPLACE));
  say_names(".");
}

CASE(rename_race, "rename", "a name that is replaced is never missing") {
  make("f", "0");
  CHILD {
    char name[20];
    for (int i = 0; i < 60; i++) {
      snprintf(name, sizeof name, "new-%d", i);
      make(name, "1");
      MUST(rename(name, "f"));
    }
    reach(1);
  }
  int missing = 0, looks = 0;
  for (struct stat status; looks < 10000 && waitpid(-1, NULL, WNOHANG) == 0; looks++) {
    if (stat("f", &status) < 0) missing++;
  }
  SAY(missing);
}

CASE(rename_deep, "rename", "a tree of directories moves as a whole, and its inodes stay") {
  char path[400] = "t";
  MUST(mkdir("t", 0755));
  for (int i = 0; i < 30; i++) {
    snprintf(path + strlen(path), sizeof path - strlen(path), "/d%d", i);
    MUST(mkdir(path, 0755));
  }
  struct stat before, after;
  MUST(stat(path, &before));
  SAY(rename("t", "u"));
  path[0] = 'u';
  SAY(stat(path, &after));
  SAY(before.st_ino == after.st_ino);
  SAY(chdir(path));
  char here[1000];
  SAY(getcwd(here, sizeof here) ? 0 : -1);
  say("%s", strstr(here, "/u/d0/d1/"));
}
