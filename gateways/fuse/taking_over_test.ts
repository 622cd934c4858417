import { assertEquals } from "@std/assert";
import { type Asking, bodyOf, FakeLinux } from "./test_fake_linux.ts";
import { Deaths, Died, live, newWorld, type World } from "./test_lives.ts";
import { FATTR, OPCODE } from "./wire/mod.ts";

/** Lives until one does not die. */
function liveOn(world: World): void {
  for (let life = 0; life < 4; life++) {
    try {
      return live(world, life === 0);
    } catch (error) {
      if (!(error instanceof Died)) throw error;
    }
  }
}

const CREATE_FLAGS = 0o302; // O_RDWR | O_CREAT | O_EXCL

/** Requests one behind the other, and some at once. */
const REQUESTS: readonly Asking[] = [
  { opcode: OPCODE.MKDIR, body: bodyOf(0o755, 0, "one") },
  { opcode: OPCODE.MKDIR, body: bodyOf(0o755, 0, "two") },
  { opcode: OPCODE.MKDIR, body: bodyOf(0o755, 0, "one") }, // There already.
  { opcode: OPCODE.CREATE, body: bodyOf(CREATE_FLAGS, 0o644, 0, 0, "file") },
  { opcode: OPCODE.LOOKUP, body: bodyOf("file") },
  { opcode: OPCODE.OPEN, inode: 13, body: bodyOf(2, 0) },
  { opcode: OPCODE.WRITE, inode: 13, body: bodyOf(101, 0, 0, 0, 5, 0, 0, 0, 0, 0, "abcd") },
  { opcode: OPCODE.READ, inode: 13, body: bodyOf(101, 0, 0, 0, 5, 0, 0, 0, 0, 0) },
  { opcode: OPCODE.SETATTR, inode: 13, body: setSize(7) },
  { opcode: OPCODE.RENAME, body: bodyOf(1, 0, "file", "moved") },
  { opcode: OPCODE.RELEASE, inode: 13, body: bodyOf(102, 0, 0, 0, 0, 0) },
  { opcode: OPCODE.RMDIR, body: bodyOf("one") },
  { opcode: OPCODE.RMDIR, body: bodyOf("nothing") },
  { opcode: OPCODE.UNLINK, body: bodyOf("moved") },
  { opcode: OPCODE.MKDIR, body: bodyOf(0o755, 0, "one") },
];

function setSize(size: number): Uint8Array {
  const body = new Uint8Array(88);
  new DataView(body.buffer).setUint32(0, FATTR.SIZE, true);
  new DataView(body.buffer).setUint32(16, size, true);
  return body;
}

/** What can be seen of a world in the end. */
function seen({ linux, files }: World): unknown {
  return {
    answers: [...linux.answers].sort(([one], [other]) => one - other),
    isQuiet: linux.isQuiet,
    strays: linux.strayCount,
    names: [...files.names.keys()].sort(),
    done: files.done.filter((operation) => operation !== "close" && operation !== "truncate"),
    openCount: files.open.size,
  };
}

function play(deaths: Deaths): World {
  const world = newWorld(new FakeLinux(), deaths);
  for (const asking of REQUESTS) world.linux.ask(asking);
  liveOn(world);
  return world;
}

const undisturbed = play(new Deaths());

Deno.test("every request is answered once, and all is closed that nobody has open", () => {
  assertEquals(undisturbed.linux.answers.size, REQUESTS.length);
  assertEquals(undisturbed.linux.isQuiet, true);
  assertEquals(undisturbed.files.open.size, 2); // A file, and a directory that is gone.
});

for (const [point, count] of undisturbed.deaths.visits) {
  Deno.test(`programs see the same when the gateway dies at ${point}, ${count} times`, () => {
    for (let visit = 1; visit <= count; visit++) {
      const world = play(new Deaths(point, visit));
      assertEquals(seen(world), seen(undisturbed), `death at visit ${visit}`);
    }
  });
}

Deno.test("a directory that was removed is open until it is forgotten", () => {
  const world = newWorld(new FakeLinux(), new Deaths());
  world.linux.ask({ opcode: OPCODE.MKDIR, body: bodyOf(0o755, 0, "one") });
  world.linux.ask({ opcode: OPCODE.RMDIR, body: bodyOf("one") });
  live(world, true);
  const [[handle, inode]] = world.files.open as unknown as [[number, number]];
  assertEquals(handle > 0, true);
  world.linux.ask({ opcode: OPCODE.FORGET, inode, body: bodyOf(1, 0) });
  live(world, false);
  assertEquals(world.files.open.size, 0);
});

Deno.test("a wait for a lock goes on with the successor", () => {
  const world = newWorld(new FakeLinux(), new Deaths("fuse.request.read", 3));
  const lock = (handle: number) => bodyOf(handle, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0);
  const unlock = (handle: number) => bodyOf(handle, 0, 1, 0, 0, 0, 0, 0, 2, 0, 1, 0);
  world.linux.ask({ opcode: OPCODE.SETLKW, inode: 13, body: lock(1) });
  const waiting = world.linux.ask({ opcode: OPCODE.SETLKW, inode: 13, body: lock(2) });
  world.linux.ask({ opcode: OPCODE.GETATTR, inode: 13, body: bodyOf(0, 0, 0, 0) });
  liveOn(world);
  assertEquals(world.linux.answers.has(waiting), false);
  world.linux.ask({ opcode: OPCODE.SETLKW, inode: 13, body: unlock(1) });
  live(world, false);
  assertEquals(world.linux.answers.get(waiting)?.error, 0);
  assertEquals(world.files.lockedBy, 2);
});

Deno.test("a wait for a lock ends with a signal", () => {
  const world = newWorld(new FakeLinux(), new Deaths());
  const lock = (handle: number) => bodyOf(handle, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1, 0);
  world.linux.ask({ opcode: OPCODE.SETLKW, inode: 13, body: lock(1) });
  const waiting = world.linux.ask({ opcode: OPCODE.SETLKW, inode: 13, body: lock(2) });
  world.linux.ask({ opcode: OPCODE.INTERRUPT, body: bodyOf(waiting, 0) });
  liveOn(world);
  assertEquals(world.linux.answers.get(waiting)?.error, 4);
  assertEquals(world.linux.isQuiet, true);
});

Deno.test("a Linux that gives nothing again is told that what was under way failed", () => {
  const deaths = new Deaths("files.before", 2);
  const world = newWorld(new FakeLinux({ givesAgain: false }), deaths, 0);
  const dying = world.linux.ask({ opcode: OPCODE.MKDIR, body: bodyOf(0o755, 0, "one") });
  const next = world.linux.ask({ opcode: OPCODE.MKDIR, body: bodyOf(0o755, 0, "two") });
  liveOn(world);
  assertEquals(world.linux.answers.get(dying)?.error, 5);
  assertEquals(world.linux.answers.get(next)?.error, 0);
  assertEquals(world.linux.isQuiet, true);
});
