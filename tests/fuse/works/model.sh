# Two processes that do all that can be done once only, beside a model in memory: what is lost, done
# twice or mixed up shows at once. Files stay open that have lost their names, and directories half read.
set -eu
place=$1 scale=$3
exec python3 - "$place" "$scale" <<'END'
import errno, fcntl, os, random, signal, stat, sys

PLACE, STEPS = sys.argv[1], 400 * int(sys.argv[2])
NAMES = [f"name-{number}" for number in range(12)]

class Worker:
    def __init__(self, who):
        self.who, self.random = who, random.Random(who)
        self.root = f"{PLACE}/worker-{who}"
        self.names = {}  # A list of one bytes object for each file, None for a directory.
        self.open = []  # Pairs of a descriptor and such a list.
        self.steps = 0
        os.mkdir(self.root)

    def path(self, name):
        return f"{self.root}/{name}"

    def expect(self, holds, otherwise):
        if not holds:
            raise SystemExit(f"worker {self.who}, step {self.steps}: {otherwise}")

    def refused(self, code, call, *arguments):
        try:
            call(*arguments)
        except OSError as error:
            self.expect(error.errno == code, f"{error}, not {errno.errorcode[code]}")
            return
        self.expect(False, f"no {errno.errorcode[code]}")

    def some(self, want):
        found = [name for name in NAMES if want(self.names.get(name, 0))]
        return self.random.choice(found) if found else None

    def file(self):
        return self.some(lambda value: isinstance(value, list))

    def free(self):
        return self.some(lambda value: value == 0)

    def create(self):
        name = self.free()
        if name is None:
            return
        descriptor = os.open(self.path(name), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o640)
        self.refused(errno.EEXIST, os.mkdir, self.path(name))
        content = [self.random.randbytes(self.random.randrange(9000))]
        self.expect(os.write(descriptor, content[0]) == len(content[0]), "a short write")
        self.names[name] = content
        if len(self.open) < 5:
            self.open.append((descriptor, content))
        else:
            os.close(descriptor)

    def mkdir(self):
        name = self.free()
        if name is not None:
            os.mkdir(self.path(name))
            self.names[name] = None

    def remove(self):
        name = self.some(lambda value: value != 0)
        if name is None:
            return
        if self.names.pop(name) is None:
            os.rmdir(self.path(name))
        else:
            os.unlink(self.path(name))
        self.refused(errno.ENOENT, os.unlink, self.path(name))

    def rename(self):
        source, target = self.file(), self.random.choice(NAMES)
        if source is None or source == target or self.names.get(target, 0) is None:
            return
        same = self.names.get(target, 0) is self.names[source]
        os.rename(self.path(source), self.path(target))
        if not same:  # Two names of one file stay as they are.
            self.names[target] = self.names.pop(source)

    def link(self):
        source, target = self.file(), self.free()
        if source is None or target is None:
            return
        os.link(self.path(source), self.path(target))
        self.names[target] = self.names[source]
        count = sum(1 for value in self.names.values() if value is self.names[source])
        links = os.stat(self.path(target)).st_nlink
        self.expect(links == count, f"{target} has {links} links, not {count}")

    def append(self):
        name = self.file()
        if name is None:
            return
        content = self.names[name]
        more = self.random.randbytes(self.random.randrange(1, 5000))
        with open(self.path(name), "ab", buffering=0) as file:
            self.expect(file.write(more) == len(more), "a short write")
        content[0] += more
        if len(content[0]) > 200_000:
            os.truncate(self.path(name), 10)
            content[0] = content[0][:10]

    def patch(self):
        if not self.open:
            return
        descriptor, content = self.random.choice(self.open)
        offset = self.random.randrange(len(content[0]) + 3000)
        patch = self.random.randbytes(self.random.randrange(1, 9000))
        self.expect(os.pwrite(descriptor, patch, offset) == len(patch), "a short write")
        old = content[0].ljust(offset, b"\0")
        content[0] = old[:offset] + patch + old[offset + len(patch):]
        if self.random.random() < 0.2:
            os.fsync(descriptor)

    def look(self):
        name = self.file()
        if name is not None:
            with open(self.path(name), "rb") as file:
                found = file.read()
            self.expect(found == self.names[name][0], f"{name} has other bytes")
        if self.open:
            descriptor, content = self.random.choice(self.open)
            if self.random.random() < 0.3:
                os.fsync(descriptor)
                os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            found = os.pread(descriptor, len(content[0]) + 1, 0)
            self.expect(found == content[0], "an open file has other bytes")

    def close(self):
        if self.open:
            descriptor, _ = self.open.pop(self.random.randrange(len(self.open)))
            os.close(descriptor)

    def list(self):
        found = set(os.listdir(self.root))
        self.expect(found == set(self.names), f"there are {found}, not {set(self.names)}")

    def half(self):
        with os.scandir(PLACE + "/crowd") as entries:
            found = [next(entries).name for _ in range(30)]
            self.append()
            found += [entry.name for entry in entries]
        self.expect(len(found) == 400 and len(set(found)) == 400, f"{len(found)} entries")

    def attributes(self):
        name = self.file()
        if name is None:
            return
        path, mode = self.path(name), self.random.choice([0o600, 0o640, 0o755])
        os.chmod(path, mode)
        os.utime(path, ns=(1_000_000_007, self.steps * 1_000_000_001))
        found = os.stat(path)
        self.expect(stat.S_IMODE(found.st_mode) == mode, "another mode")
        self.expect(found.st_mtime_ns == self.steps * 1_000_000_001, "another time")
        os.setxattr(path, "user.step", str(self.steps).encode())
        self.expect(os.getxattr(path, "user.step") == str(self.steps).encode(), "another xattr")
        os.removexattr(path, "user.step")
        self.refused(errno.ENODATA, os.removexattr, path, "user.step")

    def count(self):
        with open(f"{PLACE}/counter", "r+b", buffering=0) as file:
            if self.random.random() < 0.5:
                fcntl.flock(file, fcntl.LOCK_EX)
            else:
                fcntl.flock(file, fcntl.LOCK_EX)
                fcntl.lockf(file, fcntl.LOCK_EX)
            value = int(file.read() or b"0")
            file.seek(0)
            file.write(str(value + 1).encode())

    def work(self):
        steps = [
            *[self.create] * 4, *[self.remove] * 3, *[self.rename] * 3, *[self.link] * 2,
            *[self.append] * 3, *[self.patch] * 5, *[self.look] * 5, self.mkdir, self.close,
            self.list, self.half, self.attributes, self.count,
        ]
        counted = 0
        for self.steps in range(1, STEPS + 1):
            step = self.random.choice(steps)
            counted += step == self.count
            step()
        self.list()
        for name in NAMES:
            if isinstance(self.names.get(name), list):
                with open(self.path(name), "rb") as file:
                    self.expect(file.read() == self.names[name][0], f"{name} has other bytes")
        return counted

