/* link, symlink, readlink, unlink, rmdir, mkdir, mknod, and how paths are resolved. */

#include "list.h"

#include <sys/sysmacros.h>

CASE(name_link, "link", "a second name for the same file") {
  make("f", "abc");
  MUST(mkdir("d", 0755));
  age("f");
  SAY(link("f", "d/g"));
  say_times("a link", "f");
  say_fields("d/g", "type nlink size");
  SAY(link("f", "d/g"));
  SAY(link("f", "f"));
  SAY(link("none", "x"));
  SAY(link("f", "none/x"));
  SAY(link("d", "e"));
  SAY(link("f", "d"));
  SAY(link("f", "x/"));
  SAY(link("f/", "x"));
  SAY(link("f", ""));
  SAY(link("", "x"));
  SAY(link("f/x", "x"));
  SAY(link("f", "f/x"));
  SAY(unlink("f"));
  say_fields("d/g", "nlink");
  say_content("d/g");
}

CASE(name_link_directory_times, "link", "the times of the directory change") {
  make("f", "");
  MUST(mkdir("d", 0755));
  age("d");
  SAY(link("f", "d/f"));
  say_times("a link", "d");
  age("d");
  SAY(unlink("d/f"));
  say_times("an unlink", "d");
  age("d");
  SAY(symlink("x", "d/s"));
  say_times("a symlink", "d");
  age("d");
  SAY(mkdir("d/e", 0755));
  say_times("a mkdir", "d");
  age("d");
  SAY(rmdir("d/e"));
  say_times("an rmdir", "d");
  age("d");
  SAY(mkfifo("d/p", 0644));
  say_times("a mkfifo", "d");
}

CASE(name_link_symlink, "link", "linkat links the link itself unless AT_SYMLINK_FOLLOW") {
  make("f", "abc");
  MUST(symlink("f", "s"));
  MUST(symlink("none", "dangling"));
  SAY(link("s", "a"));
  say_fields("a", "type nlink");
  SAY(linkat(AT_FDCWD, "s", AT_FDCWD, "b", AT_SYMLINK_FOLLOW));
  say_fields("b", "type nlink");
  SAY(linkat(AT_FDCWD, "dangling", AT_FDCWD, "c", 0));
  SAY(linkat(AT_FDCWD, "dangling", AT_FDCWD, "d", AT_SYMLINK_FOLLOW));
  SAY(linkat(AT_FDCWD, "f", AT_FDCWD, "e", 0x8000));
  SAY(linkat(99, "f", AT_FDCWD, "e", 0));
  SAY(linkat((int)MUST(open("f", O_RDONLY)), "x", AT_FDCWD, "e", 0));
  MUST(mkfifo("p", 0644));
  SAY(link("p", "q"));
  say_fields("q", "type nlink");
}

CASE(name_link_rights, "link", "EACCES by directories; Linux asks for right to the file too") {
  make("f", "abc");
  make("other", "abc");
  MUST(chown("other", 1001, 1001));
  MUST(mkdir("open", 0777));
  MUST(chmod("open", 0777));
  MUST(mkdir("closed", 0755));
  AS(1001, 1001);
  SAY(link("other", "open/a"));
  SAY(link("f", "open/b")); /* By fs.protected_hardlinks. */
  SAY(link("other", "closed/a"));
  SAY(link("other", "a"));
  say_names("open");
}

CASE(name_link_count, "link", "hundreds of names, and their count") {
  char name[20];
  make("f", "abc");
  for (int i = 0; i < 300; i++) {
    snprintf(name, sizeof name, "name-%d", i);
    MUST(link("f", name));
  }
  say_fields("f", "nlink");
  for (int i = 0; i < 300; i += 2) {
    snprintf(name, sizeof name, "name-%d", i);
    MUST(unlink(name));
  }
  say_fields("f", "nlink");
}

