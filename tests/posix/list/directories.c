/* opendir, readdir, seekdir, telldir, rewinddir, and what directories tell. */

#include "list.h"

static const char *kind_of(unsigned char type) {
  switch (type) {
    case DT_REG: return "file";
    case DT_DIR: return "dir";
    case DT_LNK: return "link";
    case DT_FIFO: return "fifo";
    case DT_CHR: return "char";
    case DT_BLK: return "block";
    case DT_SOCK: return "socket";
    default: return "unknown";
  }
}

static void make_many(int first, int end) {
  char name[30];
  for (int i = first; i < end; i++) {
    snprintf(name, sizeof name, "name-%04d", i);
    make(name, "");
  }
}

/* Which of name-0000... a reading tells, once each; says what is missing or told twice. */
static void say_told(DIR *directory, int count) {
  unsigned char *seen = calloc(1, (size_t)count);
  int others = 0, twice = 0, missing = 0;
  errno = 0;
  for (struct dirent *entry; (entry = readdir(directory));) {
    int number;
    if (sscanf(entry->d_name, "name-%d", &number) != 1 || number >= count) others++;
    else if (seen[number]++) twice++;
  }
  if (errno) say("readdir: %s", strerrorname_np(errno));
  for (int i = 0; i < count; i++) missing += !seen[i];
  say("others %d, twice %d, missing %d", others, twice, missing);
  free(seen);
}

CASE(dir_types, "readdir", "d_type and d_ino are what lstat tells") {
  make("f", "");
  MUST(mkdir("d", 0755));
  MUST(symlink("f", "s"));
  MUST(mkfifo("p", 0644));
  MUST(mknod("c", S_IFCHR | 0644, 0x103));
  MUST(mknod("b", S_IFBLK | 0644, 0x103));
  MUST(mknod("k", S_IFSOCK | 0644, 0));
  DIR *directory = opendir(".");
  char lines[9][80];
  int count = 0, same = 0;
  for (struct dirent *entry; (entry = readdir(directory)) && count < 9;) {
    struct stat status;
    MUST(lstat(entry->d_name, &status));
    same += status.st_ino == entry->d_ino;
    snprintf(lines[count++], 80, "%.40s %s", entry->d_name, kind_of(entry->d_type));
  }
  qsort(lines, (size_t)count, sizeof *lines, (int (*)(const void *, const void *))strcmp);
  for (int i = 0; i < count; i++) say("%s", lines[i]);
  SAY(same);
}

CASE(dir_errors, "opendir", "ENOENT, ENOTDIR, EACCES, ELOOP") {
  make("f", "");
  MUST(mkdir("d", 0733));
  MUST(symlink("s", "s"));
  SAY(opendir("none") ? 0 : -1);
  SAY(opendir("f") ? 0 : -1);
  SAY(opendir("f/x") ? 0 : -1);
  SAY(opendir("s") ? 0 : -1);
  SAY(opendir("") ? 0 : -1);
  SAY(fdopendir((int)MUST(open("f", O_RDONLY))) ? 0 : -1);
  char bytes[1000];
  SAY(syscall(SYS_getdents64, (int)MUST(open("f", O_RDONLY)), bytes, sizeof bytes));
  int d = (int)MUST(open("d", O_RDONLY));
  SAY(syscall(SYS_getdents64, d, bytes, 10));
  SAY(syscall(SYS_getdents64, d, bytes, sizeof bytes) > 0);
  SAY(syscall(SYS_getdents64, d, bytes, sizeof bytes));
  AS(1001, 1001);
  SAY(opendir("d") ? 0 : -1);
}

CASE(dir_many, "readdir", "800 names, each once; and after rewinddir again") {
  make_many(0, 800);
  DIR *directory = opendir(".");
  say_told(directory, 800);
  say_told(directory, 0);
  rewinddir(directory);
  say_told(directory, 800);
  closedir(directory);
  struct stat status;
  MUST(stat(".", &status));
  SAY(status.st_size >= 800 * 16);
}

