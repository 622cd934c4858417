/* Extended attributes, and access control lists in them. */

#include "list.h"

#include <sys/xattr.h>

static int compare_words(const void *one, const void *other) {
  return strcmp(*(char *const *)one, *(char *const *)other);
}

static void say_list(const char *path) {
  char bytes[4096], text[1000] = "", *names[100];
  ssize_t count = llistxattr(path, bytes, sizeof bytes);
  if (count < 0) {
    say("%s: %s", path, strerrorname_np(errno));
    return;
  }
  size_t used = 0, number = 0;
  for (ssize_t at = 0; at < count && number < 100; at += (ssize_t)strlen(bytes + at) + 1) {
    names[number++] = bytes + at;
  }
  qsort(names, number, sizeof *names, compare_words);
  for (size_t i = 0; i < number && used < 900; i++) {
    used += (size_t)snprintf(text + used, sizeof text - used, " %.80s", names[i]);
  }
  say("%s has %ld:%s", path, (long)count, text);
}

static void say_attribute(const char *path, const char *name) {
  static char bytes[70000];
  ssize_t count = lgetxattr(path, name, bytes, sizeof bytes);
  if (count < 0) say("%s of %s: %s", name, path, strerrorname_np(errno));
  else say_bytes(name, bytes, (size_t)count);
}

CASE(attribute_set, "setxattr(2)", "set, got, listed, replaced, removed") {
  make("f", "");
  age("f");
  SAY(setxattr("f", "user.one", "abc", 3, 0));
  say_times("setxattr", "f");
  say_attribute("f", "user.one");
  SAY(setxattr("f", "user.one", "defg", 4, XATTR_CREATE));
  SAY(setxattr("f", "user.two", "", 0, XATTR_CREATE));
  SAY(setxattr("f", "user.one", "hi", 2, XATTR_REPLACE));
  SAY(setxattr("f", "user.three", "x", 1, XATTR_REPLACE));
  say_attribute("f", "user.one");
  say_attribute("f", "user.two");
  say_list("f");
  age("f");
  SAY(removexattr("f", "user.one"));
  say_times("removexattr", "f");
  SAY(removexattr("f", "user.one"));
  say_attribute("f", "user.one");
  say_list("f");
}

CASE(attribute_sizes, "getxattr(2)", "sizes are told for no room; ERANGE for too little") {
  make("f", "");
  char bytes[100];
  MUST(setxattr("f", "user.one", "abcdef", 6, 0));
  SAY(getxattr("f", "user.one", NULL, 0));
  SAY(getxattr("f", "user.one", bytes, 5));
  SAY(getxattr("f", "user.one", bytes, 6));
  SAY(listxattr("f", NULL, 0));
  SAY(listxattr("f", bytes, 5));
  SAY(listxattr("f", bytes, 9));
}

CASE(attribute_errors, "setxattr(2)", "names and values that cannot be") {
  static char value[70000];
  char name[300] = "user.";
  make("f", "");
  memset(name + 5, 'n', 250);
  SAY(setxattr("f", name, "x", 1, 0)); /* 255 bytes. */
  say_attribute("f", name);
  name[255] = 'n';
  SAY(setxattr("f", name, "x", 1, 0));
  SAY(setxattr("f", "user.", "x", 1, 0));
  SAY(setxattr("f", "", "x", 1, 0));
  SAY(setxattr("f", "plain", "x", 1, 0));
  SAY(setxattr("f", "other.x", "x", 1, 0));
  SAY(setxattr("f", "system.x", "x", 1, 0));
  SAY(setxattr("f", "user.large", value, 65537, 0));
  SAY(setxattr("f", "user.large", value, 65536, 0));
  SAY(setxattr("f", "user.x", "x", 1, 77));
  SAY(setxattr("f", "user.x", "x", 1, XATTR_CREATE | XATTR_REPLACE));
  SAY(setxattr("none", "user.x", "x", 1, 0));
  SAY(getxattr("f", "plain", value, 10));
  SAY(getxattr("f", "user.none", value, 10));
  SAY(listxattr("none", value, 10));
}

