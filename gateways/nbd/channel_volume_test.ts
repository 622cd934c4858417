import { type Client, ERRNO, nextTurn, OsError, SLOT_COUNT } from "@hako/ipc";
import type { Volume } from "@hako/storage-server";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { ChannelVolume } from "./channel_volume.ts";

/** A channel whose server answers when the test says so. */
class FakeChannel {
  readonly posted: string[] = [];
  readonly answers: Map<number, number> = new Map();
  waits = 0;
  closed: OsError | undefined;
  extents: (() => void)[] = [];
  #inUse = 0;
  /** Called at each wait in place, as the server is meanwhile. */
  onWait: () => void = () => {};

  get room(): number {
    return SLOT_COUNT - this.#inUse;
  }

  post(operation: string): number {
    if (this.closed) throw this.closed;
    assert(this.room > 0, "nothing is posted without room");
    this.#inUse++;
    return this.posted.push(operation) - 1;
  }

  collect(ticket: number): number | undefined {
    if (this.closed) throw this.closed;
    const answer = this.answers.get(ticket);
    if (answer === undefined) return undefined;
    this.answers.delete(ticket);
    this.#inUse--;
    return answer;
  }

  awaitAny(): void {
    this.waits++;
    this.onWait();
  }

  async call(): Promise<{ byteLength: number; isZero: number }> {
    if (this.closed) throw this.closed;
    assert(this.room > 0, "nothing is called without room");
    this.#inUse++;
    await new Promise<void>((resolve) => this.extents.push(resolve));
    this.#inUse--;
    return { byteLength: 512, isZero: 1 };
  }
}

function made(): { channel: FakeChannel; volume: ChannelVolume } {
  const channel = new FakeChannel();
  return { channel, volume: new ChannelVolume(channel as unknown as Client<Volume>) };
}

function flush(volume: ChannelVolume): Promise<number> {
  return new Promise((ended) => volume.flush({ ended }));
}

Deno.test("answers are told as they come, in any order", async () => {
  const { channel, volume } = made();
  const told: number[] = [];
  for (let index = 0; index < 3; index++) volume.flush({ ended: (result) => told.push(result) });
  const last = flush(volume);
  const order = [2, 0, 3, 1];
  channel.onWait = () => {
    const ticket = order.shift();
    if (ticket !== undefined) channel.answers.set(ticket, ticket);
  };
  assertEquals(await last, 3);
  while (told.length < 3) await nextTurn();
  assertEquals(told.sort(), [0, 1, 2]);
});

Deno.test("what does not fit in the channel is posted when there is room, in order", async () => {
  const { channel, volume } = made();
  const count = 3 * SLOT_COUNT;
  channel.onWait = () => {
    for (let ticket = 0; ticket < channel.posted.length; ticket++) channel.answers.set(ticket, 7);
  };
  const results = await Promise.all(Array.from({ length: count }, () => flush(volume)));
  assertEquals(results, Array.from({ length: count }, () => 7));
  assertEquals(channel.posted.length, count);
});

Deno.test("extents and others wait for one another's room", async () => {
  const { channel, volume } = made();
  const extents = Array.from({ length: SLOT_COUNT + 1 }, () => volume.extent(0, 512));
  const flushed = flush(volume);
  channel.onWait = () => channel.answers.set(0, 0);
  await Promise.resolve();
  assertEquals([channel.extents.length, channel.posted.length], [SLOT_COUNT, 0]);
  channel.extents.shift()!();
  channel.extents.shift()!();
  assertEquals(await flushed, 0);
  let answered = 0;
  for (const extent of extents) extent.then(() => answered++);
  while (answered < extents.length) {
    for (const answer of channel.extents.splice(0)) answer();
    await nextTurn();
  }
});

Deno.test("a volume that was given up answers all that is asked, and was", async () => {
  const { channel, volume } = made();
  const asked = Array.from({ length: 2 * SLOT_COUNT }, () => flush(volume));
  channel.onWait = () => channel.closed = new OsError("EHOSTDOWN", "wait");
  const results = await Promise.all(asked);
  assertEquals(new Set(results), new Set([-ERRNO.EHOSTDOWN]));
  assertEquals(await flush(volume), -ERRNO.EHOSTDOWN);
  await assertRejects(() => volume.extent(0, 512), OsError, "EHOSTDOWN");
});

Deno.test("a volume that answers slowly is waited for in the event loop", async () => {
  const { channel, volume } = made();
  const slow = flush(volume);
  let turns = 0;
  const timer = setInterval(() => {
    if (++turns === 5) channel.answers.set(0, 0);
  }, 1);
  await slow;
  clearInterval(timer);
  assert(channel.waits <= 2, `${channel.waits} waits in place`);
});

Deno.test("several small answers are waited for together, but not for long", async () => {
  const { channel, volume } = made();
  const told: number[] = [];
  for (let index = 0; index < 8; index++) volume.flush({ ended: () => told.push(index) });
  let ticket = 0;
  const toldAtWait: number[] = [];
  channel.onWait = () => {
    toldAtWait.push(told.length);
    if (ticket < 4) channel.answers.set(ticket++, 0);
  };
  while (told.length < 4) await nextTurn();
  assertEquals(toldAtWait, [0, 1, 2, 3]);
  for (; ticket < 8; ticket++) channel.answers.set(ticket, 0);
  while (told.length < 8) await nextTurn();
});