CASE(dir_seek, "seekdir", "seekdir goes back to where telldir was, name by name") {
  make_many(0, 300);
  DIR *directory = opendir(".");
  char names[310][20];
  long places[310];
  int count = 0, wrong = 0;
  for (;;) {
    places[count] = telldir(directory);
    struct dirent *entry = readdir(directory);
    if (!entry) break;
    snprintf(names[count++], 20, "%.19s", entry->d_name);
  }
  SAY(count);
  for (int i = count - 1; i >= 0; i -= 7) {
    seekdir(directory, places[i]);
    struct dirent *entry = readdir(directory);
    if (!entry || strcmp(entry->d_name, names[i])) wrong++;
  }
  SAY(wrong);
  seekdir(directory, places[count]);
  SAY(readdir(directory) ? 1 : 0);
  for (int i = 0; i < count; i++) {
    for (int j = i + 1; j < count; j++) wrong += places[i] == places[j];
  }
  SAY(wrong);
}

CASE(dir_seek_fd, "lseek", "a directory's descriptor is set back to its beginning") {
  make_many(0, 10);
  int d = (int)MUST(open(".", O_RDONLY | O_DIRECTORY));
  static char bytes[1 << 16];
  long all = MUST(syscall(SYS_getdents64, d, bytes, sizeof bytes));
  SAY(syscall(SYS_getdents64, d, bytes, sizeof bytes));
  SAY(lseek(d, 0, SEEK_SET));
  SAY(syscall(SYS_getdents64, d, bytes, sizeof bytes) == all);
  SAY(lseek(d, -1, SEEK_SET));
  SAY(lseek(d, 0, SEEK_CUR) > 0);
}

CASE(dir_removed_while_read, "readdir", "what stays is told once while others are removed") {
  make_many(0, 500);
  DIR *directory = opendir(".");
  int left = 0, told = 0;
  for (struct dirent *entry; (entry = readdir(directory));) {
    if (entry->d_name[0] == '.') continue;
    told++;
    MUST(unlink(entry->d_name)); /* As rm -r does. */
  }
  SAY(told);
  rewinddir(directory);
  for (struct dirent *entry; (entry = readdir(directory));) left += entry->d_name[0] != '.';
  SAY(left);
}

CASE(dir_changed_while_read, "readdir",
  "names that are neither made nor removed are told exactly once") {
  make_many(0, 600);
  DIR *directory = opendir(".");
  unsigned char seen[600] = {0};
  char name[30];
  int step = 0, missing = 0, twice = 0;
  for (struct dirent *entry; (entry = readdir(directory)); step++) {
    int number;
    if (sscanf(entry->d_name, "name-%d", &number) == 1 && number < 600) seen[number]++;
    if (step >= 400) continue;
    snprintf(name, sizeof name, "made-%04d", step);
    make(name, "");
    snprintf(name, sizeof name, "name-%04d", step);
    if (step % 2) MUST(unlink(name));
  }
  for (int i = 0; i < 600; i++) {
    bool stayed = i >= 400 || i % 2 == 0;
    missing += stayed && !seen[i];
    twice += seen[i] > 1;
  }
  SAY(missing);
  SAY(twice);
}

CASE(dir_new_name_seen, "readdir",
  "a new name is told after rewinddir, and by another reader at once") {
  make("a", "");
  DIR *one = opendir("."), *other = opendir(".");
  say_told(one, 0);
  make("b", "");
  say_told(other, 0);
  rewinddir(one);
  say_told(one, 0);
  MUST(unlink("a"));
  rewinddir(one);
  say_told(one, 0);
}

CASE(dir_removed, "rmdir", "a directory that is removed while open is empty") {
  MUST(mkdir("d", 0755));
  DIR *directory = opendir("d");
  SAY(rmdir("d"));
  say_told(directory, 0);
  rewinddir(directory);
  say_told(directory, 0);
  say_fd(dirfd(directory), "type nlink");
  SAY(openat(dirfd(directory), "f", O_RDWR | O_CREAT, 0644));
  SAY(mkdirat(dirfd(directory), "e", 0755));
  SAY(openat(dirfd(directory), ".", O_RDONLY));
  SAY(fchmod(dirfd(directory), 0700));
  SAY(fsync(dirfd(directory)));
}

