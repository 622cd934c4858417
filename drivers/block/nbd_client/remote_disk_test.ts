import { assertEquals, assertRejects } from "@std/assert";
import { ERRNO, OsError } from "@hako/ipc";
import { COMMAND, NBD_ERROR, TRANSMISSION_FLAG } from "../../nbd/wire.ts";
import { testBlockDevice, testReadOnlyDevice } from "../conformance.ts";
import { DISK_FLAG } from "../protocol.ts";
import { ExportLink } from "./export_link.ts";
import { asker, BLOCK, filled, handlersOf, type How, LIMITS, ME, rig } from "./test_rig.ts";
import { FakeClock, FakeServer, type FakeServerOptions, settled } from "./test_server.ts";

const { HAS_FLAGS, READ_ONLY, SEND_FLUSH, SEND_FUA, SEND_TRIM, SEND_WRITE_ZEROES } =
  TRANSMISSION_FLAG;
const FULL = DISK_FLAG.FAST_ZERO | DISK_FLAG.DISCARDS;
const SERVERS: readonly [string, FakeServerOptions, number][] = [
  ["with chunks", {}, FULL],
  ["without chunks", { structured: false }, FULL],
  ["that takes little at once", { sizes: { least: 512, most: 4096 * 3 } }, FULL],
  ["that can only read, write and flush", { flags: HAS_FLAGS | SEND_FLUSH }, 0],
  ["that knows FUA and no FLUSH", { flags: HAS_FLAGS | SEND_FUA }, 0],
];
for (const [what, options, flags] of SERVERS) {
  testBlockDevice(`an export of a server ${what}`, async () => {
    const made = await rig(options);
    return {
      disk: handlersOf(made.disk),
      flags,
      [Symbol.asyncDispose]: () => made[Symbol.asyncDispose](),
    };
  });
}
testReadOnlyDevice("a read-only export", async () => {
  const made = await rig({ flags: HAS_FLAGS | READ_ONLY });
  return {
    disk: handlersOf(made.disk),
    flags: DISK_FLAG.READ_ONLY,
    [Symbol.asyncDispose]: () => made[Symbol.asyncDispose](),
  };
});
testReadOnlyDevice("an export that is used read-only", async () => {
  const made = await rig({}, { readOnly: true });
  return {
    disk: handlersOf(made.disk),
    flags: DISK_FLAG.READ_ONLY | FULL,
    [Symbol.asyncDispose]: () => made[Symbol.asyncDispose](),
  };
});

Deno.test("many requests are under way, and answered in any order", async () => {
  await using made = await rig();
  const { server, disk } = made;
  server.hold();
  const writes = Array.from({ length: 16 }, (_, first) => {
    return disk.write({ first, count: 1, source: filled(1, first + 1) }, ME);
  });
  await server.heard(16);
  await server.release((answers) => answers.reverse());
  assertEquals(await Promise.all(writes), Array(16).fill(1));
  assertEquals([0, 7, 15].map((block) => server.cache[block * BLOCK]), [1, 8, 16]);
});

Deno.test("what overlaps waits, and what does not is not held up", async () => {
  await using made = await rig();
  const { server, disk } = made;
  server.hold();
  const first = disk.write({ first: 0, count: 2, source: filled(2, 1) }, ME);
  const second = disk.write({ first: 1, count: 2, source: filled(2, 2) }, ME);
  const beside = disk.read({ first: 9, count: 1, target: filled(1, 0) }, ME);
  await server.heard(2);
  await settled();
  assertEquals(server.asked.map(({ offset }) => offset / BLOCK), [0, 9]);
  await server.release();
  assertEquals(await Promise.all([first, second, beside]), [2, 2, 1]);
});