CASE(attribute_large, "setxattr(2)", "values that fill a block, and many attributes") {
  static char value[5000];
  char name[40];
  make("f", "");
  memset(value, 'v', sizeof value);
  SAY(setxattr("f", "user.large", value, 3000, 0));
  say_attribute("f", "user.large");
  SAY(setxattr("f", "user.large", value, 3900, 0));
  SAY(setxattr("f", "user.more", value, 3000, 0));
  SAY(setxattr("f", "user.large", value, 5000, 0));
  say_attribute("f", "user.large");
  SAY(removexattr("f", "user.large"));
  for (int i = 0; i < 50; i++) {
    snprintf(name, sizeof name, "user.number-%02d", i);
    if (setxattr("f", name, value, 20, 0) < 0) say("%d: %s", i, strerrorname_np(errno));
  }
  SAY(listxattr("f", NULL, 0));
  MUST(fsync((int)MUST(open("f", O_RDONLY))));
  say_fields("f", "blocks");
}

CASE(attribute_kinds, "xattr(7)", "user.* only on files and directories; trusted.* for root only") {
  make("f", "");
  MUST(mkdir("d", 0777));
  MUST(symlink("f", "s"));
  MUST(mkfifo("p", 0666));
  SAY(setxattr("d", "user.x", "x", 1, 0));
  SAY(lsetxattr("s", "user.x", "x", 1, 0));
  SAY(setxattr("p", "user.x", "x", 1, 0));
  SAY(setxattr("s", "user.through", "x", 1, 0));
  SAY(lsetxattr("s", "trusted.x", "x", 1, 0));
  SAY(setxattr("p", "trusted.x", "x", 1, 0));
  SAY(setxattr("f", "trusted.x", "x", 1, 0));
  SAY(setxattr("f", "security.x", "x", 1, 0));
  say_list("f");
  say_list("s");
  MUST(chmod("f", 0666));
  AS(1001, 1001);
  say_list("f");
  say_attribute("f", "trusted.x");
  say_attribute("f", "security.x");
  SAY(setxattr("f", "trusted.y", "x", 1, 0));
  SAY(setxattr("f", "security.y", "x", 1, 0));
  SAY(setxattr("f", "user.y", "x", 1, 0));
  SAY(removexattr("f", "user.y"));
}

CASE(attribute_rights, "xattr(7)",
  "user.* needs the right to read or write; in sticky directories more") {
  make("f", "");
  MUST(setxattr("f", "user.x", "x", 1, 0));
  MUST(mkdir("d", 0777));
  MUST(chmod("d", 01777));
  AS(1001, 1001);
  say_attribute("f", "user.x");
  say_list("f");
  SAY(setxattr("f", "user.y", "x", 1, 0));
  SAY(removexattr("f", "user.x"));
  SAY(setxattr("d", "user.x", "x", 1, 0));
  AS_ROOT();
  MUST(chmod("f", 0200));
  AS(1001, 1001);
  say_attribute("f", "user.x");
  say_list("f");
  AS_ROOT();
  int r = (int)MUST(open("f", O_RDONLY));
  SAY(fsetxattr(r, "user.z", "x", 1, 0));
  SAY(fgetxattr(r, "user.z", NULL, 0));
  SAY(fremovexattr(r, "user.z"));
  SAY(fgetxattr(99, "user.z", NULL, 0));
}

CASE(attribute_moves, "xattr(7)", "attributes stay with the file over link, rename and unlink") {
  int f = make_open("f", "");
  MUST(setxattr("f", "user.x", "abc", 3, 0));
  MUST(link("f", "g"));
  MUST(rename("f", "h"));
  say_attribute("g", "user.x");
  MUST(unlink("g"));
  MUST(unlink("h"));
  char bytes[10];
  SAY(fgetxattr(f, "user.x", bytes, 10));
  SAY(fsetxattr(f, "user.y", "x", 1, 0));
  make("h", "");
  say_list("h");
}

CASE(attribute_capability, "capabilities(7)",
  "file capabilities go when the file is written or given away") {
  const unsigned char net_raw[20] = {1, 0, 0, 2, 0, 0x20};
  make("f", "abc");
  SAY(setxattr("f", "security.capability", net_raw, 20, 0));
  say_attribute("f", "security.capability");
  int f = (int)MUST(open("f", O_RDWR));
  SAY(pwrite(f, "x", 1, 0));
  say_attribute("f", "security.capability");
  MUST(setxattr("f", "security.capability", net_raw, 20, 0));
  SAY(chown("f", 1001, 1001));
  say_attribute("f", "security.capability");
  MUST(setxattr("f", "security.capability", net_raw, 20, 0));
  SAY(ftruncate(f, 1));
  say_attribute("f", "security.capability");
  SAY(setxattr("f", "security.capability", "bad", 3, 0));
}

