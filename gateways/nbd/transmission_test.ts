import { COMMAND, COMMAND_FLAG, NBD_ERROR } from "@hako/drivers/nbd";
import { ERRNO } from "@hako/ipc";
import { WRITE_FLAG } from "@hako/storage-server";
import { assert, assertEquals } from "@std/assert";
import {
  requestBytes,
  type Rig,
  rig,
  type RigOptions,
  TestClient,
  VOLUME_BYTES,
  type Wanted,
} from "./test_client.ts";

const KiB = 1024;
const { READ, WRITE, FLUSH, TRIM, CACHE, WRITE_ZEROES, BLOCK_STATUS, DISC } = COMMAND;

/** Bytes that differ from place to place. */
function pattern(byteLength: number, seed = 1): Uint8Array {
  return Uint8Array.from(
    { length: byteLength },
    (_, at) => (at * 31 + (at >> 9) * 7 + seed) & 0xff,
  );
}

function transmitting(
  name: string,
  talk: (client: TestClient, made: Rig) => Promise<void>,
  options?: RigOptions,
): void {
  Deno.test(name, async () => {
    const made = rig(options);
    const { stream, served } = made.connect();
    const client = new TestClient(stream);
    await client.go();
    await talk(client, made);
    client.close();
    made.volume.answer();
    await served;
    made.assertIdle();
  });
}

transmitting(
  "what is written is in the volume, and is read as one chunk",
  async (client, { volume }) => {
    const payload = pattern(8 * KiB);
    const written = await client.call({ command: WRITE, cookie: 1, offset: 4 * KiB, payload });
    const read = await client.call({
      command: READ,
      cookie: 2,
      offset: 4 * KiB,
      byteLength: 8 * KiB,
    });

    assertEquals(written.error, 0);
    assertEquals(volume.bytes.subarray(4 * KiB, 12 * KiB), payload);
    assertEquals([...read.data], [[4 * KiB, payload]]);
    assertEquals(volume.asked.map(({ operation }) => operation), ["write", "read"]);
  },
);

transmitting(
  "FUA goes with writes, zeroes and trims; flush is a flush",
  async (client, { volume }) => {
    const flags = COMMAND_FLAG.FUA;
    const payload = pattern(512);
    await client.call({ command: WRITE, cookie: 1, flags, payload });
    await client.call({ command: WRITE_ZEROES, cookie: 2, flags, byteLength: 512 });
    await client.call({ command: TRIM, cookie: 3, flags, byteLength: 512 });
    await client.call({ command: FLUSH, cookie: 4 });
    await client.call({ command: CACHE, cookie: 5, byteLength: 512 });

    assertEquals(volume.asked.map(({ operation, flags }) => [operation, flags]), [
      ["write", WRITE_FLAG.FUA],
      ["zero", WRITE_FLAG.FUA],
      ["trim", WRITE_FLAG.FUA],
      ["flush", 0],
    ]);
  },
);

transmitting(
  "answers come in the order in which the volume gives them",
  async (client, { volume }) => {
    volume.isHeld = true;
    volume.bytes.set(pattern(4 * KiB), 8 * KiB);
    await client.ask({ command: WRITE, cookie: 1, payload: pattern(512) });
    await client.ask({ command: READ, cookie: 2, offset: 8 * KiB, byteLength: 512 });
    await client.ask({ command: FLUSH, cookie: 3 });
    await held(volume, 3);
    volume.answer(2);
    assertEquals((await client.answer()).cookie, 3);
    volume.answer(1);
    const read = await client.answer();
    assertEquals([read.cookie, read.data.get(8 * KiB)], [2, pattern(512)]);
    volume.answer(0);
    assertEquals((await client.answer()).cookie, 1);
  },
);

transmitting(
  "reads that lie side by side and are answered in another order are not mixed up",
  async (client, { volume }) => {
    volume.isHeld = true;
    volume.bytes.set(pattern(64 * KiB));
    const offsets = [0, 8 * KiB, 16 * KiB, 24 * KiB];
    for (const [cookie, offset] of offsets.entries()) {
      await client.ask({ command: READ, cookie, offset, byteLength: 4 * KiB });
    }
    await held(volume, 4);
    for (const index of [2, 0, 1, 0]) volume.answer(index);
    for (const cookie of [2, 0, 3, 1]) {
      const read = await client.answer();
      const offset = offsets[cookie]!;
      assertEquals(read.cookie, cookie);
      assertEquals(read.data.get(offset), volume.bytes.slice(offset, offset + 4 * KiB));
    }
  },
);

