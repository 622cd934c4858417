import { assertEquals, assertThrows } from "@std/assert";
import { type Errno, OsError } from "@hako/ipc";
import { type Handle, handleOf, indexOf, SERIAL_MAX, serialOf } from "./handle.ts";
import { ALL_RIGHTS, maskOf, RIGHT, rightsOf } from "./rights.ts";
import { type CapabilityRow, counterRow } from "./rows.ts";
import { CapabilityTable, TABLE_LIMITS } from "./table.ts";
import { MemoryRows } from "./test_memory_rows.ts";

const APP = 1;
const SERVER = 2;
const OTHER = 3;
const VIA = 77; // The badge of the channel between the app and the server.
const CAPABILITIES = { rows: 15, owners: 4, reserved: 2, held: 8, what: "capabilities" };
const LIMITS = { ...TABLE_LIMITS, capabilities: CAPABILITIES };

function tableOf(rows = new MemoryRows<CapabilityRow>(16)): CapabilityTable {
  let badge = 100;
  return new CapabilityTable(rows, () => ++badge, LIMITS);
}

function assertRefused(code: Errno, act: () => unknown): void {
  const error = assertThrows(act, OsError);
  assertEquals(error.code, code, error.message);
}

Deno.test("a derived capability may do no more than the one it is derived from", () => {
  const table = tableOf();
  const disk = table.root(APP, { kind: "segment", object: 9 });

  const readOnly = table.derive(APP, disk, { rights: rightsOf(["read", "derive"]) });

  assertEquals(table.lookup(APP, readOnly, "read").row.object, 9);
  assertRefused("EPERM", () => table.lookup(APP, readOnly, "write"));
  assertRefused("EPERM", () => table.derive(APP, readOnly, { rights: ALL_RIGHTS.segment }));
  assertRefused("EPERM", () => table.derive(APP, readOnly, { rights: RIGHT.write }));
  assertRefused("EPERM", () => table.grant(APP, [readOnly], { receiver: SERVER, via: VIA }));
  assertRefused("EPERM", () => table.revoke(APP, readOnly));
  const bare = table.derive(APP, readOnly, { rights: RIGHT.read });
  assertRefused("EPERM", () => table.derive(APP, bare, { rights: RIGHT.read }));
});

Deno.test("operations only shrink along the tree, and none are given to what is no endpoint", () => {
  const table = tableOf();
  const volume = table.root(APP, { kind: "endpoint", object: 4 });
  const reads = table.derive(APP, volume, { operations: maskOf([1, 3, 40]) });

  assertRefused("EPERM", () => table.derive(APP, reads, { operations: maskOf([1, 2]) }));
  assertRefused("EPERM", () => table.derive(APP, reads, { operations: maskOf([1, 41]) }));
  const inherited = table.derive(APP, reads, { rights: RIGHT.call | RIGHT.derive });
  assertRefused("EPERM", () => table.derive(APP, inherited, { operations: maskOf([2]) }));
  const [granted] = table.grant(APP, [reads], { receiver: SERVER, via: VIA });
  table.accept(SERVER, granted!, VIA);
  assertRefused("EPERM", () => table.derive(SERVER, granted!, { operations: maskOf([64]) }));
  const none = table.derive(SERVER, granted!, { operations: maskOf([]) });
  assertRefused("EPERM", () => table.derive(SERVER, none, { operations: maskOf([1]) }));
  const window = table.root(APP, { kind: "segment", object: 1 });
  assertRefused("EINVAL", () => table.derive(APP, window, { operations: maskOf([1]) }));
});

Deno.test("every endpoint capability has a badge of its own, and nothing else has one", () => {
  const table = tableOf();
  const root = table.root(APP, { kind: "endpoint", object: 4, badge: 7 });
  const derived = table.derive(APP, root);
  const [granted] = table.grant(APP, [root], { receiver: SERVER, via: VIA });

  const badges = [root, derived, granted!].map((handle) => table.named(handle)!.row.badge);

  assertEquals(new Set(badges).size, 3);
  assertEquals(badges[0], 7);
  assertEquals(badges.map((badge) => table.ofBadge(badge)!.row.owner), [APP, APP, SERVER]);
  assertEquals(table.parentBadge(table.named(derived)!.row), 7);
  assertEquals(table.named(table.root(APP, { kind: "domain", object: 2 }))!.row.badge, 0);
  assertEquals(table.ofBadge(0), undefined);
  table.drop(APP, derived);
  assertEquals(table.ofBadge(badges[1]!), undefined);
});

