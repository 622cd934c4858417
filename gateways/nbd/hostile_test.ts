import { COMMAND } from "@hako/drivers/nbd";
import { assert, assertEquals } from "@std/assert";
import { requestBytes, type Rig, rig, TestClient } from "./test_client.ts";

const KiB = 1024;
const { READ, WRITE, FLUSH, WRITE_ZEROES, BLOCK_STATUS } = COMMAND;

/** As small as a gateway's memory can be: one chunk each way for every 32 KiB. */
const SMALL = { windowBytes: 512 * KiB, chunkBytes: 32 * KiB };

async function connected(made: Rig): Promise<{ client: TestClient; served: Promise<void> }> {
  const { stream, served } = made.connect();
  const client = new TestClient(stream);
  await client.go();
  return { client, served };
}

/** Lets everything happen that needs no more than the event loop. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 2_000; turn++) await Promise.resolve();
}

/** A generator of 32 bits (xorshift), so that a failing seed fails again. */
function randomFrom(seed: number): () => number {
  let state = seed * 2_654_435_761 | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

Deno.test("a client that vanishes with requests under way leaves nothing behind", async () => {
  const made = rig();
  const { client, served } = await connected(made);
  made.volume.isHeld = true;
  for (let cookie = 0; cookie < 20; cookie++) {
    await client.ask({ command: READ, cookie, byteLength: 4 * KiB });
    await client.ask({ command: WRITE, cookie, offset: 4096, payload: new Uint8Array(4 * KiB) });
    await client.ask({ command: WRITE_ZEROES, cookie, byteLength: 4 * KiB });
  }
  await settle();
  assert(made.volume.heldCount > 0);
  client.close();
  await settle();
  made.volume.isHeld = false;
  made.volume.answer();
  await served;
  made.assertIdle();
});

Deno.test("a client that vanishes at any byte of its requests leaves nothing behind", async () => {
  const bytes = [
    { command: WRITE, cookie: 1, payload: new Uint8Array(4 * KiB) },
    { command: READ, cookie: 2, byteLength: 64 * KiB },
    { command: WRITE, cookie: 3, payload: new Uint8Array(40 * KiB) },
    { command: BLOCK_STATUS, cookie: 4, byteLength: 64 * KiB },
  ].flatMap((wanted) => [...requestBytes(wanted)]);
  for (let end = 1; end < bytes.length; end += 1 + Math.floor(bytes.length / 97)) {
    const made = rig(SMALL);
    const { client, served } = await connected(made);
    await client.send(Uint8Array.from(bytes.slice(0, end)));
    client.close();
    await served;
    made.assertIdle();
  }
});

Deno.test("garbage at any place ends that connection alone", async () => {
  const made = rig();
  const honest = await connected(made);
  for (let seed = 1; seed <= 200; seed++) {
    const random = randomFrom(seed);
    const { stream, served } = made.connect();
    const client = new TestClient(stream);
    const steps = random() % 3;
    if (steps >= 1) await client.greet();
    if (steps === 2) await client.choose();
    const garbage = Uint8Array.from({ length: 64 + random() % 2_000 }, () => random());
    if (random() % 2 === 0) garbage.set(requestBytes({ command: random() % 9, cookie: 1 }));
    client.send(garbage).catch(() => {});
    await settle();
    client.close();
    await served;
    const read = { command: READ, cookie: seed, byteLength: 512 };
    assertEquals((await honest.client.call(read)).error, 0, `seed ${seed}`);
  }
  honest.client.close();
  await honest.served;
  made.assertIdle();
});

Deno.test("a client that reads no answers is not read from, and is left after a while", async () => {
  const made = rig();
  const { client, served } = await connected(made);
  const asking = (async () => {
    for (let cookie = 0;; cookie++) {
      await client.ask({ command: READ, cookie, byteLength: 256 * KiB });
    }
  })().catch(() => {});
  await settle();
  const askedCount = made.volume.asked.length;
  assert(askedCount < 64, `${askedCount} of its requests were begun`);
  await settle();
  assertEquals(made.volume.asked.length, askedCount);
  for (let tick = 0; tick < 4; tick++) made.server.tick();
  await Promise.all([asking, served]);
  made.assertIdle();
});

Deno.test("a client that stops in the middle of a request is left after a while", async () => {
  const made = rig();
  const { client, served } = await connected(made);
  await client.send(requestBytes({ command: WRITE, cookie: 1, byteLength: 4 * KiB }));
  await settle();
  for (let tick = 0; tick < 4; tick++) made.server.tick();
  await served;
  assertEquals(made.volume.asked, []);
  made.assertIdle();
});

Deno.test("one client's long reads take only their share of the memory", async () => {
  const made = rig();
  const { client, served } = await connected(made);
  made.volume.isHeld = true;
  const longest = 4 * 1024 * KiB;
  await client.ask({ command: READ, cookie: 1, byteLength: longest });
  await client.ask({ command: READ, cookie: 2, byteLength: longest });
  await settle();
  assertEquals(made.volume.heldCount, 2);
  made.volume.isHeld = false;
  made.volume.answer();
  assertEquals([(await client.answer()).error, (await client.answer()).error], [0, 0]);
  client.close();
  await served;
  made.assertIdle();
});

Deno.test("requests that lie across the ends of chunks are understood", async () => {
  const made = rig(SMALL);
  const { client, served } = await connected(made);
  const one = requestBytes({ command: FLUSH, cookie: 3 });
  const flood = new Uint8Array(5_000 * one.byteLength);
  for (let at = 0; at < flood.byteLength; at += one.byteLength) flood.set(one, at);
  const sent = client.send(flood);
  for (let answered = 0; answered < 5_000; answered++) {
    assertEquals((await client.answer()).error, 0);
  }
  await sent;
  client.close();
  await served;
  made.assertIdle();
});

Deno.test("a flood of requests waits in the socket, not in memory", async () => {
  const made = rig();
  const { client, served } = await connected(made);
  made.volume.isHeld = true;
  const flood = (async () => {
    for (let cookie = 0; cookie < 5_000; cookie++) await client.ask({ command: FLUSH, cookie });
  })();
  await settle();
  assertEquals(made.volume.heldCount, 128);
  made.volume.isHeld = false;
  made.volume.answer();
  for (let answered = 0; answered < 5_000; answered++) await client.answer();
  await flood;
  client.close();
  await served;
  made.assertIdle();
});

Deno.test("a thousand connections share eight chunks, and none is starved", async () => {
  const made = rig(SMALL);
  const clients = await Promise.all(Array.from({ length: 1_000 }, () => connected(made)));
  assertEquals(made.server.connectionCount, 1_000);
  await Promise.all(clients.map(async ({ client }, index) => {
    const offset = index * 4 * KiB;
    const payload = new Uint8Array(4 * KiB).fill(index);
    const { error } = await client.call({ command: WRITE, cookie: index, offset, payload });
    assertEquals(error, 0);
    const read = { command: READ, cookie: index, offset, byteLength: 4 * KiB };
    assertEquals((await client.call(read)).data.get(offset), payload);
  }));
  made.server.close();
  await Promise.all(clients.map(({ served }) => served));
  made.assertIdle();
});

Deno.test("long writes and reads of many clients go through eight chunks", async () => {
  const made = rig(SMALL);
  const clients = await Promise.all(Array.from({ length: 12 }, () => connected(made)));
  await Promise.all(clients.map(async ({ client }, index) => {
    const offset = index * 256 * KiB + 512;
    const payload = new Uint8Array(200 * KiB).fill(index + 1);
    const { error } = await client.call({ command: WRITE, cookie: index, offset, payload });
    assertEquals(error, 0);
    const read = { command: READ, cookie: index, offset, byteLength: payload.byteLength };
    const { data } = await client.call(read);
    assert([...data.values()].every((part) => part.every((byte) => byte === index + 1)));
  }));
  for (const { client } of clients) client.close();
  await Promise.all(clients.map(({ served }) => served));
  made.assertIdle();
});

Deno.test("one client's flood does not keep another from being answered", async () => {
  const made = rig();
  const [greedy, modest] = [await connected(made), await connected(made)];
  made.volume.isHeld = true;
  for (let cookie = 0; cookie < 128; cookie++) await greedy.client.ask({ command: FLUSH, cookie });
  await settle();
  await modest.client.ask({ command: READ, cookie: 1, byteLength: 512 });
  await settle();
  assertEquals(made.volume.heldCount, 129);
  made.volume.answer(128);
  assertEquals((await modest.client.answer()).cookie, 1);
  made.volume.isHeld = false;
  made.volume.answer();
  made.server.close();
  await Promise.all([greedy.served, modest.served]);
  made.assertIdle();
});