for (const when of ["before", "after"] as const) {
  Deno.test(`requests are sent again when the server hangs up ${when} doing one`, async () => {
    await using made = await rig();
    const { server, disk, losses } = made;
    let left = 3;
    server.hangsUpAt = ({ command }) => command === COMMAND.WRITE && left-- > 0 ? when : undefined;
    const target = filled(16, 99);
    const answers = await Promise.all([
      disk.write({ first: 0, count: 4, source: filled(4, 1) }, ME),
      disk.write({ first: 3, count: 2, source: filled(2, 2) }, ME),
      disk.zero({ first: 4, count: 1 }, ME),
      disk.write({ first: 10, count: 1, source: filled(1, 3) }, ME),
      disk.read({ first: 0, count: 16, target }, ME),
      made.clock.advance(1_000),
    ]);
    assertEquals(answers.slice(0, 5), [4, 2, 1, 1, 16]);
    assertEquals(losses.length, 3);
    const values = Array.from({ length: 11 }, (_, block) => target[block * BLOCK]);
    assertEquals(values, [1, 1, 1, 2, 0, 0, 0, 0, 0, 0, 3]);
  });
}

Deno.test("a flush fails once when a server died over what it had acknowledged", async () => {
  await using made = await rig();
  const { server, disk, word } = made;
  assertEquals(await disk.write({ first: 0, count: 1, source: filled(1, 1) }, ME), 1);
  assertEquals(word[0], 1);
  server.die();
  await settled();
  assertEquals(await disk.flush({}, ME), -ERRNO.EIO);
  assertEquals(server.medium[0], 0, "it was lost, indeed");
  assertEquals(word[0], 0);
  assertEquals(await disk.write({ first: 0, count: 1, source: filled(1, 2) }, ME), 1);
  assertEquals(await disk.flush({}, ME), 0);
  assertEquals([server.medium[0], word[0]], [2, 0]);
});

Deno.test("a flush that was under way when the connection broke does not say that all is well", async () => {
  await using made = await rig();
  const { server, disk } = made;
  await disk.write({ first: 0, count: 1, source: filled(1, 1) }, ME);
  server.errorOf = ({ command }) => command === COMMAND.FLUSH ? -1 : 0; // Never done.
  server.hangsUpAt = ({ command }) => command === COMMAND.FLUSH ? "before" : undefined;
  const flush = disk.flush({}, ME);
  await settled();
  server.hangsUpAt = () => undefined;
  server.errorOf = () => 0;
  assertEquals(await flush, -ERRNO.EIO);
});

Deno.test("a connection that breaks over nothing unflushed costs nothing", async () => {
  await using made = await rig();
  const { server, disk } = made;
  await disk.write({ first: 0, count: 1, source: filled(1, 1) }, ME);
  assertEquals(await disk.flush({}, ME), 0);
  server.cut();
  await settled();
  assertEquals(await disk.flush({}, ME), 0);
  const hangs = disk.flush({}, ME);
  server.cut();
  assertEquals(await hangs, 0);
});

Deno.test("a write that is acknowledged while a flush is under way is not covered by it", async () => {
  await using made = await rig();
  const { server, disk } = made;
  await disk.write({ first: 0, count: 1, source: filled(1, 1) }, ME);
  server.hold();
  const flush = disk.flush({}, ME);
  await server.heard(2);
  const write = disk.write({ first: 1, count: 1, source: filled(1, 2) }, ME);
  await server.heard(3);
  await server.release((answers) => answers.reverse());
  assertEquals([await write, await flush], [1, 0]);
  server.die();
  await settled();
  assertEquals(await disk.flush({}, ME), -ERRNO.EIO);
});

Deno.test("each client that wrote hears of a loss; so does the successor of one that died", async () => {
  await using made = await rig();
  const { server, disk } = made;
  const [one, two, idle, successor] = [asker(1), asker(2), asker(3), asker(4)];
  assertEquals(await disk.flush({}, idle), 0);
  await disk.write({ first: 0, count: 1, source: filled(1, 1) }, one);
  await disk.write({ first: 1, count: 1, source: filled(1, 1) }, two);
  server.die();
  await settled();
  assertEquals(await disk.flush({}, idle), 0);
  assertEquals(await disk.flush({}, one), -ERRNO.EIO);
  assertEquals(await disk.flush({}, one), 0);
  assertEquals(await disk.flush({}, successor), -ERRNO.EIO); // Of two, for all that is known.
  assertEquals(await disk.flush({}, successor), 0);
});

Deno.test("whoever trusts the server to keep what it acknowledged is not told", async () => {
  await using made = await rig({}, { trusted: true });
  await made.disk.write({ first: 0, count: 1, source: filled(1, 1) }, ME);
  made.server.cut();
  await settled();
  assertEquals(await made.disk.flush({}, ME), 0);
  assertEquals([made.server.medium[0], made.word[0]], [1, 0]);
});

