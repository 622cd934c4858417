import { assertEquals, assertThrows } from "@std/assert";
import { Channel, slotWord, TAKEN_AT } from "./channel.ts";
import { Doorbell } from "./doorbell.ts";
import { OsError } from "./errno.ts";
import { attach, clientOf, plainWaiter } from "./pair_fixture.ts";
import { ChannelServer } from "./server.ts";

const windows = { segmentOf: () => 0, segment: () => undefined };

/** Two channels whose server takes requests of `later` and answers none of them. */
function twoChannels() {
  const bell = Doorbell.create();
  const channels = [Channel.create(0, 1), Channel.create(0, 1)];
  const clients = channels.map((channel) => clientOf(channel, bell, plainWaiter()));
  const dying = new ChannelServer(bell, { waiter: plainWaiter(), windows });
  const late = (_: unknown, context: { later(): unknown }) => context.later();
  for (const [index, channel] of channels.entries()) {
    attach(dying, channel, { later: late, number: ({ value }) => value }, { badge: index + 1 });
  }
  return { bell, channels, clients, dying };
}

/** A successor on both channels, and the values of the requests in the order of their handlers. */
function successor(channels: readonly Channel[], bell: Doorbell, epoch = 2) {
  for (const channel of channels) channel.fence(epoch);
  const server = new ChannelServer(bell, { waiter: plainWaiter(), windows });
  const seen: unknown[] = [];
  const note = ({ value }: { readonly value?: unknown }) => {
    seen.push(value);
    return value;
  };
  for (const [index, channel] of channels.entries()) {
    attach(server, channel, { later: note, number: note }, { badge: index + 1, epoch });
  }
  return { server, seen };
}

Deno.test("a successor does what was begun, in all channels, before what was not", () => {
  const { bell, channels, clients, dying } = twoChannels();
  clients[1]!.post("later", { value: 10 });
  clients[1]!.post("number", { value: 11 });
  clients[1]!.post("later", { value: 12 });
  dying.serve();
  clients[0]!.post("number", { value: 1 });
  clients[1]!.post("number", { value: 13 });
  const { server, seen } = successor(channels, bell);
  let done = 0;
  server.resume(() => done++);
  assertEquals([seen, done], [[10, 12], 2]);
  server.serve();
  assertEquals(seen, [10, 12, 1, 13]);
});

Deno.test("what was begun is done in the order in which it was taken, over any number of deaths", () => {
  const { bell, channels, clients, dying } = twoChannels();
  for (const [client, value] of [[1, 10], [0, 1], [1, 11], [0, 2]] as const) {
    clients[client]!.post("later", { value });
    dying.serve();
  }
  for (const epoch of [2, 3]) { // This one takes all of it, and dies in its first handler.
    for (const channel of channels) channel.fence(epoch);
    const server = new ChannelServer(bell, { waiter: plainWaiter(), windows });
    const later = (): never => {
      throw new Error("it dies");
    };
    for (const channel of channels) attach(server, channel, { later }, { epoch });
    assertThrows(() => server.resume(() => {}), Error, "it dies");
  }
  clients[0]!.post("number", { value: 3 });
  const { server, seen } = successor(channels, bell, 4);
  server.resume(() => {});
  assertEquals(seen, [10, 1, 11, 2]);
});

Deno.test("a client that changes the order of taking changes the place of its own requests alone", () => {
  const { bell, channels, clients, dying } = twoChannels();
  for (const value of [1, 2, 3]) {
    for (const client of [1, 0]) {
      clients[client]!.post("later", { value: 10 * client + value });
      dying.serve();
    }
  }
  for (const sequence of [0, 1, 2]) {
    channels[0]!.words[slotWord(sequence) + TAKEN_AT] = [0x7fff_ffff, -1, 0][sequence]!;
  }
  const { server, seen } = successor(channels, bell);
  server.resume(() => {});
  assertEquals(seen, [11, 12, 13, 1, 2, 3]);
});

Deno.test("what was begun stays so when its successor dies before it takes it", () => {
  const { bell, channels, clients, dying } = twoChannels();
  clients[1]!.post("later", { value: 10 });
  dying.serve();
  clients[0]!.post("number", { value: 1 });
  successor(channels, bell, 2);
  const { server, seen } = successor(channels, bell, 3);
  server.resume(() => {});
  assertEquals(seen, [10]);
});

Deno.test("whoever gives up what a dead server had begun is told so, and has the slot back", () => {
  const { bell, channels, clients, dying } = twoChannels();
  const waiter = plainWaiter({
    sleepMsMax: 0,
    nowMs: () => channels[0]!.epoch,
    beginSleep() {
      dying.serve();
      channels[0]!.fence(7);
    },
  });
  const client = clientOf(channels[0]!, bell, waiter);
  const call = () => client.callSync("later", { value: 1 }, { timeoutMs: 5 });
  assertThrows(call, OsError, "begun by a server that died");
  assertEquals(channels[0]!.slotsInUse(), 0);
  void clients;
});
