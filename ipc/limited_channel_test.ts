import { assert, assertEquals, assertThrows } from "@std/assert";
import { Channel, OPERATION, placeReply, slotWord } from "./channel.ts";
import { Doorbell } from "./doorbell.ts";
import { ERRNO, OsError } from "./errno.ts";
import { SLOT_COUNT } from "./limits.ts";
import { clientOf, Demo, plainWaiter, windows } from "./pair_fixture.ts";
import type { Operations, Protocol } from "./protocol.ts";
import { ChannelServer } from "./server.ts";

/** A client that may ask for `number` (4) and `small` (7), of which the server has no handler for `small`. */
function limited() {
  const channel = Channel.create(0, 1);
  const bell = Doorbell.create();
  const server = new ChannelServer(bell, { waiter: plainWaiter(), windows });
  const taken: unknown[] = [];
  const take = ({ value }: Readonly<Record<string, unknown>>) => taken.push(value);
  server.attach({
    channel,
    epoch: 1,
    badge: 1,
    index: 0,
    protocol: Demo as unknown as Protocol<Operations>,
    censusIndex: 0,
    handlers: { number: take, note: take, later: take },
    operations: new Set([4, 7]),
  });
  const waiter = plainWaiter({ sleepMsMax: 0, beginSleep: () => void server.serve() });
  return { channel, server, taken, client: clientOf(channel, bell, waiter) };
}

Deno.test("a limited channel: what is not allowed is EPERM and reaches no handler", () => {
  const { client, taken } = limited();
  assertEquals(client.callSync("number", { value: 5 }), 1);
  assertThrows(() => client.callSync("later", { value: 6 }), OsError, "EPERM");
  assertThrows(
    () => client.callSync("text", { raw: new Uint8Array(1), text: "" }),
    OsError,
    "EPERM",
  );
  assertThrows(() => client.callSync("small", { a: 1, b: 1, whence: "end" }), OsError, "ENOSYS");
  assertEquals(taken, [5]);
});

Deno.test("a limited channel tells nothing of codes that it does not allow, known or not", () => {
  for (const code of [0, 1, 6, 8, 1023, 1024, 0x7fff_ffff, -1]) {
    const { channel, client, server, taken } = limited();
    assertEquals(client.callSync("number", { value: 1 }), 1);
    channel.words[slotWord(1) + OPERATION] = code;
    channel.core.post(1);
    server.serve();
    const area = channel.core.reap(1);
    assert(area > 0, "it is answered");
    const place = { near: 0, far: 0, payload: 0 };
    placeReply(1, area - 1, place);
    assertEquals(channel.words[place.near - 1], -ERRNO.EPERM);
    assertEquals(taken, [1]);
  }
});

Deno.test("a limited channel gives back the slots of one-way requests that it refuses", () => {
  const { client, server, taken } = limited();
  for (let i = 0; i < 3 * SLOT_COUNT; i++) {
    client.send("note", { value: i });
    server.serve();
  }
  assertEquals(client.callSync("number", { value: 7 }), 1);
  assertEquals(taken, [7]);
});