CASE(name_symlink, "symlink", "a link holds any text up to 4095 bytes") {
  char text[5000], target[5000];
  memset(text, 'x', sizeof text);
  say_fields(".", "nlink");
  SAY(symlink("any thing", "a"));
  say_fields("a", "type mode nlink size uid gid");
  SAY(symlink("", "b"));
  SAY(symlink("x", "a"));
  SAY(symlink("x", "none/x"));
  SAY(symlink("x", ""));
  SAY(symlink("x", "c/"));
  for (int length = 59; length <= 61; length++) {
    text[length] = 0;
    SAY(symlink(text, "s"));
    say_fields("s", "size blocks");
    SAY(readlink("s", target, sizeof target));
    SAY(strncmp(text, target, (size_t)length));
    MUST(unlink("s"));
    text[length] = 'x';
  }
  text[4095] = 0;
  SAY(symlink(text, "long"));
  say_fields("long", "size");
  SAY(readlink("long", target, sizeof target));
  SAY(strncmp(text, target, 4095));
  text[4095] = 'x', text[4096] = 0;
  SAY(symlink(text, "longer"));
}

CASE(name_readlink, "readlink",
  "the target, cut to the room there is; EINVAL for what is no link") {
  char target[100];
  make("f", "");
  MUST(symlink("abcdef", "s"));
  SAY(readlink("s", target, 100));
  SAY(readlink("s", target, 3));
  SAY(readlink("s", target, 0));
  SAY(readlink("f", target, 100));
  SAY(readlink(".", target, 100));
  SAY(readlink("none", target, 100));
  SAY(readlink("f/x", target, 100));
  SAY(readlink("s/", target, 100));
  age("s");
  SAY(readlink("s", target, 100));
  say_times("a readlink", "s");
}

CASE(name_unlink, "unlink", "names go, files with their last one") {
  make("f", "abc");
  MUST(link("f", "g"));
  MUST(mkdir("d", 0755));
  MUST(symlink("g", "s"));
  MUST(symlink("d", "to-d"));
  age("g");
  SAY(unlink("f"));
  say_times("an unlink of another name", "g");
  SAY(unlink("f"));
  SAY(unlink("d"));
  SAY(unlink("to-d/"));
  SAY(unlink("to-d"));
  SAY(unlink("s"));
  SAY(unlink("g/x"));
  SAY(unlink("g/"));
  SAY(unlink(""));
  SAY(unlink("."));
  SAY(unlink(".."));
  SAY(unlinkat(AT_FDCWD, "g", 77));
  say_names(".");
}

CASE(name_unlink_rights, "unlink", "the directory decides, not the file") {
  MUST(mkdir("open", 0777));
  MUST(mkdir("closed", 0755));
  MUST(mkdir("dark", 0666)); /* Writable, but not to be searched. */
  make("open/f", "");
  make("closed/f", "");
  make("dark/f", "");
  MUST(chmod("open/f", 0));
  MUST(chown("closed/f", 1001, 1001));
  AS(1001, 1001);
  SAY(unlink("open/f"));
  SAY(unlink("closed/f"));
  SAY(unlink("closed/none"));
  SAY(unlink("dark/f"));
}

CASE(name_mkdir, "mkdir", "a directory with two names, and the mode less the umask") {
  umask(022);
  say_fields(".", "nlink");
  SAY(mkdir("d", 0777));
  say_fields("d", "type mode nlink uid gid size");
  say_fields(".", "nlink");
  SAY(mkdir("d", 0777));
  SAY(mkdir("e/", 0700));
  SAY(mkdir("d/a/b", 0777));
  make("f", "");
  SAY(mkdir("f", 0777));
  SAY(mkdir("f/x", 0777));
  SAY(mkdir("", 0777));
  SAY(mkdir(".", 0777));
  SAY(mkdir("..", 0777));
  SAY(mkdir("d/.", 0777));
  MUST(symlink("none", "s"));
  SAY(mkdir("s", 0777));
  SAY(mkdir("s/", 0777));
  SAY(mkdir("t", 07777));
  say_fields("t", "mode");
  say_names("d");
}

