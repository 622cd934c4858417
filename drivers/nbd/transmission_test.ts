import { assertEquals } from "@std/assert";
import {
  emptyRequest,
  ERROR_CHUNK_BYTES,
  ERROR_OFFSET_CHUNK_BYTES,
  readBlockStatus,
  readChunkHeader,
  readErrorChunk,
  readRequest,
  readSimpleReply,
  readU64,
  unmarkLast,
  writeBlockStatus,
  writeChunkHeader,
  writeErrorChunk,
  writeErrorOffsetChunk,
  writeNoneChunk,
  writeOffsetData,
  writeRequest,
  writeSimpleReply,
  writeU64,
} from "./transmission.ts";
import { CHUNK, COMMAND, COMMAND_FLAG, EXTENT_FLAG, NBD_ERROR } from "./wire.ts";

const COOKIE = { cookieHigh: 0xfeed_beef, cookieLow: 0x8000_0001 };
const COOKIE_HEX = "feedbeef80000001";

function written(byteLength: number, write: (view: DataView) => void): string {
  // At an odd offset, as in a stream, and with bytes of others on both sides.
  const bytes = new Uint8Array(byteLength + 6).fill(0xaa);
  write(new DataView(bytes.buffer));
  assertEquals(bytes.slice(0, 3).toHex() + bytes.slice(-3).toHex(), "aaaaaaaaaaaa");
  return bytes.slice(3, -3).toHex();
}

Deno.test("a request stands on the wire as proto.md draws it", () => {
  const request = {
    ...COOKIE,
    flags: COMMAND_FLAG.FUA,
    command: COMMAND.WRITE,
    offset: 0x1_2345_6000,
    byteLength: 4096,
  };
  const hex = written(28, (view) => writeRequest(view, 3, request));
  const read = emptyRequest();

  assertEquals(hex, "25609513" + "0001" + "0001" + COOKIE_HEX + "0000000123456000" + "00001000");
  const bytes = Uint8Array.fromHex("00" + hex);
  assertEquals(readRequest(new DataView(bytes.buffer), 1, read), true);
  assertEquals(read, request);
  bytes[1]! ^= 1;
  assertEquals(readRequest(new DataView(bytes.buffer), 1, read), false);
});

Deno.test("a simple reply stands on the wire as proto.md draws it", () => {
  const reply = { ...COOKIE, error: NBD_ERROR.ENOSPC };
  const hex = written(16, (view) => writeSimpleReply(view, 3, reply));
  const read = { error: 0, cookieHigh: 0, cookieLow: 0 };

  assertEquals(hex, "67446698" + "0000001c" + COOKIE_HEX);
  const bytes = Uint8Array.fromHex(hex);
  assertEquals(readSimpleReply(new DataView(bytes.buffer), 0, read), true);
  assertEquals(read, reply);
  bytes[3]! ^= 1;
  assertEquals(readSimpleReply(new DataView(bytes.buffer), 0, read), false);
});

Deno.test("chunks of structured replies stand on the wire as proto.md draws them", () => {
  assertEquals(
    written(20, (view) => writeNoneChunk(view, 3, COOKIE)),
    "668e33ef" + "0001" + "0000" + COOKIE_HEX + "00000000",
  );
  assertEquals(
    written(28, (view) => writeOffsetData(view, 3, COOKIE, 0x2_0000_0200, 512)),
    "668e33ef" + "0001" + "0001" + COOKIE_HEX + "00000208" + "0000000200000200",
  );
  assertEquals(
    written(ERROR_CHUNK_BYTES, (view) => writeErrorChunk(view, 3, COOKIE, NBD_ERROR.EINVAL)),
    "668e33ef" + "0001" + "8001" + COOKIE_HEX + "00000006" + "00000016" + "0000",
  );
  assertEquals(
    written(
      ERROR_OFFSET_CHUNK_BYTES,
      (view) => writeErrorOffsetChunk(view, 3, COOKIE, NBD_ERROR.EIO, 0x2_0000_0200),
    ),
    "668e33ef" + "0001" + "8002" + COOKIE_HEX + "0000000e" + "00000005" + "0000" +
      "0000000200000200",
  );
});

Deno.test("a chunk that was written may turn out not to be the last", () => {
  const hex = written(20, (view) => {
    writeNoneChunk(view, 3, COOKIE);
    unmarkLast(view, 3);
  });

  assertEquals(hex, "668e33ef" + "0000" + "0000" + COOKIE_HEX + "00000000");
});

Deno.test("the head of a chunk is read as it was written", () => {
  const header = { ...COOKIE, flags: 0, kind: CHUNK.OFFSET_HOLE, byteLength: 12 };
  const hex = written(20, (view) => writeChunkHeader(view, 3, header));
  const read = { flags: 9, kind: 9, cookieHigh: 9, cookieLow: 9, byteLength: 9 };

  const bytes = Uint8Array.fromHex(hex);
  assertEquals(readChunkHeader(new DataView(bytes.buffer), 0, read), true);
  assertEquals(read, header);
  bytes[2]! ^= 1;
  assertEquals(readChunkHeader(new DataView(bytes.buffer), 0, read), false);
});

Deno.test("a block status is read as it was written, and not when it is malformed", () => {
  const extents = [
    { byteLength: 4096, flags: 0 },
    { byteLength: 8192, flags: EXTENT_FLAG.HOLE | EXTENT_FLAG.ZERO },
  ];
  const bytes = new Uint8Array(40);
  const byteLength = writeBlockStatus(new DataView(bytes.buffer), 0, COOKIE, {
    contextId: 7,
    extents,
  });

  assertEquals(byteLength, 40);
  assertEquals(
    bytes.toHex(),
    "668e33ef" + "0001" + "0005" + COOKIE_HEX + "00000014" + "00000007" + "0000100000000000" +
      "0000200000000003",
  );
  const payload = bytes.subarray(20);
  assertEquals(readBlockStatus(payload), { contextId: 7, extents });
  for (let end = 0; end < payload.byteLength; end++) {
    const cut = readBlockStatus(payload.subarray(0, end));
    assertEquals(cut === undefined, end !== 12);
  }
});

Deno.test("an error chunk is read with its text, and not when it is malformed", () => {
  const plain = Uint8Array.fromHex("00000005" + "0002" + "6869");
  const placed = Uint8Array.fromHex("0000001c" + "0002" + "6869" + "0000000000001000");

  assertEquals(readErrorChunk(CHUNK.ERROR, plain), { error: 5, offset: undefined });
  assertEquals(readErrorChunk(CHUNK.ERROR_OFFSET, placed), { error: 28, offset: 4096 });
  for (let end = 0; end < placed.byteLength; end++) {
    assertEquals(readErrorChunk(CHUNK.ERROR_OFFSET, placed.subarray(0, end)), undefined);
    if (end < plain.byteLength) {
      assertEquals(readErrorChunk(CHUNK.ERROR, plain.subarray(0, end)), undefined);
    }
  }
});

Deno.test("a u64 is a number up to 2^53 - 1, and -1 beyond", () => {
  const view = new DataView(new ArrayBuffer(8));
  for (const value of [0, 1, 0xffff_ffff, 0x1_0000_0000, Number.MAX_SAFE_INTEGER]) {
    writeU64(view, 0, value);
    assertEquals(view.getBigUint64(0), BigInt(value));
    assertEquals(readU64(view, 0), value);
  }
  for (const value of [2n ** 53n, 2n ** 63n, 2n ** 64n - 1n]) {
    view.setBigUint64(0, value);
    assertEquals(readU64(view, 0), -1);
  }
});