Deno.test("a handle is worth nothing to anyone but its owner, nor after its end", () => {
  const table = tableOf();
  const mine = table.root(APP, { kind: "endpoint", object: 4 });
  const stale = table.derive(APP, mine);
  table.drop(APP, stale);
  const successor = table.derive(APP, mine);
  assertEquals(indexOf(successor), indexOf(stale), "the row is used again");

  assertRefused("EBADF", () => table.lookup(SERVER, mine, "call"));
  assertRefused("EBADF", () => table.lookup(APP, stale, "call"));
  assertRefused("EBADF", () => table.lookup(APP, mine, "call", "segment"));
  const guesses = [0, -1, 1.5, NaN, Infinity, 2 ** 53, mine + 1, mine - 1, mine + 16, mine * 2];
  for (const guess of guesses) assertRefused("EBADF", () => table.lookup(APP, guess, "call"));
  for (let index = 0; index < 16; index++) {
    for (let serial = 0; serial < 8; serial++) {
      const guess = handleOf(index, serial);
      assertRefused("EBADF", () => table.derive(OTHER, guess));
      assertRefused("EBADF", () => table.drop(OTHER, guess));
      assertRefused("EBADF", () => table.revoke(OTHER, guess));
      assertRefused("EBADF", () => table.accept(OTHER, guess, VIA));
    }
  }
});

Deno.test("a grant is an offer, good for its receiver over its channel alone", () => {
  const table = tableOf();
  const volume = table.root(APP, { kind: "endpoint", object: 4 });
  const [offer] = table.grant(APP, [volume], { receiver: SERVER, via: VIA });

  assertRefused("EBADF", () => table.lookup(SERVER, offer!, "call"));
  assertRefused("EBADF", () => table.lookup(APP, offer!, "call"));
  assertRefused("EBADF", () => table.accept(OTHER, offer!, VIA));
  assertRefused("EBADF", () => table.accept(APP, offer!, VIA));
  assertRefused("EPERM", () => table.accept(SERVER, offer!, VIA + 1));
  assertRefused("EPERM", () => table.accept(SERVER, offer!, 0));

  assertEquals(table.accept(SERVER, offer!, VIA).row.object, 4);
  assertEquals(table.accept(SERVER, offer!, VIA).handle, offer, "again: the same");
  assertRefused("EPERM", () => table.accept(SERVER, offer!, VIA + 1));
  assertEquals(table.lookup(SERVER, offer!, "call").row.owner, SERVER);
});

Deno.test("a deputy that accepts by its client's badge cannot be made to use its own authority", () => {
  const table = tableOf();
  const own = table.root(SERVER, { kind: "endpoint", object: 5 });
  const volume = table.root(APP, { kind: "endpoint", object: 4 });
  const [offer] = table.grant(APP, [volume], { receiver: SERVER, via: VIA });
  table.accept(SERVER, offer!, VIA);

  // Another client, over channel 78, names the deputy's own capability and the app's.
  assertRefused("EPERM", () => table.accept(SERVER, own, 78));
  assertRefused("EPERM", () => table.accept(SERVER, offer!, 78));
});

Deno.test("a grant is all or nothing", () => {
  const rows = new MemoryRows<CapabilityRow>(16);
  const table = tableOf(rows);
  const good = table.root(APP, { kind: "endpoint", object: 4 });
  const bare = table.derive(APP, good, { rights: RIGHT.call });
  const others = table.root(OTHER, { kind: "endpoint", object: 4 });
  const before = rows.copy();
  const path = { receiver: SERVER, via: VIA };

  assertRefused("EPERM", () => table.grant(APP, [good, bare], path));
  assertRefused("EBADF", () => table.grant(APP, [good, others], path));
  assertRefused("EINVAL", () => table.grant(APP, [good, good], path));
  assertRefused("EINVAL", () => table.grant(APP, [], path));
  assertRefused("EINVAL", () => table.grant(APP, [good], { receiver: APP, via: VIA }));
  const many = Array.from({ length: 5 }, () => table.derive(APP, good));
  const filled = rows.copy();
  assertRefused("EMFILE", () => table.grant(APP, many, path));
  assertEquals(rows.copy(), filled);
  for (const handle of many) table.drop(APP, handle);
  assertEquals(rows.copy().slice(1), before.slice(1));
});