Deno.test("with FUA nothing that was acknowledged can be lost", async () => {
  await using made = await rig({}, { fua: true });
  await made.disk.write({ first: 0, count: 1, source: filled(1, 1) }, ME);
  await made.disk.zero({ first: 1, count: 1 }, ME);
  made.server.die();
  await settled();
  assertEquals(await made.disk.flush({}, ME), 0);
  assertEquals(made.server.medium[0], 1);
});

Deno.test("a successor knows that its predecessor had unflushed writes", async () => {
  const word = new Int32Array(1);
  const server = new FakeServer();
  {
    await using made = await rig({}, { server, word });
    await made.disk.write({ first: 0, count: 1, source: filled(1, 1) }, ME);
  }
  await using made = await rig({}, { server, word });
  assertEquals(await made.disk.flush({}, ME), -ERRNO.EIO);
  assertEquals(await made.disk.flush({}, ME), 0);
  assertEquals(word[0], 0);
});

Deno.test("a flush that the server fails is a loss for all who wrote", async () => {
  await using made = await rig();
  const { server, disk } = made;
  await disk.write({ first: 0, count: 1, source: filled(1, 1) }, asker(1));
  await disk.write({ first: 1, count: 1, source: filled(1, 1) }, asker(2));
  server.errorOf = ({ command }) => command === COMMAND.FLUSH ? NBD_ERROR.ENOSPC : 0;
  assertEquals(await disk.flush({}, asker(1)), -ERRNO.ENOSPC);
  server.errorOf = () => 0;
  assertEquals(await disk.flush({}, asker(1)), 0);
  assertEquals(await disk.flush({}, asker(2)), -ERRNO.EIO);
});

Deno.test("errors of the server are told as the block protocol has them", async () => {
  await using made = await rig();
  const { server, disk } = made;
  const answers = [];
  for (const error of [NBD_ERROR.ENOSPC, NBD_ERROR.EPERM, NBD_ERROR.EIO, NBD_ERROR.EINVAL, 4711]) {
    server.errorOf = () => error;
    answers.push(await disk.write({ first: 1, count: 1, source: filled(1, 1) }, ME));
  }
  const { ENOSPC, EROFS, EIO } = ERRNO;
  assertEquals(answers, [-ENOSPC, -EROFS, -EIO, -EIO, -EIO]);
});

Deno.test("a server that is about to end is left, and the next one asked", async () => {
  await using made = await rig();
  const { server, disk } = made;
  let left = 2;
  server.errorOf = () => left-- > 0 ? NBD_ERROR.ESHUTDOWN : 0;
  assertEquals(await disk.write({ first: 0, count: 1, source: filled(1, 1) }, ME), 1);
  assertEquals(server.connections, 3);
});

Deno.test("what nobody waits for any more is not sent, neither first nor again", async () => {
  await using made = await rig();
  const { server, disk, clock } = made;
  server.hold();
  const [first, second] = [asker(), asker()];
  const sent = disk.write({ first: 0, count: 1, source: filled(1, 1) }, first);
  const behind = disk.write({ first: 0, count: 1, source: filled(1, 2) }, second);
  await server.heard(1);
  first.gone = true;
  second.gone = true;
  server.die();
  await clock.advance(1_000);
  assertEquals([await sent, await behind], [-ERRNO.ECANCELED, -ERRNO.ECANCELED]);
  assertEquals([server.connections, server.asked.length, server.cache[0]], [2, 1, 0]);
});

Deno.test("a server that stays away is waited for, up to a limit", async () => {
  await using made = await rig();
  const { server, disk, clock } = made;
  server.isDown = true;
  server.cut();
  const write = disk.write({ first: 0, count: 1, source: filled(1, 1) }, ME);
  await clock.advance(9_000);
  server.isDown = false;
  await clock.advance(1_000);
  assertEquals(await write, 1);
  server.isDown = true;
  server.cut();
  const [again, flush] = [
    disk.read({ first: 0, count: 1, target: filled(1, 0) }, ME),
    disk.flush({}, ME),
  ];
  await clock.advance(13_000);
  assertEquals([await again, await flush], [-ERRNO.EIO, -ERRNO.EIO]);
});

