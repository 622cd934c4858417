"""Runs cases of cases.ts on the host's file system: one process, root of its own, for each.

Reads {"directory", "cases": [[[word, ...], ...], ...]} from stdin; answers a list of answers for
each case on stdout. An answer is a string: what the call told, or the name of its error. With
`--can-ask` it only exits, with 0 if it could.
"""

import ctypes
import errno
import fcntl
import json
import os
import re
import stat
import struct
import sys
import tempfile

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
AT_FDCWD = -100
NOFOLLOW, SYMLINK_FOLLOW, EMPTY_PATH = 0x100, 0x400, 0x1000
NOW, OMIT = (1 << 30) - 1, (1 << 30) - 2
FLAGS = {
    "r": 0, "w": 1, "rw": 2, "creat": 0o100, "excl": 0o200, "trunc": 0o1000, "append": 0o2000,
    "dir": 0o200000, "nofollow": 0o400000, "noatime": 0o1000000, "path": 0o10000000,
    "sync": 0o4010000, "dsync": 0o10000,
}
TYPES = {"file": 0o100000, "fifo": 0o010000, "char": 0o020000, "block": 0o060000, "sock": 0o140000}
LIST_TAGS = {"u": 1, "u+": 2, "g": 4, "g+": 8, "m": 16, "o": 32}
FALLOCATE = {"keep": 1, "punch": 2, "zero": 16}


class Handles(dict):
    def __missing__(self, _):
        return 9999


handles = Handles()