Deno.test("a grant for which the badges do not suffice changes nothing", () => {
  const rows = new MemoryRows<CapabilityRow>(16);
  let left = 3;
  const table = new CapabilityTable(rows, () => {
    if (left === 0) throw new OsError("ENFILE", "number another channel");
    return left--;
  }, LIMITS);
  const volume = table.root(APP, { kind: "endpoint", object: 4 });
  const pair = [volume, table.derive(APP, volume)];
  const before = rows.copy();

  assertRefused("ENFILE", () => table.grant(APP, pair, { receiver: SERVER, via: VIA }));

  assertEquals(rows.copy(), before);
});

Deno.test("revoke ends the whole subtree, whoever holds it, and nothing beside it", () => {
  const table = tableOf();
  const volume = table.root(APP, { kind: "endpoint", object: 4 });
  const kept = table.derive(APP, volume);
  const lent = table.derive(APP, volume);
  const [server] = table.grant(APP, [lent], { receiver: SERVER, via: VIA });
  table.accept(SERVER, server!, VIA);
  const [other] = table.grant(SERVER, [server!], { receiver: OTHER, via: 5 });

  const ended = table.revoke(APP, lent).map(({ handle }) => handle);

  assertEquals(ended, [other, server], "children before their parents");
  assertRefused("EBADF", () => table.lookup(SERVER, server!, "call"));
  assertRefused("EBADF", () => table.accept(OTHER, other!, 5));
  assertEquals(table.lookup(APP, lent, "call").handle, lent);
  assertEquals(table.lookup(APP, kept, "call").handle, kept);
  assertEquals(table.revoke(APP, lent), []);
});

Deno.test("drop takes what hangs on a capability with it, which needs the right to revoke", () => {
  const table = tableOf();
  const volume = table.root(APP, { kind: "endpoint", object: 4 });
  const lent = table.derive(APP, volume, { rights: rightsOf(["call", "grant"]) });
  const [offer] = table.grant(APP, [lent], { receiver: SERVER, via: VIA });

  assertRefused("EPERM", () => table.drop(APP, lent));
  assertEquals(table.drop(SERVER, offer!).length, 1, "an offer can be refused");
  assertEquals(table.drop(APP, lent).map(({ handle }) => handle), [lent]);
  const [again] = table.grant(APP, [volume], { receiver: SERVER, via: VIA });
  assertEquals(table.drop(APP, volume).map(({ handle }) => handle), [again, volume]);
});

Deno.test("what a domain held ends with it, and what hung on that", () => {
  const table = tableOf();
  const volume = table.root(APP, { kind: "endpoint", object: 4 });
  const [server] = table.grant(APP, [volume], { receiver: SERVER, via: VIA });
  table.accept(SERVER, server!, VIA);
  const [back] = table.grant(SERVER, [server!], { receiver: APP, via: VIA });
  table.accept(APP, back!, VIA);

  assertEquals(table.dropOwner(SERVER).map(({ handle }) => handle), [back, server]);
  assertEquals([...table.held(APP)].map(({ handle }) => handle), [volume]);
  assertEquals(table.dropOwner(APP).length, 1);
  assertEquals([...table.all()], []);
});

Deno.test("no domain can fill the table, nor another's share", () => {
  const table = tableOf();
  const volume = table.root(APP, { kind: "endpoint", object: 4 });
  const offers = Array.from(
    { length: 7 },
    () => table.grant(APP, [volume], { receiver: SERVER, via: VIA })[0]!,
  );
  assertRefused("EMFILE", () => table.derive(APP, volume));

  // Offers fill the giver's share. Others' reserves stay free whatever two of them do together.
  const own = table.root(SERVER, { kind: "endpoint", object: 5 });
  const more = [own, table.derive(SERVER, own), table.derive(SERVER, own)];
  assertRefused("ENFILE", () => table.derive(SERVER, own));
  for (const owner of [0, OTHER]) {
    table.root(owner, { kind: "domain", object: 1 });
    table.root(owner, { kind: "domain", object: 1 });
    assertRefused("ENFILE", () => table.root(owner, { kind: "domain", object: 1 }));
  }
  table.accept(SERVER, offers[0]!, VIA); // What the giver paid for, the receiver pays for now.
  assertRefused("ENFILE", () => table.derive(APP, volume));
  table.drop(SERVER, more[2]!);
  table.derive(APP, volume);
  assertRefused("EMFILE", () => table.derive(APP, volume));
});

