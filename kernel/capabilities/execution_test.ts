import { assert, assertEquals, assertThrows } from "@std/assert";
import { type Errno, OsError } from "@hako/ipc";
import type { CapabilityView, KernelAnswer, KernelCall } from "./calls.ts";
import { CapabilityCalls } from "./execution.ts";
import { MEMORIES_PER_OWNER_MAX, SEGMENT_BYTES_PER_OWNER_MAX } from "./limits.ts";
import { ALL_RIGHTS, RIGHT, rightsOf } from "./rights.ts";
import type { CapabilityRow } from "./rows.ts";
import { CapabilityTable, TABLE_LIMITS } from "./table.ts";
import { FakeKernel } from "./test_fake_kernel.ts";
import { MemoryRows } from "./test_memory_rows.ts";

const APP = 1;
const SERVER = 2;
const HOSTILE = 3;
const APP_BADGE = 11; // The app's channel to the server, and the hostile one's.
const HOSTILE_BADGE = 13;

/** An app and a hostile domain, both clients of a server. */
function stage() {
  const rows = new MemoryRows<CapabilityRow>(256);
  const kernel = new FakeKernel();
  const capabilities = { rows: 255, owners: 5, reserved: 8, held: 100, what: "capabilities" };
  const limits = { ...TABLE_LIMITS, capabilities };
  const table = new CapabilityTable(rows, () => kernel.newBadge(), limits);
  const calls = new CapabilityCalls(table, kernel);
  const endpoint = { kind: "endpoint", object: 100 * SERVER, isInUse: true } as const;
  const app = table.root(APP, { ...endpoint, badge: APP_BADGE });
  const hostile = table.root(HOSTILE, { ...endpoint, badge: HOSTILE_BADGE });
  const disk = table.root(SERVER, { kind: "endpoint", object: 400, badge: 14, isInUse: true });
  const ask = (caller: number, call: KernelCall) => calls.execute(caller, structuredClone(call));
  return { rows, kernel, table, calls, app, hostile, disk, ask };
}

function views(answer: KernelAnswer): readonly CapabilityView[] {
  assert(answer.type === "capabilities", JSON.stringify(answer));
  return answer.capabilities;
}

function view(answer: KernelAnswer): CapabilityView {
  const [one, ...more] = views(answer);
  assertEquals(more, []);
  return one!;
}

function assertRefused(answer: KernelAnswer, code: Errno): void {
  assert(answer.type === "refused", JSON.stringify(answer));
  assertEquals(answer.code, code, answer.what);
}

Deno.test("a limited endpoint is derived, granted over a channel, accepted, connected, and taken back", () => {
  const { kernel, app, disk, ask } = stage();
  const operations = [1, 3];
  const lent = view(ask(SERVER, { type: "derive", handle: disk, operations }));
  const [offer] = views(
    ask(SERVER, { type: "grant", handles: [lent.handle], to: { badge: APP_BADGE } }),
  );
  const { handle } = offer!;
  assertRefused(ask(APP, { type: "connect", handle }), "EBADF");

  const held = view(ask(APP, { type: "accept", handle, from: { endpoint: app } }));
  assertEquals([held.operations, held.badge, held.via], [operations, offer!.badge, APP_BADGE]);
  view(ask(APP, { type: "connect", handle }));
  view(ask(APP, { type: "connect", handle }));

  const { badge } = held;
  const channel = { badge, parentBadge: lent.badge, endpoint: 400, client: APP, operations };
  assertEquals(kernel.channels.get(badge), channel);
  assertEquals(kernel.asked(), [`open ${badge}`, `open ${badge}`]);
  const ended = ask(SERVER, { type: "revoke", handle: lent.handle });
  assertEquals(ended, { type: "ended", count: 1, isRetired: false });
  assertEquals(kernel.asked(), [`close ${badge}`, `tell ${APP} of 1`]);
  assertRefused(ask(APP, { type: "connect", handle }), "EBADF");
});

