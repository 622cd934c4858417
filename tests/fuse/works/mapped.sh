# Processes that write one mapped file at once, while others read it.
set -eu
place=$1 scale=$3
python3 - "$place/shared" "$scale" <<'END'
import mmap, os, sys
PATH, ROUNDS = sys.argv[1], 2 * int(sys.argv[2])
WRITERS, PAGES, PAGE = 3, 96, 4096
def content(page, stamp):
    return (b"%08d %08d " % (page, stamp) * 228)[:PAGE]
with open(PATH, "xb") as file:
    file.truncate(PAGES * PAGE)
def write(writer):
    with open(PATH, "r+b") as file, mmap.mmap(file.fileno(), 0) as memory:
        for stamp in range(1, ROUNDS + 1):
            for page in range(writer, PAGES, WRITERS):
                memory[page * PAGE:(page + 1) * PAGE] = content(page, stamp)
            memory.flush()
            for page in range(writer, PAGES, WRITERS):
                file.seek(page * PAGE)
                if file.read(PAGE) != content(page, stamp):
                    raise SystemExit(f"page {page} is not what was stored there")
children = []
for writer in range(WRITERS):
    child = os.fork()
    if child == 0:
        write(writer)
        os._exit(0)
    children.append(child)
failed = [child for child in children if os.waitpid(child, 0)[1] != 0]
with open(PATH, "rb") as file:
    for page in range(PAGES):
        if file.read(PAGE) != content(page, ROUNDS):
            raise SystemExit(f"page {page} is not what was stored there last")
raise SystemExit(1 if failed else 0)
END