CASE(name_rmdir, "rmdir", "only empty directories go; ENOTEMPTY, ENOTDIR, EINVAL, EBUSY") {
  MUST(mkdir("d", 0755));
  MUST(mkdir("d/e", 0755));
  make("f", "");
  MUST(symlink("d", "s"));
  say_fields("d", "nlink");
  SAY(rmdir("d"));
  SAY(rmdir("f"));
  SAY(rmdir("s"));
  SAY(rmdir("s/"));
  SAY(rmdir("none"));
  SAY(rmdir("f/x"));
  SAY(rmdir("d/e/."));
  SAY(rmdir("d/e/.."));
  SAY(rmdir("."));
  SAY(rmdir(".."));
  SAY(rmdir(""));
  SAY(unlinkat(AT_FDCWD, "d/e", 0));
  SAY(unlinkat(AT_FDCWD, "f", AT_REMOVEDIR));
  SAY(rmdir("d/e"));
  say_fields("d", "nlink");
  SAY(rmdir("d/"));
  say_names(".");
}

CASE(name_mknod, "mknod", "every kind of file, and what it then is") {
  umask(022);
  SAY(mknod("f", S_IFREG | 0666, 0));
  SAY(mknod("plain", 0666, 0));
  SAY(mknod("p", S_IFIFO | 0666, 0));
  SAY(mknod("c", S_IFCHR | 0600, makedev(1, 3)));
  SAY(mknod("b", S_IFBLK | 0600, makedev(259, 70000)));
  SAY(mknod("s", S_IFSOCK | 0777, 0));
  SAY(mknod("d", S_IFDIR | 0777, 0));
  SAY(mknod("l", S_IFLNK | 0777, 0));
  SAY(mknod("x", 0170000 | 0777, 0));
  SAY(mknod("f", S_IFIFO | 0666, 0));
  SAY(mkfifo("none/p", 0666));
  SAY(mkfifo("q/", 0666));
  EACH(name, "f", "plain", "p", "c", "b", "s") {
    say_fields(*name, "type mode nlink size rdev");
  }
  say_names(".");
}

CASE(name_mknod_rights, "mknod", "devices are for root") {
  MUST(chmod(".", 0777));
  AS(1001, 1001);
  SAY(mknod("c", S_IFCHR | 0600, makedev(1, 3)));
  SAY(mknod("b", S_IFBLK | 0600, makedev(7, 0)));
  SAY(mknod("p", S_IFIFO | 0600, 0));
  SAY(mknod("s", S_IFSOCK | 0600, 0));
  SAY(mknod("f", S_IFREG | 0600, 0));
  say_fields("p", "uid gid");
  say_names(".");
}

CASE(name_lengths, "pathname resolution", "names have up to 255 bytes, paths up to 4095") {
  char name[300], path[5000];
  memset(name, 'n', sizeof name);
  name[255] = 0;
  SAY(open(name, O_RDWR | O_CREAT, 0644));
  SAY(access(name, F_OK));
  SAY(unlink(name));
  SAY(mkdir(name, 0755));
  SAY(rmdir(name));
  SAY(symlink("x", name));
  SAY(unlink(name));
  name[255] = 'n', name[256] = 0;
  struct stat status;
  SAY(open(name, O_RDWR | O_CREAT, 0644));
  SAY(stat(name, &status));
  SAY(mkdir(name, 0755));
  SAY(rmdir(name));
  SAY(unlink(name));
  SAY(symlink("x", name));
  SAY(mkfifo(name, 0644));
  make("f", "");
  SAY(link("f", name));
  SAY(rename("f", name));
  SAY(truncate(name, 0));
  memset(path, 0, sizeof path);
  for (int i = 0; i < 4094; i += 2) memcpy(path + i, "./", 2);
  path[4094] = 'f';
  SAY(access(path, F_OK));
  memcpy(path + 4094, "/f", 2);
  SAY(access(path, F_OK));
}