transmitting(
  "many requests in one segment, each byte by byte, are all answered",
  async (client) => {
    const wanted = Array.from(
      { length: 40 },
      (_, cookie): Wanted =>
        cookie % 2 === 0
          ? { command: WRITE, cookie, offset: cookie * 512, payload: pattern(1024, cookie) }
          : { command: READ, cookie, offset: (cookie - 1) * 512, byteLength: 1024 },
    );
    const bytes = wanted.flatMap((each) => [...requestBytes(each)]);
    const answers = wanted.map(() => undefined);
    const sent = (async () => {
      await client.send(Uint8Array.from(bytes.slice(0, bytes.length / 2)));
      for (const byte of bytes.slice(bytes.length / 2)) await client.send(Uint8Array.of(byte));
    })();
    const cookies = new Set<number>();
    for (const _ of answers) {
      const answer = await client.answer();
      assertEquals(answer.error, 0);
      cookies.add(answer.cookie);
    }
    await sent;
    assertEquals(cookies.size, wanted.length);
  },
);

transmitting(
  "a long write is split at blocks, whatever comes before it",
  async (client, { volume }) => {
    const payload = pattern(2048 * KiB);
    await client.ask({ command: WRITE, cookie: 1, offset: 512, payload: pattern(512) });
    await client.ask({ command: WRITE, cookie: 2, offset: 1024, payload });
    const answers = [await client.answer(), await client.answer()];

    assertEquals(answers.map(({ error }) => error), [0, 0]);
    assertEquals(volume.bytes.subarray(1024, 1024 + payload.byteLength), payload);
    const pieces = volume.asked.slice(1);
    assert(pieces.length > 1);
    for (const { offset } of pieces.slice(1)) assertEquals(offset % 4096, 0);
    assertEquals(pieces.reduce((sum, { byteLength }) => sum + byteLength, 0), payload.byteLength);
  },
);

transmitting(
  "a long read comes in several chunks, the last one marked",
  async (client, { volume }) => {
    volume.bytes.set(pattern(VOLUME_BYTES));
    const read = await client.call({ command: READ, cookie: 1, byteLength: VOLUME_BYTES });

    assertEquals(read.error, 0);
    assert(read.data.size > 1);
    const joined = new Uint8Array(VOLUME_BYTES);
    for (const [offset, data] of read.data) joined.set(data, offset);
    assertEquals(joined, volume.bytes);
  },
);

transmitting(
  "DF is kept to up to 64 KiB and more, and refused where it cannot be",
  async (client) => {
    const flags = COMMAND_FLAG.DF;
    const read = await client.call({ command: READ, cookie: 1, flags, byteLength: 256 * KiB });
    assertEquals([read.error, read.data.size], [0, 1]);
    const refused = await client.call({ command: READ, cookie: 2, flags, byteLength: 1024 * KiB });
    assertEquals(refused.error, NBD_ERROR.EOVERFLOW);
  },
);

Deno.test("a client without structured replies gets simple ones, of any length", async () => {
  const made = rig();
  const { stream, served } = made.connect();
  const client = new TestClient(stream);
  await client.greet();
  await client.choose();
  made.volume.bytes.set(pattern(VOLUME_BYTES));
  await client.ask({ command: READ, cookie: 1, byteLength: VOLUME_BYTES });
  await client.ask({ command: READ, cookie: 2, offset: 512, byteLength: 512 });
  await client.ask({ command: FLUSH, cookie: 3 });
  const answers = [await client.answer(), await client.answer(), await client.answer()];

  const byCookie = new Map(answers.map((answer) => [answer.cookie, answer]));
  assertEquals(byCookie.get(1)?.data.get(0), made.volume.bytes);
  assertEquals(byCookie.get(2)?.data.get(0), made.volume.bytes.subarray(512, 1024));
  assertEquals(byCookie.get(3)?.error, 0);
  made.volume.failures.set(0, ERRNO.EIO);
  assertEquals((await client.call({ command: READ, cookie: 4, byteLength: 512 })).error, 5);
  const first = await client.call({ command: READ, cookie: 5, byteLength: VOLUME_BYTES });
  assertEquals(first.error, NBD_ERROR.EIO);
  assertEquals(
    (await client.call({ command: BLOCK_STATUS, cookie: 6, byteLength: 512 })).error,
    22,
  );
  // Once data have gone out there is no other way to tell that some are missing.
  made.volume.failures.clear();
  made.volume.failures.set(512, ERRNO.EIO);
  await client.ask({ command: READ, cookie: 7, byteLength: VOLUME_BYTES });
  await client.answer().then(() => assert(false), () => {});
  client.close();
  await served;
  made.assertIdle();
});

