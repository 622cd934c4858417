import { assert, assertEquals } from "@std/assert";
import { Channel, Doorbell } from "@hako/ipc";
import { Scribbler } from "./scribbler.ts";

Deno.test("a scribbler overwrites the whole of what its successor does not read", () => {
  const replaced = [new SharedArrayBuffer(100_000), new SharedArrayBuffer(10)];
  const bell = Doorbell.create().memory;
  const scribbler = new Scribbler({ epoch: 1, bell, served: [], replaced });
  for (let round = 0; round < 10; round++) scribbler.scribble();
  const words = new Uint32Array(replaced[0]!);
  assert(words.filter((word) => word === 0).length < 10);
  assert(new Set(words).size > 20_000, "and not with one value");
  assert(new Uint32Array(replaced[1]!, 0, 2).every((word) => word !== 0));
});

Deno.test("a scribbler completes what its epoch may complete, and nothing after its fence", () => {
  const channel = Channel.create(0, 1);
  const holdings = {
    epoch: 1,
    bell: Doorbell.create().memory,
    served: [channel.memory],
    replaced: [],
  };
  channel.core.post(0);
  new Scribbler(holdings).scribble();
  assert(channel.core.reap(0) !== 0, "so it is at work on the right slots");

  channel.core.post(1);
  channel.fence(2);
  channel.core.post(2);
  for (let round = 0; round < 5; round++) new Scribbler(holdings).scribble();
  assertEquals([channel.core.reap(1), channel.core.reap(2), channel.slotsInUse()], [0, 0, 2]);
  assertEquals([1, 2].map((sequence) => channel.core.take(sequence, 2)), [1, 1]);
});