CASE(name_bytes, "pathname resolution", "names of any bytes but slash and NUL") {
  char name[2] = "", bytes[250];
  for (int byte = 1; byte < 256; byte++) {
    if (byte == '/' || byte == '.') continue;
    name[0] = (char)byte;
    int made = open(name, O_WRONLY | O_CREAT | O_EXCL, 0644);
    if (made < 0) say("byte %d: %s", byte, strerrorname_np(errno));
    else close(made);
  }
  int count = 0;
  DIR *directory = opendir(".");
  bool seen[256] = {0};
  for (struct dirent *entry; (entry = readdir(directory));) {
    if (!entry->d_name[1]) seen[(unsigned char)entry->d_name[0]] = true, count++;
  }
  closedir(directory);
  SAY(count);
  for (int byte = 1; byte < 256; byte++) {
    name[0] = (char)byte;
    if (byte == '/' || byte == '.') continue;
    if (!seen[byte] || unlink(name) < 0) say("byte %d is not there", byte);
  }
  for (int i = 0; i < 249; i++) bytes[i] = (char)(i % 5 == 0 ? 0xff : i % 5 == 1 ? 0xc3 : i % 5 + 1);
  bytes[249] = 0;
  SAY(mkdir(bytes, 0755));
  SAY(access(bytes, F_OK));
  SAY(mkdir("A", 0755));
  SAY(mkdir("a", 0755));
  SAY(rmdir(bytes));
}

CASE(name_loops, "pathname resolution", "ELOOP for circles and for more than 40 links") {
  struct stat status;
  char name[10], target[10];
  MUST(symlink("b", "a"));
  MUST(symlink("a", "b"));
  MUST(symlink("self/x", "self"));
  SAY(stat("a", &status));
  SAY(open("a", O_RDWR | O_CREAT, 0644));
  SAY(chmod("a", 0644));
  SAY(chdir("a"));
  SAY(access("self/y", F_OK));
  SAY(rename("a/x", "y"));
  SAY(link("a/x", "y"));
  SAY(lstat("a", &status));
  make("l0", "");
  for (int i = 1; i <= 41; i++) {
    snprintf(name, sizeof name, "l%d", i);
    snprintf(target, sizeof target, "l%d", i - 1);
    MUST(symlink(target, name));
  }
  SAY(stat("l40", &status));
  SAY(stat("l41", &status));
}

CASE(name_resolution, "pathname resolution", "dots, slashes and links within a path") {
  MUST(mkdir("d", 0755));
  MUST(mkdir("d/e", 0755));
  make("d/e/f", "abc");
  MUST(symlink("d/e", "s"));
  MUST(symlink("../..", "d/e/up"));
  SAY(access("d//e///f", F_OK));
  SAY(access("./d/./e/../e/f", F_OK));
  SAY(access("s/f", F_OK));
  SAY(access("s/../e/f", F_OK)); /* .. of where the link leads. */
  SAY(access("d/e/up/d/e/up/s/f", F_OK));
  SAY(access("d/none/../e/f", F_OK));
  SAY(access("d/e/f/..", F_OK));
  struct stat status;
  SAY(lstat("s/", &status));
  SAY(S_ISDIR(status.st_mode));
  SAY(chdir("s"));
  SAY(access("f", F_OK));
  SAY(access("../e/f", F_OK));
  SAY(access("../../s", F_OK));
}

CASE(name_search_right, "pathname resolution", "EACCES where a directory may not be searched") {
  MUST(mkdir("d", 0755));
  MUST(mkdir("d/e", 0755));
  make("d/e/f", "");
  MUST(chmod("d", 0644));
  struct stat status;
  AS(1001, 1001);
  SAY(stat("d/e", &status));
  SAY(stat("d/e/f", &status));
  SAY(stat("d/none", &status));
  SAY(chdir("d"));
  SAY(stat("d", &status));
  say_names("d");
  AS_ROOT();
  MUST(chmod("d", 0711));
  AS(1001, 1001);
  SAY(stat("d/e/f", &status));
  SAY(chdir("d"));
  say_names("."); /* To be searched, not to be read. */
}

CASE(name_other_device, "rename", "EXDEV between file systems") {
  make("f", "");
  MUST(mkdir("d", 0755));
  SAY(rename("f", "/dev/shm/hako-posix-list"));
  SAY(link("f", "/dev/shm/hako-posix-list"));
  SAY(rename("d", "/dev/shm/hako-posix-list"));
  SAY(rename("/proc/self/status", "x"));
  say_names(".");
}