Deno.test("a badge is worth nothing to whom it does not call", () => {
  const { rows, kernel, app, hostile, ask } = stage();
  const before = rows.copy();
  for (const badge of [APP_BADGE, HOSTILE_BADGE, 14, 1, 999, 0xffff_ffff]) {
    const to = { badge };
    assertRefused(ask(HOSTILE, { type: "grant", handles: [hostile], to }), "EPERM");
    assertRefused(ask(HOSTILE, { type: "accept", handle: app, from: to }), "EPERM");
    // The server is the disk's client by 14, not its server.
    if (badge !== APP_BADGE && badge !== HOSTILE_BADGE) {
      assertRefused(ask(SERVER, { type: "accept", handle: app, from: to }), "EPERM");
    }
  }
  assertRefused(
    ask(HOSTILE, { type: "grant", handles: [hostile], to: { endpoint: app } }),
    "EBADF",
  );
  assertEquals(rows.copy(), before);
  assertEquals(kernel.asked(), []);
});

Deno.test("no grant goes over a channel that is not open", () => {
  const { app, ask } = stage();
  const derived = view(ask(APP, { type: "derive", handle: app }));
  const to = { endpoint: derived.handle };
  assertRefused(ask(APP, { type: "grant", handles: [app], to }), "EPIPE");
  // Nor does the server know the badge yet.
  assertRefused(
    ask(SERVER, { type: "accept", handle: app, from: { badge: derived.badge } }),
    "EPERM",
  );
});

Deno.test("a deputy that accepts by the badge of its client uses nothing of its own or another's", () => {
  const { app, disk, ask } = stage();
  const window = view(ask(APP, { type: "segment", byteLength: 4096 }));
  const [offer] = views(
    ask(APP, { type: "grant", handles: [window.handle], to: { endpoint: app } }),
  );
  const from = { badge: HOSTILE_BADGE }; // The hostile client names these in its request.

  assertRefused(ask(SERVER, { type: "accept", handle: disk, from }), "EPERM");
  assertRefused(ask(SERVER, { type: "accept", handle: offer!.handle, from }), "EPERM");
  assertRefused(ask(SERVER, { type: "accept", handle: window.handle, from }), "EBADF");
  view(ask(SERVER, { type: "accept", handle: offer!.handle, from: { badge: APP_BADGE } }));
  assertRefused(ask(SERVER, { type: "accept", handle: offer!.handle, from }), "EPERM");
});

Deno.test("memory is mapped by who may write it, copied by who may read it", () => {
  const { kernel, app, ask } = stage();
  const window = view(ask(APP, { type: "segment", byteLength: 8192 }));
  assertEquals(kernel.asked(), [`segment 1 of 8192 for ${APP}`, `share 1 with ${APP}`]);
  const rights = rightsOf(["read", "grant"]);
  const readOnly = view(ask(APP, { type: "derive", handle: window.handle, rights }));
  const writeOnly = view(ask(APP, { type: "derive", handle: window.handle, rights: RIGHT.write }));

  assertRefused(ask(APP, { type: "map", handle: readOnly.handle }), "EPERM");
  assertRefused(ask(APP, { type: "map", handle: writeOnly.handle }), "EPERM");
  assertRefused(ask(APP, { type: "copy", handle: writeOnly.handle }), "EPERM");
  assertRefused(ask(APP, { type: "map", handle: app }), "EBADF");
  const [offer] = views(
    ask(APP, { type: "grant", handles: [readOnly.handle], to: { endpoint: app } }),
  );
  view(ask(SERVER, { type: "accept", handle: offer!.handle, from: { badge: APP_BADGE } }));
  const copy = view(ask(SERVER, { type: "copy", handle: offer!.handle }));
  assertEquals([copy.object, copy.rights], [2, ALL_RIGHTS.segment]);
  assertEquals(kernel.asked(), [
    `segment 2 of 8192 for ${SERVER} from 1`,
    `share 2 with ${SERVER}`,
  ]);
});