CASE(dir_working_removed, "chdir", "a working directory that is removed") {
  MUST(mkdir("d", 0755));
  SAY(chdir("d"));
  SAY(rmdir("../d"));
  char here[400];
  struct stat status;
  SAY(getcwd(here, sizeof here) ? 0 : -1);
  SAY(open("f", O_RDWR | O_CREAT, 0644));
  SAY(mkdir("e", 0755));
  SAY(symlink("x", "s"));
  SAY(access("f", F_OK));
  SAY(stat(".", &status));
  say_fields(".", "type nlink");
  SAY(open(".", O_RDONLY));
  SAY(opendir(".") ? 0 : -1);
  SAY(chmod(".", 0700));
  SAY(access("..", F_OK));
  SAY(chdir("."));
  SAY(chdir(".."));
  SAY(access("d", F_OK));
}

CASE(dir_parent_removed, "chdir",
  "a working directory that is renamed and whose parent goes elsewhere") {
  MUST(mkdir("a", 0755));
  MUST(mkdir("a/b", 0755));
  MUST(chdir("a/b"));
  SAY(rename("../../a", "../../c"));
  char here[400];
  SAY(getcwd(here, sizeof here) ? 0 : -1);
  say("%s", strstr(here, "/c/"));
  SAY(access("../b", F_OK));
  SAY(rename("../b", "../../d"));
  SAY(access("../d", F_OK));
  SAY(access("../c", F_OK));
  SAY(open("f", O_RDWR | O_CREAT, 0644));
  SAY(fchdir((int)MUST(open("..", O_RDONLY))));
  SAY(access("d/f", F_OK));
  SAY(fchdir(3));
}

CASE(dir_links, "mkdir", "a directory's link count is 2 and its directories") {
  char name[20];
  for (int i = 0; i < 100; i++) {
    snprintf(name, sizeof name, "d%d", i);
    MUST(mkdir(name, 0755));
  }
  make("f", "");
  say_fields(".", "nlink");
  for (int i = 0; i < 50; i++) {
    snprintf(name, sizeof name, "d%d", i);
    MUST(rmdir(name));
  }
  say_fields(".", "nlink");
  SAY(rename("d60", "d61"));
  say_fields(".", "nlink");
  SAY(rename("d62", "d63/x"));
  say_fields(".", "nlink");
  say_fields("d63", "nlink");
}

CASE(dir_inodes, "stat", "inode numbers stay over renames, writes, links and reopening") {
  make("f", "abc");
  struct stat one, other;
  MUST(stat("f", &one));
  SAY(rename("f", "g"));
  MUST(stat("g", &other));
  SAY(one.st_ino == other.st_ino && one.st_dev == other.st_dev);
  SAY(link("g", "h"));
  MUST(stat("h", &other));
  SAY(one.st_ino == other.st_ino);
  int f = (int)MUST(open("g", O_RDWR | O_APPEND));
  MUST(write(f, "x", 1));
  MUST(fstat(f, &other));
  SAY(one.st_ino == other.st_ino);
  make("other", "");
  MUST(stat("other", &other));
  SAY(one.st_ino != other.st_ino);
  MUST(stat(".", &one));
  MUST(mkdir("d", 0755));
  MUST(stat("d/..", &other));
  SAY(one.st_ino == other.st_ino);
  MUST(stat("d/.", &one));
  MUST(stat("d", &other));
  SAY(one.st_ino == other.st_ino);
}

CASE(dir_made_again, "stat", "a name that is removed and made again is a new, empty file") {
  struct stat status;
  for (int i = 0; i < 20; i++) {
    make("f", "abc");
    MUST(chmod("f", 0600));
    MUST(unlink("f"));
    make("f", "");
    MUST(stat("f", &status));
    bool is_new = status.st_size == 0 && status.st_nlink == 1 && (status.st_mode & 07777) == 0644;
    if (!is_new) say("round %d", i);
    MUST(unlink("f"));
    if (stat("f", &status) == 0) say("round %d: still there", i);
    MUST(mkdir("f", 0755));
    MUST(stat("f", &status));
    if (!S_ISDIR(status.st_mode)) say("round %d: no directory", i);
    MUST(rmdir("f"));
  }
  say_names(".");
}

CASE(dir_times, "readdir", "a reading changes a directory's atime") {
  MUST(mkdir("d", 0755));
  make("d/f", "");
  age("d");
  DIR *directory = opendir("d");
  SAY(directory ? 0 : -1);
  say_times("opendir", "d");
  say_told(directory, 0);
  say_times("readdir", "d");
  struct stat status;
  age("d");
  SAY(stat("d/f", &status));
  say_times("a look below it", "d");
}
