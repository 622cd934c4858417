import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  bytes,
  Channel,
  ChannelClient,
  ChannelServer,
  defineProtocol,
  Doorbell,
  ERRNO,
  i32,
  type Operations,
  OsError,
  type Protocol,
  u32,
  type UntypedHandler,
  utf8,
} from "@hako/ipc";
import { record } from "../../kernel/keeps/schema.ts";
import { openKeep } from "../../kernel/keeps/keep.ts";
import { Answers } from "../../kernel/keeps/answers.ts";
import { Transactions } from "../../kernel/keeps/transactions.ts";
import { plainWaiter } from "../../ipc/pair_fixture.ts";
import { freshImage, type Image } from "./world.ts";
import { Death, SteppedWords, Steps } from "./stepped_words.ts";

const operations = {
  add: { code: 1, request: { value: i32 }, errors: ["EIO", "EINVAL"], idempotent: false },
  draw: {
    code: 2,
    request: { name: utf8(40) },
    reply: { ticket: u32, a: u32, b: u32, c: u32, d: u32, name: utf8(40), stamp: bytes(7) },
    errors: [],
    idempotent: false,
  },
  note: { code: 3, request: { value: i32 }, oneWay: true, errors: [], idempotent: false },
} as const satisfies Operations;

const Till: Protocol<typeof operations> = defineProtocol("till", 1, operations);

const SCHEMA = { till: record({ sum: i32, tickets: u32, calls: u32 }) };

const windows = { segmentOf: () => 0, segment: () => undefined };

/** How a server is unlike others. */
interface Fate {
  /** The point at which it dies. */
  readonly diesAt?: string;
  /** It has no log of answers. */
  readonly forgets?: true;
}

/** What outlives servers. */
interface Lasting {
  readonly image: Image;
  readonly channel: Channel;
  readonly bell: Doorbell;
}

/** A server that dies before a store, or at the visit of a point. */
function live({ image, channel, bell }: Lasting, epoch: number, steps: Steps, fate: Fate = {}) {
  const { diesAt, forgets } = fate;
  channel.fence(epoch);
  const transactions = new Transactions(new SteppedWords("log", image.log, steps), () => {});
  const region = transactions.region(1, new SteppedWords("keep", image.keep, steps));
  const answers = transactions.region(2, new SteppedWords("answers", image.answers, steps));
  transactions.recover();
  const { till } = openKeep(region, SCHEMA);
  const point = (name: string): void => {
    if (name === diesAt) throw new Death(`at ${name}`);
  };
  const environment = { waiter: plainWaiter(), windows, changes: transactions };
  const server = new ChannelServer(bell, diesAt ? { ...environment, point } : environment);
  const change = (changes: object) => {
    till.put({ ...till.get(), calls: till.get().calls + 1, ...changes });
    return till.get();
  };
  const handlers: Record<string, UntypedHandler> = {
    add({ value }) {
      const { sum } = change({ sum: till.get().sum + (value as number) });
      if (value === 13) throw new OsError("EIO", "an unlucky number");
      return value === 0 ? -ERRNO.EINVAL : sum;
    },
    draw({ name }) {
      const { tickets } = change({ tickets: till.get().tickets + 1 });
      return { ticket: tickets, a: 1, b: 2, c: 3, d: 4, name, stamp: Uint8Array.of(tickets, 9) };
    },
    note: ({ value }) => void change({ sum: till.get().sum + (value as number) }),
  };
  const protocol = Till as unknown as Protocol<Operations>;
  const told = { epoch, badge: 1, index: 0, protocol, censusIndex: 0, handlers };
  server.attach({ channel, ...told, ...forgets ? {} : { answers: new Answers(answers) } });
  return { server, till };
}

/** Lets a server die, lets successors finish, and looks at what its client and the keep hold. */
async function serveWithDeath(stores: number, fate: Fate = {}): Promise<boolean> {
  const channel = Channel.create(0, 1);
  const lasting = { image: freshImage(), channel, bell: Doorbell.create() };
  const place = { bell: lasting.bell, index: 0, censusIndex: 0 };
  const client = new ChannelClient(Till, channel.memory, place, {
    waiter: plainWaiter(),
    windows,
  });
  const answers = [
    client.call("add", { value: 5 }),
    client.call("draw", { name: "ärmel" }),
    client.call("add", { value: 13 }).catch(({ code }: OsError) => code),
    client.call("add", { value: 0 }).catch(({ code }: OsError) => code),
    client.call("draw", { name: "" }),
    client.call("add", { value: 7 }),
  ];
  client.send("note", { value: 100 });

  let hasDied = false;
  try {
    live(lasting, 2, new Steps(stores), fate).server.serve();
  } catch (error) {
    assert(error instanceof Death, `${error}`);
    hasDied = true;
  }
  const { server, till } = live(lasting, 3, new Steps(), fate.forgets ? { forgets: true } : {});
  while (server.serve() > 0);

  const fixed = { a: 1, b: 2, c: 3, d: 4 };
  assertEquals(await Promise.all(answers as Promise<unknown>[]), [
    5,
    { ticket: 1, ...fixed, name: "ärmel", stamp: Uint8Array.of(1, 9) },
    "EIO",
    "EINVAL",
    { ticket: 2, ...fixed, name: "", stamp: Uint8Array.of(2, 9) },
    12,
  ], `died before store ${stores}`);
  assertEquals(till.get(), { sum: 112, tickets: 2, calls: 5 }, `died before store ${stores}`);
  assertEquals(channel.slotsInUse(), 0);
  return hasDied;
}

Deno.test("whichever store of a server is its last, each request is done once and answered once", async () => {
  let stores = 0;
  while (await serveWithDeath(stores)) stores++;
  assert(stores > 200, `${stores} stores`);
});

for (const point of ["runtime.request", "runtime.answer", "runtime.committed"]) {
  Deno.test(`a server that dies at ${point} has done its request once or not at all`, async () => {
    assert(await serveWithDeath(Infinity, { diesAt: point }));
  });
}

Deno.test("without a log of answers the same death is seen", async () => {
  const fate: Fate = { diesAt: "runtime.committed", forgets: true };
  await assertRejects(() => serveWithDeath(Infinity, fate), Error, "not equal");
});
