import { assertEquals } from "@std/assert";
import { ERRNO } from "@hako/ipc";
import { sharedBytes } from "../ext4/test_images.ts";
import { KEPT_CLIENT_COUNT, regionsOf } from "./layouts/open_keep.ts";
import { Lives } from "./lives.ts";
import { CHANGE, LOCK, OPEN } from "../protocol.ts";
import { Death, Rig, utf8 } from "./test_rig.ts";
import { putReference, REFERENCE_BYTES } from "../layouts/reference.ts";

const create = OPEN.create | OPEN.readWrite;

/** Clients 1 and 2, in their first lives. */
function twoClients(): Rig {
  const rig = new Rig({ type: "ext4", clients: new Map([[1, 101], [2, 102]]) });
  rig.badge = 1;
  return rig;
}

/** A client's life is over, and the next begins. */
function liveAgain(rig: Rig, badge: number, life: number): void {
  rig.clients!.delete(badge);
  rig.fs.clientGone(badge);
  rig.clients!.set(badge, life);
}

function lock(rig: Rig, handle: number, owner: number, kind: number = LOCK.exclusive) {
  const range = { offset: 0, byteLength: 10 };
  return rig.answer("lock", { handle, owner, kind, wait: false, ...range });
}

Deno.test("handles, locks and their owners go on in the client's next lives", () => {
  for (const serverDies of [false, true]) {
    const rig = twoClients();
    assertEquals(rig.answer("keepOpen", { on: true }), 0);
    const handle = rig.open("/f", create) as number;
    const again = rig.open("/f", create) as number;
    assertEquals(rig.answer("flock", { handle, kind: LOCK.exclusive, wait: false }), 0);
    assertEquals(lock(rig, handle, 5), 0);
    rig.answer("unlink", { path: utf8("/f") });
    for (const life of [201, 301]) {
      if (serverDies) {
        rig.clients!.delete(1);
        rig.succeed();
        rig.clients!.set(1, life);
      } else liveAgain(rig, 1, life);
      rig.badge = 2;
      assertEquals(rig.answer("fstat", { handle }), "EBADF", "of nobody else");
      rig.badge = 1;
      assertEquals(rig.answer("keepOpen", { on: true }), 0);
      assertEquals(rig.answer("write", { handle, offset: 0, append: false, source: utf8("x") }), 1);
      assertEquals(lock(rig, again, 5), 0, "the owner's own");
      assertEquals(lock(rig, again, 6), "EAGAIN");
      assertEquals(
        rig.answer("flock", { handle: again, kind: LOCK.shared, wait: false }),
        "EAGAIN",
      );
    }
    rig.answer("close", { handle });
    rig.answer("close", { handle: again });
    assertEquals(rig.fs.mount.orphans.list(), []);
    assertEquals(rig.fs.mount.table.openCount, 0);
  }
});

Deno.test("what a client keeps open no more ends with its life, before or behind a server's death", () => {
  for (const serverDies of [false, true]) {
    const rig = twoClients();
    rig.answer("keepOpen", { on: true });
    const handle = rig.open("/f", create) as number;
    liveAgain(rig, 1, 201);
    rig.answer("keepOpen", { on: false });
    assertEquals(rig.answer("fstat", { handle }), 0, "until its life ends");
    if (serverDies) {
      rig.clients!.set(1, 301);
      rig.succeed();
    } else liveAgain(rig, 1, 301);
    assertEquals(rig.answer("fstat", { handle }), "EBADF");
    assertEquals(rig.fs.mount.table.openCount, 0);
    // And from now on it is as it was before.
    const other = rig.open("/f") as number;
    liveAgain(rig, 1, 401);
    assertEquals(rig.answer("fstat", { handle: other }), "EBADF");
  }
});

Deno.test("what waits for a lock ends with the life that asked", () => {
  const rig = twoClients();
  const mine = rig.open("/f", create) as number;
  rig.answer("keepOpen", { on: true });
  rig.badge = 2;
  const theirs = rig.open("/f", create) as number;
  assertEquals(rig.answer("flock", { handle: theirs, kind: LOCK.exclusive, wait: false }), 0);
  rig.badge = 1;
  rig.request("flock", { handle: mine, kind: LOCK.exclusive, wait: true });
  liveAgain(rig, 1, 201);
  assertEquals(rig.fs.locking.waitCount, 0);
  rig.badge = 2;
  rig.answer("close", { handle: theirs });
  rig.badge = 1;
  assertEquals(rig.answer("flock", { handle: mine, kind: LOCK.exclusive, wait: false }), 0);
});

