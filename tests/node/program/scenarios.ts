/**
 * What a program may expect of `@hako/ipc`, whichever runtime it runs on.
 *
 * @module
 */

import { deepEqual, equal, rejects, throws } from "node:assert/strict";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import {
  type ChannelMemory,
  type Client,
  closeChannel,
  connect,
  crc32c,
  crc32cBytes,
  createChannel,
  serve,
} from "@hako/ipc";
import type { ServerData } from "./server.ts";
import { NewThing, Thing } from "./thing.ts";

type How = ServerData["how"];

const WAYS: readonly How[] = ["serveSync", "serve"];

/** The scenarios by what they show. */
export const SCENARIOS: Readonly<Record<string, () => Promise<void>>> = {
  "calls are answered, by both kinds of server": async () => {
    for (const how of WAYS) await withServer(how, callEverything);
  },
  "batches and streams are answered in order": async () => {
    for (const how of WAYS) await withServer(how, callMany);
  },
  "a one-way request is done, and its slot comes back": async () => {
    for (const how of WAYS) await withServer(how, sendMany);
  },
  "calls can be given up, and their late answers hurt nobody": () => withServer("serve", giveUp),
  "a server that is killed is replaced, and no request is lost": async () => {
    for (const how of WAYS) await killAndReplace(how);
  },
  "two versions of a protocol refuse each other": () =>
    withServer("serve", async (_, channel) => {
      await rejects(connect(NewThing, channel), { code: "EPROTONOSUPPORT" });
      await rejects(serve(NewThing, channel, refuseAll), { code: "EPROTONOSUPPORT" });
    }),
  "a server has several clients, and each its own windows": severalClients,
  "the main thread serves a thread that waits": mainServes,
  "a closed channel says so": closed,
  "a block has the checksum that its halves have": sums,
};

const refuseAll = {
  add: () => -1,
  greet: () => -1,
  fill: () => -1,
  note: () => {},
  later: () => -1,
};

type Scene = (thing: Client<typeof Thing>, channel: ChannelMemory) => Promise<void>;

/** A thread that serves a channel with a window of 4 KiB, for as long as a scene takes. */
async function withServer(how: How, scene: Scene): Promise<void> {
  const channel = createChannel({ windows: [new SharedArrayBuffer(4096)] });
  const server = start({ channels: [channel], how });
  const exit = once(server, "exit");
  await scene(await connect(Thing, channel, { timeoutMs: 10_000 }), channel);
  closeChannel(channel);
  const [code] = await exit;
  equal(code, 0, "a server whose channels are closed ends by itself");
}

function start(workerData: ServerData): Worker {
  return new Worker(new URL("./server.js", import.meta.url), { workerData });
}

async function callEverything(thing: Client<typeof Thing>, channel: ChannelMemory): Promise<void> {
  for (let a = 0; a < 5_000; a++) equal(thing.callSync("add", { a, b: 1 }), a + 1);
  for (let a = 0; a < 200; a++) equal(await thing.call("add", { a, b: 1 }), a + 1);
  deepEqual(thing.callSync("greet", { name: "箱" }), { text: "hello, 箱", badge: 1 });
  throws(() => thing.callSync("add", { a: 2 ** 31, b: 0 }), { code: "EOVERFLOW" });
  throws(() => thing.callSync("add", { a: -1, b: 0 }), RangeError);
  const window = new Uint8Array(channel.windows[0]!);
  equal(thing.callSync("fill", { value: 7, target: window.subarray(10, 20) }), 10);
  deepEqual([window[9], window[10], window[19], window[20]], [0, 7, 7, 0]);
  throws(() => thing.callSync("fill", { value: 7, target: new Uint8Array(8) }), { code: "EFAULT" });
}

async function callMany(thing: Client<typeof Thing>): Promise<void> {
  const requests = Array.from({ length: 1_000 }, (_, a) => ({ a, b: 1 }));
  const sums = requests.map(({ a }) => a + 1);
  deepEqual(thing.callAllSync("add", requests), sums);
  deepEqual(await collect(thing.stream("add", requests, { inFlightMax: 8 })), sums);
}

/** `Array.fromAsync` came with Node 22. */
async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const each of source) all.push(each);
  return all;
}

async function sendMany(thing: Client<typeof Thing>, channel: ChannelMemory): Promise<void> {
  const total = new Uint8Array(channel.windows[0]!).subarray(0, 1);
  for (let i = 0; i < 100; i++) {
    thing.send("note", { by: 1, total });
    if (i % 50 === 49) await thing.idle();
  }
  equal(total[0], 100);
}