/* Access control lists as system.posix_acl_* has them: version 2, then entries. */
enum { USER_OBJ = 1, USER = 2, GROUP_OBJ = 4, GROUP = 8, MASK = 16, OTHER = 32, NOBODY = -1 };

struct acl_entry {
  uint16_t tag, rights;
  uint32_t id;
};

struct acl {
  uint32_t version;
  struct acl_entry entries[8];
};

static int set_acl(const char *path, const char *name, const struct acl_entry *entries, size_t count) {
  struct acl acl = {.version = 2};
  memcpy(acl.entries, entries, count * sizeof *entries);
  return setxattr(path, name, &acl, 4 + count * sizeof *entries, 0);
}

#define ACL(path, name, ...)                                                       \
  set_acl(path, "system.posix_acl_" name, (const struct acl_entry[]){__VA_ARGS__}, \
    sizeof((const struct acl_entry[]){__VA_ARGS__}) / sizeof(struct acl_entry))

static void say_acl(const char *path, const char *kind) {
  struct acl acl;
  char name[40], text[300] = "";
  size_t used = 0;
  snprintf(name, sizeof name, "system.posix_acl_%s", kind);
  ssize_t count = getxattr(path, name, &acl, sizeof acl);
  if (count < 0) {
    say("%s of %s: %s", kind, path, strerrorname_np(errno));
    return;
  }
  for (int i = 0; 4 + 8 * (i + 1) <= count; i++) {
    used += (size_t)snprintf(text + used, sizeof text - used, " %u:%d:%o", acl.entries[i].tag,
      (int)acl.entries[i].id, acl.entries[i].rights);
  }
  say("%s of %s:%s", kind, path, text);
}

CASE(acl_access, "acl(5)", "a named user and a named group, within the mask") {
  make("f", "abc");
  MUST(chmod("f", 0640));
  say_acl("f", "access");
  SAY(ACL("f", "access", {USER_OBJ, 6, NOBODY}, {USER, 6, 1001}, {GROUP_OBJ, 0, NOBODY},
    {GROUP, 4, 2001}, {MASK, 6, NOBODY}, {OTHER, 0, NOBODY}));
  say_fields("f", "mode");
  say_acl("f", "access");
  say_list("f");
  AS(1001, 1001);
  SAY(open("f", O_RDWR));
  AS(1002, 2001);
  SAY(open("f", O_RDONLY));
  SAY(open("f", O_RDWR));
  AS(1002, 2002);
  SAY(open("f", O_RDONLY));
  SAY(access("f", R_OK));
  AS_ROOT();
  SAY(chmod("f", 0640)); /* The group's bits are the mask. */
  say_acl("f", "access");
  AS(1001, 1001);
  SAY(open("f", O_RDONLY));
  SAY(open("f", O_RDWR));
  AS_ROOT();
  SAY(removexattr("f", "system.posix_acl_access"));
  say_acl("f", "access");
  say_fields("f", "mode");
  AS(1001, 1001);
  SAY(open("f", O_RDONLY));
}

CASE(acl_default, "acl(5)",
  "a directory's default list is given to what is made in it, not the umask") {
  umask(077);
  MUST(mkdir("d", 0777));
  MUST(chmod("d", 0777));
  SAY(ACL("d", "default", {USER_OBJ, 7, NOBODY}, {USER, 7, 1001}, {GROUP_OBJ, 5, NOBODY},
    {MASK, 7, NOBODY}, {OTHER, 5, NOBODY}));
  say_fields("d", "mode");
  make("d/f", "abc");
  say_fields("d/f", "mode");
  say_acl("d/f", "access");
  SAY(mkdir("d/e", 0777));
  say_fields("d/e", "mode");
  say_acl("d/e", "access");
  say_acl("d/e", "default");
  SAY(mkfifo("d/p", 0666));
  say_fields("d/p", "mode");
  say_acl("d/p", "access");
  SAY(symlink("x", "d/s"));
  say_fields("d/s", "mode");
  AS(1001, 1001);
  SAY(open("d/f", O_RDWR));
  AS(1002, 1002);
  SAY(open("d/f", O_RDONLY));
  AS_ROOT();
  SAY(removexattr("d", "system.posix_acl_default"));
  make("d/g", "");
  say_fields("d/g", "mode");
}