transmitting(
  "zeroes are made by the volume, or written where no hole may be",
  async (client, { volume }) => {
    volume.bytes.fill(7);
    const { FAST_ZERO, NO_HOLE } = COMMAND_FLAG;
    const zero = { command: WRITE_ZEROES, offset: 512 };
    assertEquals((await client.call({ ...zero, cookie: 1, byteLength: 1024 * KiB })).error, 0);
    assert(volume.bytes.subarray(512, 512 + 1024 * KiB).every((byte) => byte === 0));
    assertEquals(volume.asked.map(({ operation }) => operation), ["zero"]);

    volume.bytes.fill(7);
    const whole = { ...zero, flags: NO_HOLE, byteLength: 1024 * KiB };
    assertEquals((await client.call({ ...whole, cookie: 2 })).error, 0);
    assert(volume.bytes.subarray(512, 512 + 1024 * KiB).every((byte) => byte === 0));
    assertEquals(volume.bytes[511], 7);
    const [, first, ...others] = volume.asked;
    assertEquals([first?.operation, first?.offset], ["write", 512]);
    assert(others.length > 0 && others.every(({ offset }) => offset % 4096 === 0));
    assertEquals(volume.bytes[512 + 1024 * KiB], 7);

    const fast = { ...zero, flags: FAST_ZERO, byteLength: 512 };
    assertEquals((await client.call({ ...fast, cookie: 3 })).error, 0);
    volume.isFast = false;
    assertEquals((await client.call({ ...fast, cookie: 4 })).error, NBD_ERROR.ENOTSUP);
    const both = { ...fast, flags: FAST_ZERO | NO_HOLE };
    assertEquals((await client.call({ ...both, cookie: 5 })).error, NBD_ERROR.ENOTSUP);
  },
);

transmitting("fast zeroes of a volume that has none are refused", async (client) => {
  const flags = COMMAND_FLAG.FAST_ZERO;
  const { error } = await client.call({ command: WRITE_ZEROES, cookie: 1, flags, byteLength: 512 });
  assertEquals(error, NBD_ERROR.EINVAL);
}, { volumeFlags: 0 });

transmitting(
  "a block status tells what is zero, one extent or many",
  async (client, { volume }) => {
    volume.bytes.fill(1, 8 * KiB, 12 * KiB);
    volume.extentBytesMax = 16 * KiB;
    const asked = { command: BLOCK_STATUS, offset: 4 * KiB, byteLength: 64 * KiB };
    const all = await client.call({ ...asked, cookie: 1 });
    const one = await client.call({ ...asked, cookie: 2, flags: COMMAND_FLAG.REQ_ONE });

    assertEquals(all.extents, [
      { byteLength: 4 * KiB, flags: 3 },
      { byteLength: 4 * KiB, flags: 0 },
      { byteLength: 56 * KiB, flags: 3 },
    ]);
    assertEquals(one.extents, [{ byteLength: 4 * KiB, flags: 3 }]);
  },
);

transmitting("errors of the volume become those of NBD", async (client, { volume }) => {
  const payload = pattern(512);
  const expected = [
    [ERRNO.EIO, NBD_ERROR.EIO],
    [ERRNO.ENOSPC, NBD_ERROR.ENOSPC],
    [ERRNO.EROFS, NBD_ERROR.EPERM],
    [ERRNO.EINVAL, NBD_ERROR.EINVAL],
    [ERRNO.EHOSTDOWN, NBD_ERROR.ESHUTDOWN],
    [ERRNO.ENOTRECOVERABLE, NBD_ERROR.EIO],
  ] as const;
  for (const [errno, error] of expected) {
    volume.failures.set(0, errno);
    assertEquals((await client.call({ command: WRITE, cookie: 1, payload })).error, error);
    assertEquals((await client.call({ command: READ, cookie: 2, byteLength: 512 })).error, error);
    assertEquals((await client.call({ command: TRIM, cookie: 3, byteLength: 512 })).error, error);
    assertEquals((await client.call({ command: FLUSH, cookie: 4 })).error, error);
  }
});

transmitting(
  "a part of a long read that fails is told, the others come",
  async (client, { volume }) => {
    volume.failures.set(128, ERRNO.EIO); // Where the second piece begins.
    const read = await client.call({ command: READ, cookie: 1, byteLength: 1024 * KiB });

    assertEquals(read.error, NBD_ERROR.EIO);
    assertEquals(
      [...read.data.values()].reduce((sum, { byteLength }) => sum + byteLength, 0),
      512 * KiB,
    );
  },
);

