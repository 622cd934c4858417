import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ERRNO, OsError } from "./errno.ts";
import { SLOT_COUNT } from "./limits.ts";
import { serveBlocking, type Serving } from "./loop.ts";
import { attach, clientOf, pair, plainWaiter } from "./pair_fixture.ts";
import type { Later, RequestContext } from "./protocol.ts";
import { ChannelServer } from "./server.ts";
import { Channel } from "./channel.ts";
import { Doorbell } from "./doorbell.ts";

Deno.test("what is posted is collected in any order, errors as numbers, once", () => {
  const { client, server } = pair();
  const tickets = [1, 2, 3].map((value) => client.post("number", { value }));
  assertEquals(tickets.map((ticket) => client.collect(ticket)), [undefined, undefined, undefined]);
  assertEquals(client.room, SLOT_COUNT - 3);
  server.serve();
  assertEquals([2, 0, 1].map((index) => client.collect(tickets[index]!)), [3, 1, 2]);
  assertEquals(client.room, SLOT_COUNT);
  assertThrows(() => client.collect(tickets[0]!), RangeError, "not posted");
});

Deno.test("calls go on between what is posted, and a full channel says EAGAIN", () => {
  const { client, server } = pair();
  const first = client.post("number", { value: 1 });
  assertEquals(client.callSync("number", { value: 2 }), 2);
  assertEquals(client.collect(first), 1);
  for (let value = 0; value < SLOT_COUNT; value++) client.post("number", { value });
  assertEquals(client.room, 0);
  assertThrows(() => client.post("number", { value: 0 }), OsError, "EAGAIN");
  while (server.serve() > 0);
});

Deno.test("awaitAny() waits until one of several is answered, or its time is over", () => {
  const { channel, bell, server } = pair();
  let waits = 0;
  const beginSleep = () => {
    if (++waits === 3) server.serve();
  };
  const client = clientOf(channel, bell, plainWaiter({ sleepMsMax: 1, beginSleep }));
  client.awaitAny();
  assertEquals(waits, 0, "nothing posted is nothing to wait for");
  const ticket = client.post("number", { value: 5 });
  client.awaitAny(2);
  assertEquals([waits, client.collect(ticket)], [2, undefined]);
  client.awaitAny();
  assertEquals([waits, client.collect(ticket)], [3, 5]);
});

Deno.test("a closed channel is told to who collects and to who waits", () => {
  const { channel, bell } = pair();
  const client = clientOf(channel, bell, plainWaiter());
  const ticket = client.post("number", { value: 1 });
  channel.close(ERRNO.EHOSTDOWN);
  assertThrows(() => client.collect(ticket), OsError, "EHOSTDOWN");
  assertThrows(() => client.awaitAny(), OsError, "EHOSTDOWN");
});

Deno.test("alike requests of a turn are rung for together, and none is left out", () => {
  const channel = Channel.create(0, 1);
  const bell = Doorbell.create();
  const windows = { segmentOf: () => 0, segment: () => undefined };
  const server = new ChannelServer(bell, { waiter: plainWaiter(), windows });
  const rung: boolean[] = [];
  const number = ({ value }: { readonly value?: unknown }) => {
    rung.push(!channel.clientSleeps);
    channel.core.announce(); // The client falls asleep again, whatever it has been told.
    return value;
  };
  attach(server, channel, { number, later: number });
  const client = clientOf(channel, bell, plainWaiter());
  channel.core.announce();
  for (const value of [1, 2, 3, 4]) client.post("number", { value });
  client.post("later", { value: 5 });
  server.serve();
  assertEquals(
    rung,
    [false, true, false, false, true],
    "the first, and before one of another kind",
  );
  assertEquals(channel.clientSleeps, false, "the others are rung for at the end");
});

/** A server whose `later` answers when it is told to. */
function deferring() {
  const channel = Channel.create(0, 1);
  const bell = Doorbell.create();
  const server = new ChannelServer(bell, {
    waiter: plainWaiter(),
    windows: { segmentOf: () => 0, segment: () => undefined },
  });
  const laters: Later[] = [];
  const late = (_: unknown, context: RequestContext) => {
    const later = context.later();
    laters.push(later);
    return later;
  };
  const served = attach(server, channel, { later: late, number: ({ value }) => value });
  const client = clientOf(channel, bell, plainWaiter());
  return { channel, server, client, laters, served, late };
}

Deno.test("a request is answered later, out of order, while others are served", () => {
  const { client, server, laters } = deferring();
  const tickets = [0, 1].map((value) => client.post("later", { value }));
  const quick = client.post("number", { value: 7 });
  server.serve();
  assertEquals([laters.length, client.collect(quick)], [2, 7]);
  laters[1]!.answer(11);
  assertEquals(tickets.map((ticket) => client.collect(ticket)), [undefined, 11]);
  laters[0]!.answer(-ERRNO.EIO);
  assertEquals(client.collect(tickets[0]!), -ERRNO.EIO);
  assertThrows(() => laters[0]!.answer(1), Error, "once");
});

Deno.test("who answers later is told that nobody waits any more", async () => {
  const { client, server, laters } = deferring();
  const abort = new AbortController();
  const abandoned = client.call("later", { value: 1 }, { signal: abort.signal });
  const ticket = client.post("later", { value: 2 });
  server.serve();
  assertEquals(laters.map((later) => later.isAbandoned()), [false, false]);
  abort.abort();
  await assertRejects(() => abandoned, OsError, "ECANCELED");
  assertEquals(laters.map((later) => later.isAbandoned()), [true, false]);
  for (const later of laters) later.answer(3);
  assertEquals(client.collect(ticket), 3);
  assertEquals(client.room, SLOT_COUNT);
});

Deno.test("what was not answered is done again by the successor; the late answer counts for nothing", () => {
  const { channel, client, server, laters, served, late } = deferring();
  const ticket = client.post("later", { value: 1 });
  server.serve();
  server.detach(served);
  channel.fence(2);
  laters[0]!.answer(1);
  assertEquals(client.collect(ticket), undefined);
  const handlers = { later: late, number: () => 0 };
  const bell = Doorbell.create();
  const windows = { segmentOf: () => 0, segment: () => undefined };
  const successor = new ChannelServer(bell, { waiter: plainWaiter(), windows });
  attach(successor, channel, handlers, { epoch: 2 });
  successor.serve();
  laters[1]!.answer(2);
  assertEquals(client.collect(ticket), 2);
});

Deno.test("a blocking loop waits for its background, and hears requests in between", () => {
  const { client, server, laters } = deferring();
  const first = client.post("later", { value: 1 });
  let quick = -1;
  let waits = 0;
  let answer: number | undefined;
  const work = {
    turn() {
      answer = laters.length > 0 && waits > 1 ? client.collect(first) : undefined;
      return answer === undefined ? 0 : 1;
    },
    get isWaiting() {
      return laters.length > 0;
    },
    wait() {
      if (++waits === 1) quick = client.post("number", { value: 3 });
      else laters[0]!.answer(9);
    },
  };
  const serving: Serving = { work, proceed: () => answer === undefined, progressed() {} };
  serveBlocking(server, serving);
  assertEquals([waits, answer, client.collect(quick)], [2, 9, 3]);
});