Deno.test("no domain can take all channels or all segments", () => {
  const few = { rows: 4, owners: 4, reserved: 1, held: 3 };
  const limits = {
    ...TABLE_LIMITS,
    channels: { ...few, what: "channels" },
    segments: { ...few, held: 1, what: "segments" },
  };
  const rows = new MemoryRows<CapabilityRow>(4096);
  let badge = 0;
  const table = new CapabilityTable(rows, () => ++badge, limits);
  const connect = (owner: number, handle: Handle) => {
    const entry = table.lookup(owner, handle, "call");
    table.checkChannel(entry);
    table.setInUse(entry);
  };
  const volume = table.root(APP, { kind: "endpoint", object: 4 });
  connect(APP, volume); // The manifest's own does not count.
  const first = table.derive(APP, volume);
  connect(APP, first);
  connect(APP, first);
  assertRefused("ENFILE", () => connect(APP, table.derive(APP, volume)));
  const [offer] = table.grant(APP, [volume], { receiver: SERVER, via: VIA });
  table.accept(SERVER, offer!, VIA);
  connect(SERVER, offer!);
  table.drop(APP, first);
  connect(APP, table.derive(APP, volume));

  table.checkSegment(APP, 4096);
  const window = table.root(APP, { kind: "segment", object: 1, byteLength: 4096 });
  assertRefused("EMFILE", () => table.checkSegment(APP, 1));
  const successor = new CapabilityTable(rows, () => ++badge, limits);
  assertRefused("EMFILE", () => successor.checkSegment(APP, 1));
  assertRefused(
    "ENFILE",
    () => successor.checkChannel(successor.named(successor.derive(APP, volume))!),
  );
  successor.drop(APP, window);
  successor.checkSegment(APP, 1);
});

Deno.test("a serial is never given twice: when they are used up, no more are given", () => {
  const rows = new MemoryRows<CapabilityRow>(16);
  rows.put(0, counterRow(SERIAL_MAX - 2));
  const table = tableOf(rows);
  const volume = table.root(APP, { kind: "endpoint", object: 4 });
  const window = table.root(APP, { kind: "segment", object: 4 });
  const path = { receiver: SERVER, via: VIA };

  assertRefused("ENFILE", () => table.derive(APP, volume));
  assertRefused("ENFILE", () => table.grant(APP, [volume], path));
  table.drop(APP, window);
  assertRefused("ENFILE", () => table.derive(APP, volume));
  assertEquals([serialOf(volume), serialOf(window)], [SERIAL_MAX - 1, SERIAL_MAX]);
});

Deno.test("a successor finds the table as it was left", () => {
  const rows = new MemoryRows<CapabilityRow>(16);
  const table = tableOf(rows);
  const volume = table.root(APP, { kind: "endpoint", object: 4 });
  const lent = table.derive(APP, volume, { operations: maskOf([2]) });
  const [offer] = table.grant(APP, [lent], { receiver: SERVER, via: VIA });
  const [taken] = table.grant(APP, [lent], { receiver: SERVER, via: VIA });
  table.accept(SERVER, taken!, VIA);
  const window = table.root(APP, { kind: "segment", object: 3, byteLength: 4096 });
  const before = [...table.all()];

  const successor = tableOf(rows);

  assertEquals([...successor.all()], before);
  assertEquals(successor.segmentBytes(APP), 4096);
  assertEquals(successor.accept(SERVER, offer!, VIA).handle, offer);
  assertEquals(serialOf(successor.derive(APP, window)), serialOf(window) + 1);
  assertEquals(successor.ofBadge(before[1]!.row.badge)!.handle, lent);
  assertEquals(successor.revoke(APP, lent).length, 2);
  assertEquals([...successor.held(SERVER)], []);
});

Deno.test("handles are safe integers up to the last one", () => {
  const last: Handle = handleOf(4095, SERIAL_MAX);
  assertEquals(last, Number.MAX_SAFE_INTEGER);
  assertEquals([indexOf(last), serialOf(last)], [4095, SERIAL_MAX]);
  const low = handleOf(17, 1);
  assertEquals([indexOf(low), serialOf(low)], [17, 1]);
});