transmitting("a part of a long write that fails fails it", async (client, { volume }) => {
  volume.failures.set(0, ERRNO.ENOSPC);
  const payload = pattern(1024 * KiB);
  const { error } = await client.call({ command: WRITE, cookie: 1, payload });
  assertEquals(error, NBD_ERROR.ENOSPC);
  assertEquals((await client.call({ command: FLUSH, cookie: 2 })).error, NBD_ERROR.ENOSPC);
});

const REFUSED: readonly (readonly [what: string, wanted: Omit<Wanted, "cookie">, error: number])[] =
  [
    ["a read beyond the end", { command: READ, offset: VOLUME_BYTES, byteLength: 512 }, 22],
    ["a read over the end", { command: READ, offset: VOLUME_BYTES - 512, byteLength: 1024 }, 22],
    ["a write beyond the end", { command: WRITE, offset: VOLUME_BYTES, payload: pattern(512) }, 28],
    ["zeroes beyond the end", { command: WRITE_ZEROES, offset: 2 ** 52, byteLength: 512 }, 28],
    ["a trim of 4 GB", { command: TRIM, byteLength: 0xffff_fe00 }, 28],
    ["half a sector", { command: READ, byteLength: 256 }, 22],
    ["a crooked offset", { command: WRITE, offset: 100, payload: pattern(512) }, 22],
    ["a crooked length", { command: WRITE, payload: pattern(777) }, 22],
    ["nothing to read", { command: READ, byteLength: 0 }, 22],
    ["nothing to write", { command: WRITE, byteLength: 0 }, 22],
    ["a read of more than 32 MiB", { command: READ, byteLength: 33 << 20 }, 22],
    [
      "a write of more than 32 MiB",
      { command: WRITE, payload: new Uint8Array((32 << 20) + 512) },
      22,
    ],
    ["a command that is not known", { command: 99, byteLength: 512 }, 22],
    ["RESIZE", { command: COMMAND.RESIZE, byteLength: 512 }, 22],
    ["a flag that is not known", { command: READ, flags: 0x4000, byteLength: 512 }, 22],
    ["a flag of another command", { command: TRIM, flags: COMMAND_FLAG.DF, byteLength: 512 }, 22],
  ];

for (const [what, wanted, error] of REFUSED) {
  transmitting(`${what} is refused, and the next request is heard`, async (client, { volume }) => {
    assertEquals((await client.call({ ...wanted, cookie: 1 })).error, error);
    assertEquals(volume.asked, []);
    assertEquals((await client.call({ command: FLUSH, cookie: 2 })).error, 0);
  });
}

transmitting("an offset beyond 2^53 is refused", async (client) => {
  const bytes = requestBytes({ command: READ, cookie: 1, byteLength: 512 });
  bytes.fill(0xff, 16, 24);
  await client.send(bytes);
  assertEquals((await client.answer()).error, NBD_ERROR.EINVAL);
});

transmitting("a volume that is read-only takes no changes", async (client, { volume }) => {
  const payload = pattern(512);
  assertEquals((await client.call({ command: WRITE, cookie: 1, payload })).error, NBD_ERROR.EPERM);
  for (const command of [TRIM, WRITE_ZEROES]) {
    const { error } = await client.call({ command, cookie: 2, byteLength: 512 });
    assertEquals(error, NBD_ERROR.EPERM);
  }
  assertEquals((await client.call({ command: READ, cookie: 3, byteLength: 512 })).error, 0);
  assertEquals(volume.asked.length, 1);
}, { volumeFlags: 1 });

Deno.test("DISC is answered by all that was asked before it, and then the end", async () => {
  const made = rig();
  const { stream, served } = made.connect();
  const client = new TestClient(stream);
  await client.go();
  made.volume.isHeld = true;
  await client.ask({ command: WRITE, cookie: 1, payload: pattern(512) });
  await client.ask({ command: DISC, cookie: 2 });
  await held(made.volume, 1);
  made.volume.answer();
  assertEquals((await client.answer()).cookie, 1);
  assert(await client.isLeft());
  await served;
  made.assertIdle();
});

/** Waits until so many requests wait in the volume. */
async function held(volume: { readonly heldCount: number }, count: number): Promise<void> {
  while (volume.heldCount < count) await new Promise<void>((resolve) => queueMicrotask(resolve));
}