Deno.test("a window that somebody has had is retired when its owner revokes it", () => {
  const { kernel, table, app, ask } = stage();
  const window = view(ask(APP, { type: "segment", byteLength: 4096 }));
  const to = { endpoint: app };
  const [offer] = views(ask(APP, { type: "grant", handles: [window.handle], to }));
  const { handle } = offer!;
  kernel.asked();
  assertEquals(ask(APP, { type: "revoke", handle: window.handle }), ended(1, false));
  assertEquals(kernel.asked(), [], "nobody had the memory");

  const [again] = views(ask(APP, { type: "grant", handles: [window.handle], to }));
  assertRefused(ask(SERVER, { type: "accept", handle, from: { badge: APP_BADGE } }), "EBADF");
  view(ask(SERVER, { type: "accept", handle: again!.handle, from: { badge: APP_BADGE } }));
  view(ask(SERVER, { type: "map", handle: again!.handle }));
  const own = view(ask(SERVER, { type: "derive", handle: again!.handle }));
  kernel.asked();

  assertEquals(ask(APP, { type: "revoke", handle: window.handle }), ended(2, true));
  const told = [`unshare 1 from ${SERVER}`, `tell ${SERVER} of 2`, `replace 1 of ${APP} by 2`];
  assertEquals(kernel.asked(), told);
  assertRefused(ask(SERVER, { type: "map", handle: own.handle }), "EBADF");
  assertEquals(view(ask(APP, { type: "map", handle: window.handle })).object, 2);
  assertEquals(table.segmentBytes(APP), 4096);
});

Deno.test("only the owner of a memory can have it retired", () => {
  const { kernel, app, ask } = stage();
  const window = view(ask(APP, { type: "segment", byteLength: 4096 }));
  const lent = view(ask(APP, { type: "derive", handle: window.handle }));
  const [offer] = views(
    ask(APP, { type: "grant", handles: [lent.handle], to: { endpoint: app } }),
  );
  view(ask(SERVER, { type: "accept", handle: offer!.handle, from: { badge: APP_BADGE } }));
  view(ask(SERVER, { type: "map", handle: offer!.handle }));
  kernel.asked();

  assertEquals(ask(APP, { type: "revoke", handle: lent.handle }), ended(1, false));
  assertEquals(kernel.asked(), [`unshare 1 from ${SERVER}`, `tell ${SERVER} of 1`]);
});

Deno.test("a memory stays with whom another capability to it has, and goes with the last", () => {
  const { kernel, ask } = stage();
  const window = view(ask(APP, { type: "segment", byteLength: 4096 }));
  const second = view(ask(APP, { type: "derive", handle: window.handle }));
  view(ask(APP, { type: "map", handle: second.handle }));
  kernel.asked();

  assertEquals(ask(APP, { type: "drop", handle: second.handle }), ended(1, false));
  assertEquals(kernel.asked(), []);
  assertEquals(ask(APP, { type: "drop", handle: window.handle }), ended(1, false));
  assertEquals(kernel.asked(), [`unshare 1 from ${APP}`, "free 1"]);
});

Deno.test("a domain has no more memory than its limit, and gets back what it gives up", () => {
  const { rows, kernel, ask } = stage();
  const byteLength = SEGMENT_BYTES_PER_OWNER_MAX / 2;
  const window = view(ask(APP, { type: "segment", byteLength }));
  view(ask(APP, { type: "copy", handle: window.handle }));
  kernel.asked();
  const before = rows.copy();

  assertRefused(ask(APP, { type: "segment", byteLength: 1 }), "ENOMEM");
  assertRefused(ask(APP, { type: "copy", handle: window.handle }), "ENOMEM");

  assertEquals([rows.copy(), kernel.asked()], [before, []]);
  ask(APP, { type: "drop", handle: window.handle });
  view(ask(APP, { type: "segment", byteLength }));
});