Deno.test("an open that a life did not hear of is found by the next, though the server died in it", () => {
  for (const point of ["fs.open.after-transaction", "fs.open.after-entry"] as const) {
    const rig = twoClients();
    rig.answer("keepOpen", { on: true });
    const path = utf8("/f");
    const open = { at: 0, path, flags: create, mode: 0o644, as: 0, leaseSlot: 0, umask: 0 };
    const request = { badge: 1, sequence: 1000, later: () => Object() };
    rig.deathAt = point;
    try {
      rig.handlers.open(open, request);
    } catch (error) {
      if (!(error instanceof Death)) throw error;
    }
    rig.clients!.delete(1);
    rig.succeed();
    rig.clients!.set(1, 201);
    const { handle } = rig.handlers.open(open, request) as { handle: number };
    const sequence = request.sequence + 1;
    assertEquals(rig.handlers.close({ handle }, { ...request, sequence }), 0);
    assertEquals(rig.fs.mount.table.openCount, 0, point);
  }
});

Deno.test("what a client has not heard of is known however often the server dies before it asks", () => {
  const rig = twoClients();
  rig.answer("keepOpen", { on: true });
  const mkdir = { at: 0, path: utf8("/d"), mode: 0o755, as: 0, umask: 0 };
  const request = { badge: 1, sequence: 1000, later: () => Object() };
  rig.deathAt = "fs.mkdir.after-transaction";
  try {
    rig.handlers.mkdir(mkdir, request);
  } catch (error) {
    if (!(error instanceof Death)) throw error;
  }
  rig.clients!.delete(1);
  rig.badge = 2;
  for (let death = 0; death < 5; death++) {
    rig.succeed();
    for (let count = 0; count < 20; count++) {
      rig.answer("mkdir", { path: utf8(`/${death} ${count}`), mode: 0o755 });
    }
  }
  rig.clients!.set(1, 201);
  assertEquals(rig.handlers.mkdir(mkdir, request), 0);
});

Deno.test("the keep has room for so many clients, and takes it from those who have nothing open", () => {
  const present = new Map<number, number>();
  const { head } = regionsOf(sharedBytes(8192));
  const lives = new Lives(head, present);
  const open = new Set<number>();
  const keep = (badge: number) => {
    present.set(badge, 1000 + badge);
    try {
      lives.keep(badge, (client) => open.has(client));
      return 0;
    } catch {
      return ERRNO.ENOMEM;
    }
  };
  for (let badge = 1; badge <= KEPT_CLIENT_COUNT; badge++) assertEquals(keep(badge), 0);
  assertEquals([keep(1), keep(99)], [0, ERRNO.ENOMEM]);
  present.delete(7);
  lives.gone(7);
  open.add(1007);
  assertEquals(keep(99), ERRNO.ENOMEM, "7 has something open");
  assertEquals([lives.of(7), lives.isLiving(7)], [1007, true]);
  open.clear();
  assertEquals(keep(99), 0);
  assertEquals(lives.isLiving(7), false);
  const next = new Lives(head, present);
  assertEquals([next.of(99), next.of(3), next.of(55)], [1099, 1003, 55]);
  assertEquals(next.living()?.size, KEPT_CLIENT_COUNT);
});

Deno.test("a client hears in its next life of what changed in between", () => {
  const rig = twoClients();
  rig.answer("keepOpen", { on: true });
  rig.writeFile("/f", "x");
  const target = sharedBytes(4096);
  rig.request("changes", { after: 0, target });
  rig.badge = 2;
  rig.answer("chmod", { path: utf8("/f"), mode: 0o600 });
  const first = rig.lateAnswers.get(rig.sequence - 1)!;
  assertEquals(first > 0, true);
  const after = new DataView(target.buffer).getFloat64(0, true);
  liveAgain(rig, 1, 201);
  const path = sharedBytes(REFERENCE_BYTES);
  const { inode, generation } = Object(rig.stat("/f"));
  putReference(path, 0, inode, generation);
  rig.answer("utimens", {
    ...{ path, which: 12, atimeSeconds: 0, mtimeSeconds: 0 },
    ...{ atimeNanoseconds: 0, mtimeNanoseconds: 0 },
  });
  rig.badge = 1;
  assertEquals(rig.answer("changes", { after, target }), 24);
  const view = new DataView(target.buffer);
  assertEquals(view.getUint32(8, true), CHANGE.attributes);
  assertEquals(view.getUint32(12, true), inode);
});
