import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { i32 } from "./field.ts";
import { OsError } from "./errno.ts";
import { defineProtocol } from "./protocol.ts";
import { closeChannel, connect, createChannel, serve, serveSync } from "./standalone.ts";
import { Adder, type AdderOrder } from "./standalone_adder.ts";

/** A worker that serves as ordered. */
function adderWorker(order: AdderOrder): Worker {
  const worker = new Worker(new URL("./standalone_adder_worker.ts", import.meta.url), {
    type: "module",
    deno: { permissions: "none" },
  });
  worker.postMessage(order);
  return worker;
}

for (const loop of ["blocking", "evented"] as const) {
  Deno.test(`two workers need a channel, a client and an ${loop} server`, async () => {
    const channel = createChannel();
    const worker = adderWorker({ channels: [channel], loop });
    const adder = await connect(Adder, channel);

    assertEquals(adder.callSync("add", { a: 1, b: 2 }), 3);
    assertEquals(await adder.call("add", { a: 3, b: 4 }), 7);
    adder.send("count", { by: 5 });
    assertEquals(adder.callSync("counted", {}), 5);

    closeChannel(channel);
    assertThrows(() => adder.callSync("add", { a: 1, b: 2 }), OsError, "EPIPE");
    worker.terminate();
  });

  Deno.test(`an ${loop} successor answers what its predecessor left, once and in order`, async () => {
    const channel = createChannel();
    const ended = adderWorker({ channels: [channel], loop, hangAt: 3 });
    const adder = await connect(Adder, channel);
    const answers = [0, 1, 2, 3, 4, 5].map((a) => adder.call("add", { a, b: 1 }));
    assertEquals(await Promise.all(answers.slice(0, 3)), [1, 2, 3]);
    ended.terminate();

    const successor = adderWorker({ channels: [channel], loop });
    assertEquals(await Promise.all(answers), [1, 2, 3, 4, 5, 6]);
    closeChannel(channel);
    successor.terminate();
  });
}

Deno.test("one server serves channels made beside each other", async () => {
  const first = createChannel();
  const channels = [first, createChannel({ beside: first }), createChannel({ beside: first })];
  assertEquals(channels.map(({ index }) => index), [0, 1, 2]);
  const worker = adderWorker({ channels, loop: "blocking" });
  const adders = await Promise.all(channels.map((channel) => connect(Adder, channel)));

  const sums = await Promise.all(adders.map((adder, a) => adder.call("add", { a, b: 10 })));
  assertEquals(sums, [10, 11, 12]);
  closeChannel(channels[1]!);
  assertEquals(adders[2]!.callSync("add", { a: 1, b: 1 }), 2, "the others are served on");
  channels.forEach(closeChannel);
  worker.terminate();
});

Deno.test("channels that share no bell are not served together", async () => {
  const channels = [createChannel(), createChannel()];
  const handlers = { add: () => 0, count: () => {}, counted: () => 0 };
  await assertRejects(() => serve(Adder, channels, handlers), TypeError, "beside each other");
  assertThrows(() => serveSync(Adder, [], handlers), TypeError, "no channel");
});

Deno.test("who speaks another version or protocol is refused with both named", async () => {
  const channel = createChannel();
  const operations = {
    add: { code: 1, request: { a: i32 }, errors: [], idempotent: true },
  } as const;
  const newer = defineProtocol("adder", 2, operations);
  const other = defineProtocol("painter", 1, operations);
  const served = serve(Adder, channel, { add: () => 0, count: () => {}, counted: () => 0 });

  const wrong =
    "EPROTONOSUPPORT: protocol version not supported, speak adder version 2 to a server, " +
    "which speaks adder version 1";
  await assertRejects(() => connect(newer, channel), OsError, wrong);
  await assertRejects(() => connect(other, channel), OsError, "adder version 1");
  await assertRejects(
    () => serve(newer, channel, { add: () => 0 }),
    OsError,
    "speak adder version 2 to a client, which speaks adder version 1",
  );
  closeChannel(channel);
  await served;
});

Deno.test("connect() gives up where nobody serves, and where the channel is closed", async () => {
  const channel = createChannel();
  const limit = { timeoutMs: 5 };
  await assertRejects(() => connect(Adder, channel, limit), OsError, "nobody serves it");
  closeChannel(channel);
  await assertRejects(() => connect(Adder, channel), OsError, "EPIPE");
});

Deno.test("a handler that throws ends serve(), and the next one goes on", async () => {
  const channel = createChannel();
  let fails = true;
  const handlers = {
    add({ a, b }: { a: number; b: number }) {
      if (fails) throw new Error("broken");
      return a + b;
    },
    count: () => {},
    counted: () => 0,
  };
  const first = serve(Adder, channel, handlers);
  const adder = await connect(Adder, channel);
  const answer = adder.call("add", { a: 1, b: 2 });
  await assertRejects(() => first, Error, "broken");

  fails = false;
  const second = serve(Adder, channel, handlers);
  assertEquals(await answer, 3);
  closeChannel(channel);
  await second;
});

Deno.test("a promise of a handler that comes to nothing ends serve(), too", async () => {
  const channel = createChannel();
  const add = async () => await Promise.reject(new Error("broken later"));
  const served = serve(Adder, channel, { add, count: () => {}, counted: () => 0 });
  const adder = await connect(Adder, channel);
  const answer = adder.call("add", { a: 1, b: 2 });
  await assertRejects(() => served, Error, "broken later");
  closeChannel(channel);
  await assertRejects(() => answer, OsError, "EPIPE");
});

Deno.test("a server whose channel another takes over stops by itself", async () => {
  const channel = createChannel();
  const handlers = (value: number) => ({ add: () => value, count: () => {}, counted: () => 0 });
  const first = serve(Adder, channel, handlers(1));
  const adder = await connect(Adder, channel);
  assertEquals(await adder.call("add", { a: 0, b: 0 }), 1);
  const second = serve(Adder, channel, handlers(2));
  await first;
  assertEquals(await adder.call("add", { a: 0, b: 0 }), 2);
  closeChannel(channel);
  await second;
});