Deno.test("a domain is looked at, restarted and terminated by who may, and by nobody else", () => {
  const { kernel, table, app, ask } = stage();
  const boss = table.root(APP, { kind: "domain", object: 4 });
  const nurse = view(
    ask(APP, { type: "derive", handle: boss, rights: RIGHT.look | RIGHT.restart }),
  );

  assertEquals(ask(APP, { type: "look", handle: nurse.handle }), {
    type: "domain",
    domain: kernel.look(4),
  });
  assertEquals(ask(APP, { type: "restart", handle: nurse.handle }), { type: "done" });
  assertRefused(ask(APP, { type: "terminate", handle: nurse.handle }), "EPERM");
  for (const type of ["look", "restart", "terminate"] as const) {
    assertRefused(ask(HOSTILE, { type, handle: boss }), "EBADF");
    assertRefused(ask(APP, { type, handle: app }), "EBADF");
  }
  assertEquals(kernel.asked(), ["restart 4"]);
  assertEquals(ask(APP, { type: "terminate", handle: boss }), { type: "done" });
  assertEquals(kernel.asked(), ["terminate 4"]);
});

Deno.test("what a domain holds is told in pages, eldest first", () => {
  const { app, ask } = stage();
  const made = Array.from(
    { length: 40 },
    () => view(ask(APP, { type: "derive", handle: app })).handle,
  );
  const first = views(ask(APP, { type: "held", after: 0 })).map(({ handle }) => handle);
  const second = views(ask(APP, { type: "held", after: first.at(-1)! })).map(({ handle }) =>
    handle
  );
  assertEquals([...first, ...second], [app, ...made]);
  assertEquals(views(ask(APP, { type: "held", after: second.at(-1)! })), []);
});

Deno.test("a channel more than the limit is not opened, and one that was not is not closed", () => {
  const { kernel, app, ask } = stage();
  const derive = () => view(ask(APP, { type: "derive", handle: app })).handle;
  for (let i = 0; i < MEMORIES_PER_OWNER_MAX; i++) {
    view(ask(APP, { type: "connect", handle: derive() }));
  }
  const last = derive();
  kernel.asked();

  assertRefused(ask(APP, { type: "connect", handle: last }), "EMFILE");
  assertEquals(ask(APP, { type: "drop", handle: last }), ended(1, false));
  assertEquals(kernel.asked(), []);
});

Deno.test("nobody calls itself", () => {
  const { table, ask } = stage();
  const own = table.root(SERVER, { kind: "endpoint", object: 100 * SERVER });
  assertRefused(ask(SERVER, { type: "connect", handle: own }), "ELOOP");
});

Deno.test("a call that the kernel cannot do changes nothing", () => {
  const { rows, kernel, disk, ask } = stage();
  const lent = view(ask(SERVER, { type: "derive", handle: disk }));
  kernel.badges = 1;
  const before = rows.copy();

  const to = { badge: APP_BADGE };
  assertRefused(ask(SERVER, { type: "grant", handles: [disk, lent.handle], to }), "ENFILE");
  assertRefused(ask(SERVER, { type: "derive", handle: disk }), "ENFILE");

  assertEquals([rows.copy(), kernel.asked()], [before, []]);
});

Deno.test("all that hung on a domain ends with it: channels are closed, holders told", () => {
  const { kernel, calls, app, disk, ask } = stage();
  const to = { badge: APP_BADGE };
  const [offer] = views(ask(SERVER, { type: "grant", handles: [disk], to }));
  view(ask(APP, { type: "accept", handle: offer!.handle, from: { endpoint: app } }));
  view(ask(APP, { type: "connect", handle: offer!.handle }));
  kernel.asked();

  calls.endOwner(SERVER);

  assertEquals(kernel.asked(), [`close ${offer!.badge}`, "close 14", `tell ${APP} of 1`]);
  assertRefused(ask(APP, { type: "connect", handle: offer!.handle }), "EBADF");
});

Deno.test("garbage is refused, and a broken rule of the kernel's own is not hidden", () => {
  const { kernel, calls, disk } = stage();
  for (const value of [undefined, null, 1, "drop", [], {}, { type: "drop" }, new Map()]) {
    assertEquals(calls.execute(HOSTILE, value).type, "refused");
  }
  for (const bug of [new Error("a bug"), new OsError("EFBIG", "outgrow the log")]) {
    kernel.openChannel = () => {
      throw bug;
    };
    const error = assertThrows(() => calls.execute(SERVER, { type: "connect", handle: disk }));
    assertEquals(error, bug);
  }
});

function ended(count: number, isRetired: boolean): KernelAnswer {
  return { type: "ended", count, isRetired };
}