CASE(acl_minimal, "acl(5)", "a list that says no more than the mode is the mode") {
  make("f", "");
  SAY(ACL("f", "access", {USER_OBJ, 7, NOBODY}, {GROUP_OBJ, 5, NOBODY}, {OTHER, 1, NOBODY}));
  say_fields("f", "mode");
  say_list("f");
  MUST(mkdir("d", 0755));
  umask(027);
  SAY(ACL("d", "default", {USER_OBJ, 7, NOBODY}, {GROUP_OBJ, 7, NOBODY}, {OTHER, 7, NOBODY}));
  make("d/f", "");
  say_fields("d/f", "mode");
  say_list("d/f");
  SAY(mkdir("d/e", 0775));
  say_fields("d/e", "mode");
  say_acl("d/e", "default");
}

CASE(acl_errors, "acl(5)", "lists that are none") {
  make("f", "");
  MUST(mkdir("d", 0755));
  MUST(symlink("f", "s"));
  SAY(ACL("f", "access", {USER_OBJ, 7, NOBODY}, {OTHER, 1, NOBODY}));
  SAY(ACL("f", "access", {USER_OBJ, 7, NOBODY}, {USER, 7, 1}, {GROUP_OBJ, 5, NOBODY}, {OTHER, 1, NOBODY}));
  SAY(ACL("f", "access", {OTHER, 7, NOBODY}, {GROUP_OBJ, 5, NOBODY}, {USER_OBJ, 1, NOBODY}));
  SAY(ACL("f", "access", {USER_OBJ, 8, NOBODY}, {GROUP_OBJ, 5, NOBODY}, {OTHER, 1, NOBODY}));
  SAY(ACL("f", "access", {77, 7, NOBODY}, {GROUP_OBJ, 5, NOBODY}, {OTHER, 1, NOBODY}));
  SAY(ACL("f", "default", {USER_OBJ, 7, NOBODY}, {GROUP_OBJ, 5, NOBODY}, {OTHER, 1, NOBODY}));
  SAY(setxattr("f", "system.posix_acl_access", "x", 1, 0));
  SAY(setxattr("f", "system.posix_acl_access", "\1\0\0\0", 4, 0));
  SAY(lsetxattr("s", "system.posix_acl_access", "\2\0\0\0", 4, 0));
  SAY(removexattr("f", "system.posix_acl_access"));
  SAY(removexattr("d", "system.posix_acl_default"));
  say_fields("f", "mode");
  AS(1001, 1001);
  SAY(ACL("f", "access", {USER_OBJ, 7, NOBODY}, {GROUP_OBJ, 5, NOBODY}, {OTHER, 7, NOBODY}));
  SAY(removexattr("f", "system.posix_acl_access"));
}

CASE(acl_set_group, "acl(5)", "a list clears set-group-ID where the owner is not of the group") {
  make("f", "");
  MUST(chown("f", 1001, 2002));
  MUST(chmod("f", 02755));
  AS(1001, 2001);
  SAY(ACL("f", "access", {USER_OBJ, 7, NOBODY}, {USER, 7, 1005}, {GROUP_OBJ, 5, NOBODY},
    {MASK, 7, NOBODY}, {OTHER, 5, NOBODY}));
  say_fields("f", "mode");
  AS_ROOT();
  MUST(chmod("f", 02755));
  SAY(ACL("f", "access", {USER_OBJ, 7, NOBODY}, {GROUP_OBJ, 5, NOBODY}, {OTHER, 5, NOBODY}));
  say_fields("f", "mode");
}

CASE(acl_directory, "acl(5)", "a list on a directory says who searches and writes it") {
  MUST(mkdir("d", 0700));
  make("d/f", "abc");
  SAY(ACL("d", "access", {USER_OBJ, 7, NOBODY}, {USER, 7, 1001}, {USER, 1, 1002},
    {GROUP_OBJ, 0, NOBODY}, {MASK, 7, NOBODY}, {OTHER, 0, NOBODY}));
  AS(1001, 1001);
  SAY(open("d/f", O_RDONLY));
  SAY(open("d/new", O_RDWR | O_CREAT, 0644));
  SAY(unlink("d/f"));
  AS(1002, 1002);
  SAY(open("d/new", O_RDONLY));
  SAY(open("d", O_RDONLY));
  SAY(unlink("d/new"));
  AS(1003, 1003);
  SAY(open("d/new", O_RDONLY));
}