class Timespec(ctypes.Structure):
    _fields_ = [("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long)]


def long(value):
    return ctypes.c_long(value)


def syscall(number, *args):
    result = libc.syscall(long(number), *[long(a) if isinstance(a, int) else a for a in args])
    if result < 0:
        raise OSError(ctypes.get_errno(), "syscall")
    return result


def raw(word):
    """Bytes of a word: `%e` is nothing, `{abc*300}` is repeated."""
    repeated = re.sub(r"\{(.+?)\*(\d+)\}", lambda found: found[1] * int(found[2]), word)
    return b"" if word == "%e" else repeated.encode()


def place(word):
    """A path, and where it begins: `@h:path` at the handle h."""
    if word.startswith("@"):
        handle, _, path = word[1:].partition(":")
        return handles[handle], raw(path)
    return AT_FDCWD, raw(word)


def flags_of(text, table):
    value = 0
    for name in text.split("+"):
        value |= table[name]
    return value


def told(status, fields):
    parts = []
    for field in fields:
        if field == "type":
            parts.append({v: k for k, v in TYPES.items()}.get(
                stat.S_IFMT(status.st_mode),
                "dir" if stat.S_ISDIR(status.st_mode) else "link"))
        elif field == "mode":
            parts.append("%o" % stat.S_IMODE(status.st_mode))
        elif field in ("atime", "mtime", "ctime"):
            ns = getattr(status, "st_%s_ns" % field)
            parts.append("%d.%09d" % (ns // 10**9, ns % 10**9))
        elif field == "rdev":
            parts.append("%d:%d" % (os.major(status.st_rdev), os.minor(status.st_rdev)))
        else:
            parts.append(str(getattr(status, "st_" + field)))
    return " ".join(parts)


def newer(status, what):
    """Whether one time is behind another: `atime>mtime`."""
    one, other = what.split(">")
    return str(getattr(status, "st_%s_ns" % one) > getattr(status, "st_%s_ns" % other)).lower()


def time_of(word):
    if word == "now":
        return Timespec(0, NOW)
    if word == "omit":
        return Timespec(0, OMIT)
    seconds, _, nanoseconds = word.partition(".")
    return Timespec(int(seconds), int(nanoseconds or "0"))


def status_of(word, follow):
    at, path = place(word)
    if at == AT_FDCWD:
        return os.stat(path, follow_symlinks=follow)
    return os.stat(path, dir_fd=at, follow_symlinks=follow) if path else os.fstat(at)


def utimens(word, atime, mtime, follow):
    at, path = place(word)
    times = (Timespec * 2)(time_of(atime), time_of(mtime))
    flags = (0 if follow else NOFOLLOW) | empty(at, path)
    syscall(280, at, path, times, flags)


def become(word):
    os.seteuid(0)
    if word == "root":
        os.setgroups([])
        os.setegid(0)
        return
    ids = [int(one) for one in word.split(",")]
    os.setgroups(ids[2:])
    os.setegid(ids[1])
    os.seteuid(ids[0])


def empty(at, path):
    return EMPTY_PATH if path == b"" and at != AT_FDCWD else 0


def listing(path):
    return " ".join(sorted(os.fsdecode(one) for one in os.listdir(path) if one != b"lost+found"))


def xattr_path(word):
    at, path = place(word)
    return at if path == b"" else path


def list_of(text):
    """The bytes of an access control list: `u:1000:6,m::7`, as Linux hands lists over."""
    packed = struct.pack("<I", 2)
    for entry in text.split(","):
        kind, who, bits = entry.split(":")
        tag = LIST_TAGS[kind + ("+" if who else "")]
        packed += struct.pack("<HHI", tag, int(bits), int(who) if who else 0xFFFFFFFF)
    return packed


def list_told(packed):
    tags = {tag: kind for kind, tag in LIST_TAGS.items()}
    entries = []
    for at in range(4, len(packed), 8):
        tag, bits, who = struct.unpack_from("<HHI", packed, at)
        kind = tags[tag]
        entries.append("%s:%s:%d" % (kind[0], who if kind.endswith("+") else "", bits))
    return ",".join(entries)


def run(op, *args):
    if op == "as":
        become(args[0])
    elif op == "umask":
        os.umask(int(args[0], 8))
    elif op == "setacl":
        value = b"" if args[2] == "none" else list_of(args[2])
        os.setxattr(xattr_path(args[0]), "system.posix_acl_" + args[1], value)
    elif op == "getacl":
        return list_told(os.getxattr(xattr_path(args[0]), "system.posix_acl_" + args[1]))
    elif op == "dropacl":
        os.removexattr(xattr_path(args[0]), "system.posix_acl_" + args[1])
    elif op == "mkdir":
        at, path = place(args[0])
        syscall(258, at, path, int(args[1], 8))
    elif op == "mknod":
        at, path = place(args[0])
        major, minor = [int(n) for n in (args[3].split(":") if len(args) > 3 else "0:0".split(":"))]
        syscall(259, at, path, TYPES[args[1]] | int(args[2], 8), os.makedev(major, minor))
    elif op in ("unlink", "rmdir"):
        at, path = place(args[0])
        syscall(263, at, path, 0x200 if op == "rmdir" else 0)
    elif op == "rename":
        (a, old), (b, new) = place(args[0]), place(args[1])
        flags = {"noreplace": 1, "exchange": 2, "both": 3, "bad": 64}.get(args[2], 0) if args[2:] else 0
        syscall(316, a, old, b, new, flags)
    elif op in ("link", "linkfollow"):
        (a, old), (b, new) = place(args[0]), place(args[1])
        flags = SYMLINK_FOLLOW if op == "linkfollow" else 0
        syscall(265, a, old, b, new, flags | empty(a, old))
    elif op == "symlink":
        at, path = place(args[1])
        syscall(266, raw(args[0]), at, path)
    elif op == "readlink":
        at, path = place(args[0])
        size = int(args[1]) if args[1:] else 5000
        target = ctypes.create_string_buffer(size)
        count = syscall(267, at, path, target, size)
        return os.fsdecode(target.raw[:count])
    elif op == "open":
        at, path = place(args[1])
        mode = int(args[3], 8) if args[3:] else 0o644
        handle = syscall(257, at, path, flags_of(args[2], FLAGS), mode)
        handles[args[0]] = handle
    elif op == "close":
        os.close(handles.pop(args[0], 9999))
    elif op == "read":
        data = os.pread(handles[args[0]], int(args[2]), int(args[1]))
        return data.replace(b"\0", b"0").decode()
    elif op == "write":
        return str(os.pwrite(handles[args[0]], raw(args[2]), int(args[1])))
    elif op == "truncate":
        os.ftruncate(handles[args[0]], int(args[1]))
    elif op == "fsync":
        os.fsync(handles[args[0]])
    elif op in ("stat", "lstat", "newer"):
        status = status_of(args[0], op != "lstat")
        return newer(status, args[1]) if op == "newer" else told(status, args[1:])
    elif op == "fstat":
        return told(os.fstat(handles[args[0]]), args[1:])
    elif op in ("chmod", "lchmod"):
        at, path = place(args[0])
        syscall(452, at, path, int(args[1], 8), (NOFOLLOW if op == "lchmod" else 0) | empty(at, path))
    elif op in ("chown", "lchown"):
        at, path = place(args[0])
        flags = (NOFOLLOW if op == "lchown" else 0) | empty(at, path)
        syscall(260, at, path, int(args[1]) & 0xFFFFFFFF, int(args[2]) & 0xFFFFFFFF, flags)
    elif op in ("utimens", "lutimens"):
        utimens(args[0], args[1], args[2], op == "utimens")
    elif op == "access":
        at, path = place(args[0])
        wanted = sum({"r": 4, "w": 2, "x": 1, "f": 0}[one] for one in args[1])
        syscall(439, at, path, wanted, 0x200 | empty(at, path))
    elif op == "seek":
        return str(os.lseek(handles[args[0]], int(args[1]), os.SEEK_HOLE if args[2] == "hole" else os.SEEK_DATA))
    elif op == "allocate":
        flags = flags_of(args[3], FALLOCATE) if args[3:] else 0
        syscall(285, handles[args[0]], flags, int(args[1]), int(args[2]))
    elif op == "ls":
        return listing(raw(args[0]))
    elif op == "setxattr":
        flags = {"create": 1, "replace": 2}.get(args[3], 0) if args[3:] else 0
        os.setxattr(xattr_path(args[0]), raw(args[1]), raw(args[2]), flags)
    elif op == "getxattr":
        return os.getxattr(xattr_path(args[0]), raw(args[1])).decode()
    elif op == "listxattr":
        return " ".join(sorted(os.listxattr(xattr_path(args[0]))))
    elif op == "removexattr":
        os.removexattr(xattr_path(args[0]), raw(args[1]))
    elif op == "flock":
        kinds = {"shared": fcntl.LOCK_SH, "exclusive": fcntl.LOCK_EX, "none": fcntl.LOCK_UN}
        fcntl.flock(handles[args[0]], kinds[args[1]] | fcntl.LOCK_NB)
    elif op == "realpath":
        return os.path.realpath(args[0], strict=True)
    else:
        raise ValueError(op)
    return "0"


def run_case(directory, steps):
    os.umask(0)
    os.chroot(directory)
    os.chdir("/")
    answers = []
    for step in steps:
        try:
            answers.append(run(*step))
        except OSError as error:
            name = errno.errorcode.get(error.errno, str(error.errno))
            answers.append("EOPNOTSUPP" if name == "ENOTSUP" else name)
    return answers


def can_ask():
    """Whether this is the Linux that the cases were copied from, and we may do all of them."""
    directory = os.path.realpath(tempfile.gettempdir())
    with open("/proc/self/mounts", encoding="utf-8") as mounts:
        places = [line.split()[1:3] for line in mounts]
    above = [one for one in places if (directory + "/").startswith(one[0].rstrip("/") + "/")]
    release = [int(part) for part in re.findall(r"\d+", os.uname().release)[:2]]
    os.chroot("/")
    return (max(above, key=lambda one: len(one[0]))[1] == "ext4" and release >= [6, 6]
            and os.uname().machine == "x86_64")


def main():
    if sys.argv[1:] == ["--can-ask"]:
        sys.exit(not can_ask())
    task = json.load(sys.stdin)
    everything = []
    for index, steps in enumerate(task["cases"]):
        directory = os.path.join(task["directory"], str(index))
        os.mkdir(directory)
        os.chmod(directory, 0o755)
        source, sink = os.pipe()
        if os.fork() == 0:
            try:
                answers = run_case(directory, steps)
            except BaseException as error:
                answers = ["%s: %s" % (type(error).__name__, error)]
            os.write(sink, json.dumps(answers).encode())
            os._exit(0)
        os.close(sink)
        with os.fdopen(source, "rb") as answers:
            everything.append(json.loads(answers.read()))
        os.wait()
    json.dump(everything, sys.stdout)


main()
