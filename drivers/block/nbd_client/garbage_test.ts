import { assertEquals, assertRejects } from "@std/assert";
import { OsError } from "@hako/ipc";
import { BLOCK, filled, ME, rig } from "./test_rig.ts";
import { FakeServer } from "./test_server.ts";

const BLOCKS = 2;

for (const structured of [true, false]) {
  const kind = structured ? "a chunk" : "a simple reply";
  Deno.test(`a bit that turns in the head of ${kind} is no harm`, async () => {
    const headBytes = structured ? 28 : 16;
    for (let bit = 0; bit < 8 * headBytes; bit++) {
      await using made = await rig({ structured });
      const { server, disk, clock } = made;
      server.cache.fill(3);
      let left = 1;
      server.garbled = (answer) => {
        if (left-- <= 0 || answer.byteLength < BLOCK) return answer;
        answer[bit >> 3]! ^= 1 << (bit & 7);
        return answer;
      };
      const target = filled(BLOCKS, 99);
      const read = disk.read({ first: 0, count: BLOCKS, target }, ME);
      await clock.advance(5_000); // Some of them make it wait for more than there is.
      const isErrorField = !structured && bit >> 5 === 1;
      assertEquals(await read, isErrorField ? -5 : BLOCKS, `bit ${bit}`);
      if (!isErrorField) assertEquals(target.every((byte) => byte === 3), true, `bit ${bit}`);
    }
  });
}

const LIES: readonly [string, (answer: Uint8Array, view: DataView) => Uint8Array][] = [
  ["no NBD at all", (answer) => answer.fill(0x41)],
  ["an answer to what nobody asked", (answer, view) => (view.setUint32(12, 4711), answer)],
  ["less than was asked for", (answer, view) => {
    view.setUint32(16, 8 + BLOCK);
    return answer.subarray(0, 28 + BLOCK);
  }],
  ["more than was asked for", (answer, view) => {
    view.setUint32(16, 8 + (BLOCKS + 1) * BLOCK);
    return answer;
  }],
  ["what lies before it", (answer, view) => (view.setUint32(24, 0), answer)],
  ["what lies behind it", (answer, view) => (view.setUint32(24, 3 * BLOCK), answer)],
  ["an offset that no export has", (answer, view) => (view.setUint32(20, 2 ** 32 - 1), answer)],
  ["an endless error", (_, view) => chunkOf(view, 0x8001, 2 ** 32 - 1)],
  ["an error without a number", (_, view) => chunkOf(view, 0x8001, 6)],
  ["a hole beyond its end", (_, view) => chunkOf(view, 2, 12)],
  ["an end without data", (_, view) => chunkOf(view, 0, 0)],
  ["without a chunk, though chunks were agreed on", (answer, view) => {
    const cookie = view.getUint32(12);
    const simple = new DataView(answer.buffer, 12); // Its head is shorter.
    [0x6744_6698, 0, 0, cookie].forEach((word, at) => simple.setUint32(4 * at, word));
    return answer.subarray(12);
  }],
  ["the status of blocks", (_, view) => chunkOf(view, 5, 12)],
  ["a chunk of no known kind", (_, view) => chunkOf(view, 77, 0)],
];

/** The last chunk of a reply to the same request: its payload is zeroes and ones. */
function chunkOf(view: DataView, kind: number, byteLength: number): Uint8Array {
  const bytes = new Uint8Array(20 + Math.min(byteLength, 12));
  bytes.set(new Uint8Array(view.buffer, 0, 20));
  const chunk = new DataView(bytes.buffer);
  chunk.setUint16(6, kind);
  chunk.setUint32(16, byteLength);
  if (kind === 2) chunk.setUint32(20 + 8, 0xffff_ffff);
  return bytes;
}

for (const [what, lie] of LIES) {
  Deno.test(`a server that answers ${what} is left, and the read is done again`, async () => {
    await using made = await rig();
    const { server, disk, clock, losses } = made;
    server.cache.fill(3);
    let left = 1;
    server.garbled = (answer) => {
      return left-- > 0 ? lie(answer, new DataView(answer.buffer)) : answer;
    };
    const target = filled(BLOCKS, 99);
    const read = disk.read({ first: 1, count: BLOCKS, target }, ME);
    await clock.advance(1_000);
    assertEquals([await read, losses.length], [BLOCKS, 1]);
    assertEquals(target.every((byte) => byte === 3), true);
  });
}

Deno.test("a read that comes in pieces, data and holes, is one read", async () => {
  await using made = await rig();
  const { server, disk } = made;
  server.garbled = (answer) => {
    if (answer.byteLength < BLOCK) return answer;
    const hole = chunkOf(new DataView(answer.buffer), 2, 12);
    const data = answer.slice(0, 28 + BLOCK);
    const [holeView, dataView] = [new DataView(hole.buffer), new DataView(data.buffer)];
    dataView.setUint16(4, 0); // Not the last.
    dataView.setUint32(16, 8 + BLOCK);
    dataView.setUint32(24, 2 * BLOCK);
    data.fill(7, 28);
    holeView.setUint32(20, 0);
    holeView.setUint32(24, BLOCK);
    holeView.setUint32(28, BLOCK);
    return Uint8Array.from([...data, ...hole]);
  };
  const target = filled(BLOCKS, 99);
  assertEquals(await disk.read({ first: 1, count: BLOCKS, target }, ME), BLOCKS);
  assertEquals([target[0], target[BLOCK - 1], target[BLOCK]], [0, 0, 7]);
});

Deno.test("what greets like no NBD server is refused", async () => {
  for (const greeting of ["SSH-2.0-OpenSSH_9.2", "HTTP/1.1 400 Bad Request", "NBDMAGIC\0\0"]) {
    const server = new FakeServer();
    server.garbled = () => new TextEncoder().encode(greeting.padEnd(64, "."));
    await assertRejects(() => rig({}, { server }), OsError, "EPROTO");
  }
});