Deno.test("a silent server is left for a new connection, and requests given up in the end", async () => {
  await using made = await rig();
  const { server, disk, clock } = made;
  server.hold();
  const read = disk.read({ first: 0, count: 1, target: filled(1, 0) }, ME);
  await clock.advance(3_000);
  assertEquals(server.connections, 2);
  await clock.advance(10_000);
  assertEquals(await read, -ERRNO.EIO);
  await server.release();
  assertEquals(await disk.read({ first: 0, count: 1, target: filled(1, 0) }, ME), 1);
});

Deno.test("a successor that finds no server waits for it, up to the limit", async () => {
  const server = new FakeServer();
  server.isDown = true;
  await using made = await rig({}, { server, late: true });
  const { disk, clock } = made;
  const refused = assertRejects(() => disk.stat(), OsError, "EIO");
  const write = disk.write({ first: 0, count: 1, source: filled(1, 1) }, ME).catch(String);
  await clock.advance(12_000);
  await refused;
  assertEquals((await write).toString().startsWith("OsError: EIO"), true);
  const [stat, first, second] = [
    disk.stat(),
    disk.write({ first: 0, count: 1, source: filled(1, 1) }, ME),
    disk.write({ first: 0, count: 1, source: filled(1, 2) }, ME),
  ];
  await settled();
  server.isDown = false;
  await clock.advance(2_000);
  assertEquals([(await stat).blockCount, await first, await second], [16, 1, 1]);
  assertEquals(server.cache[0], 2);
});

Deno.test("an export that has changed is not written to", async () => {
  let server = new FakeServer();
  await using made = await rig({}, { server: { connect: () => server.connect() } });
  const { disk, clock } = made;
  const old = server;
  for (
    const options of [{ byteLength: 8 * BLOCK }, { flags: HAS_FLAGS | SEND_FLUSH }, {
      flags: HAS_FLAGS | READ_ONLY | SEND_FLUSH | SEND_FUA | SEND_TRIM | SEND_WRITE_ZEROES,
    }, { sizes: { least: 1, most: 8192 } }]
  ) {
    server = new FakeServer(options);
    old.cut();
    const write = disk.write({ first: 0, count: 1, source: filled(1, 1) }, ME);
    await clock.advance(13_000);
    assertEquals([await write, server.asked.length], [-ERRNO.EIO, 0]);
    assertEquals(server.connections > 3, true);
  }
  server = old;
  await clock.advance(1_000);
  assertEquals(await disk.write({ first: 0, count: 1, source: filled(1, 1) }, ME), 1);
});

Deno.test("exports that cannot be what is promised are refused", async () => {
  const bad: readonly [FakeServerOptions, How, string][] = [
    [{ sizes: { least: 8192, most: 65536 } }, {}, "its blocks have 8192 bytes"],
    [{ sizes: { least: 1, most: 2048 } }, {}, "it takes no more than 2048 bytes at once"],
    [{ sizes: { least: 3, most: 65536 } }, {}, "EPROTO"],
    [{ flags: HAS_FLAGS }, {}, "neither FLUSH nor FUA"],
    [{ flags: HAS_FLAGS | SEND_FLUSH }, { fua: true }, "does not know FUA"],
  ];
  for (const [options, how, says] of bad) {
    await assertRejects(() => rig(options, how), OsError, says);
  }
});

Deno.test("a server that never gets anywhere is given up", async () => {
  const clock = new FakeClock();
  const silent = {
    read: () =>
      new Promise<number>((_, reject) => silent.close = () => reject(new Error("closed"))),
    write: () => Promise.resolve(1),
    close: () => {},
  };
  const host = { nowMs: clock.nowMs, after: clock.after, connected() {}, lost() {} };
  const link = new ExportLink("", LIMITS, { ...host, connect: () => Promise.resolve(silent) });
  const refused = assertRejects(() => link.open(), OsError, "ETIMEDOUT");
  await clock.advance(1_000);
  await refused;
  const never = new ExportLink("", LIMITS, { ...host, connect: () => new Promise(() => {}) });
  const late = assertRejects(() => never.open(), OsError, "ETIMEDOUT");
  await clock.advance(1_000);
  await late;
});