async function giveUp(thing: Client<typeof Thing>): Promise<void> {
  throws(() => thing.callSync("later", { ms: 100 }, { timeoutMs: 5 }), { code: "ETIMEDOUT" });
  await rejects(thing.call("later", { ms: 100 }, { timeoutMs: 5 }), { code: "ETIMEDOUT" });
  const signal = AbortSignal.timeout(5);
  await rejects(thing.call("later", { ms: 100 }, { signal }), { code: "ECANCELED" });
  for await (const first of thing.stream("later", [{ ms: 1 }, { ms: 100 }, { ms: 100 }])) {
    equal(first, 1);
    break;
  }
  await thing.idle();
  equal(await thing.call("later", { ms: 1 }), 1);
}

/** One request is being done when the server is killed, many wait, and more come meanwhile. */
async function killAndReplace(how: How): Promise<void> {
  const channel = createChannel({ windows: [new SharedArrayBuffer(64)] });
  const stuck = new Int32Array(new SharedArrayBuffer(4));
  const first = start({ channels: [channel], how, stuck });
  const thing = await connect(Thing, channel, { timeoutMs: 10_000 });
  const total = new Uint8Array(channel.windows[0]!).subarray(0, 1);
  const before = Array.from({ length: 20 }, (_, a) => thing.call("add", { a, b: 1 }));
  thing.send("note", { by: 3, total });
  const begun = Atomics.waitAsync(stuck, 0, 0, 10_000);
  equal(await begun.value, begun.async ? "ok" : "not-equal");

  await first.terminate();
  const meanwhile = thing.call("greet", { name: "you" });
  const second = start({ channels: [channel], how });

  const after = thing.callSync("add", { a: 100, b: 1 }, { timeoutMs: 10_000 });
  equal(after, 101, "a synchronous call waits for the successor");
  deepEqual(await Promise.all(before), Array.from({ length: 20 }, (_, a) => a + 1));
  deepEqual(await meanwhile, { text: "hello, you", badge: 1 });
  equal(total[0], 3, "what the dead one never took is done once");
  const exit = once(second, "exit");
  closeChannel(channel);
  await exit;
}

async function severalClients(): Promise<void> {
  const window = new SharedArrayBuffer(16);
  const channels = [createChannel({ windows: [window] })];
  while (channels.length < 12) {
    channels.push(createChannel({ beside: channels[0]!, windows: [new SharedArrayBuffer(16)] }));
  }
  const server = start({ channels, how: "serveSync" });
  const clients = await Promise.all(channels.map((channel) => connect(Thing, channel)));
  for (const [index, client] of clients.entries()) {
    equal(client.callSync("greet", { name: "you" }).badge, index + 1);
  }
  const sums = clients.map((client, a) => client.call("add", { a, b: 0 }));
  deepEqual(await Promise.all(sums), clients.map((_, a) => a));
  throws(() => clients[1]!.callSync("fill", { value: 1, target: new Uint8Array(window) }), {
    code: "EFAULT",
  });
  for (const channel of channels) closeChannel(channel);
  await once(server, "exit");
}

async function mainServes(): Promise<void> {
  const channel = createChannel();
  const url = new URL("./client.js", import.meta.url);
  const client = new Worker(url, { workerData: channel });
  const served = serve(Thing, channel, { ...refuseAll, add: ({ a, b }) => a + b });
  const [sum] = await once(client, "message");
  equal(sum, 500_500);
  closeChannel(channel);
  await served;
}

async function closed(): Promise<void> {
  const channel = createChannel();
  await rejects(connect(Thing, channel, { timeoutMs: 5 }), { code: "ETIMEDOUT" });
  const served = serve(Thing, channel, refuseAll);
  const thing = await connect(Thing, channel);
  closeChannel(channel);
  await served;
  throws(() => thing.callSync("add", { a: 1, b: 1 }), { code: "EPIPE" });
  await rejects(thing.call("add", { a: 1, b: 1 }), { code: "EPIPE" });
  await rejects(connect(Thing, channel), { code: "EPIPE" });
}

function sums(): Promise<void> {
  const words = Uint32Array.from({ length: 1024 }, (_, index) => Math.imul(index, 0x9e37_79b9));
  const halves = crc32c(words, 512, 512, crc32c(words, 0, 512, 0));
  equal(crc32c(words, 0, 1024, 0), halves); // In wasm; the halves are too short for that.
  equal(crc32cBytes(new Uint8Array(words.buffer)), halves);
  return Promise.resolve();
}