os.mkdir(PLACE + "/crowd")
for number in range(400):
    os.close(os.open(f"{PLACE}/crowd/entry-{number}", os.O_CREAT | os.O_WRONLY))
os.close(os.open(PLACE + "/counter", os.O_CREAT | os.O_WRONLY))
reader, writer = os.pipe()
children = []
for who in (1, 2):
    child = os.fork()
    if child == 0:
        os.write(writer, b"%d\n" % Worker(who).work())
        os._exit(0)
    children.append(child)
failed = [child for child in children if os.waitpid(child, 0)[1] != 0]
if failed:
    raise SystemExit(1)
counted = sum(int(line) for line in os.read(reader, 100).split())
with open(PLACE + "/counter", "rb") as file:
    found = int(file.read())
if found != counted:
    raise SystemExit(f"the counter is {found}, and was raised {counted} times")

# Who waits for a lock that another one keeps hears of a signal, and has no lock then.
class Enough(Exception):
    pass

def enough(*_):
    raise Enough

signal.signal(signal.SIGALRM, enough)
for lock in (fcntl.flock, fcntl.lockf):
    with open(PLACE + "/counter", "r+b") as own:
        locked, done = os.pipe(), os.pipe()
        child = os.fork()
        if child == 0:
            with open(PLACE + "/counter", "r+b") as other:
                lock(other, fcntl.LOCK_EX)
                os.write(locked[1], b"!")
                os.read(done[0], 1)
            os._exit(0)
        os.read(locked[0], 1)
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.1)
            lock(own, fcntl.LOCK_EX)
            raise SystemExit("a lock that another one has")
        except Enough:
            pass
        os.write(done[1], b"!")
        os.waitpid(child, 0)
        lock(own, fcntl.LOCK_EX | fcntl.LOCK_NB)
END
