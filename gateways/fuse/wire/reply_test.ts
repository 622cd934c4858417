import { ATTRIBUTE, ATTRIBUTES_BYTES } from "@hako/fs-server";
import { assertEquals } from "@std/assert";
import { validity } from "./attributes.ts";
import { FOPEN } from "./flags.ts";
import { OPCODE } from "./opcodes.ts";
import { DATA_OFFSET, REPLY_OFFSET } from "./places.ts";
import { FuseReply } from "./reply.ts";
import { requestOf } from "./test_request.ts";

const UNIQUE = 0x8000_0000_0000_0102n;

/** A reply to some request, and what of it goes to Linux. */
function replying() {
  const { request } = requestOf({ opcode: OPCODE.GETATTR, unique: UNIQUE, nodeid: 12n }, 0n, 0n);
  const reply = new FuseReply(request);
  request.buffer.fill(0xdd, DATA_OFFSET); // What was there before.
  const sent = (byteLength: number) => {
    const bytes = request.buffer.slice(REPLY_OFFSET, REPLY_OFFSET + byteLength);
    const view = new DataView(bytes.buffer);
    assertEquals(view.getUint32(0, true), byteLength, "the header says the length");
    assertEquals(view.getBigUint64(8, true), UNIQUE);
    return { view, bytes: bytes.subarray(16), error: view.getInt32(4, true) };
  };
  return { request, reply, sent };
}

function attributes(inode: number, generation: number): DataView {
  const record = new DataView(new ArrayBuffer(ATTRIBUTES_BYTES));
  record.setUint32(ATTRIBUTE.inode, inode, true);
  record.setUint32(ATTRIBUTE.generation, generation, true);
  record.setUint32(ATTRIBUTE.mode, 0o60644, true);
  record.setUint32(ATTRIBUTE.links, 3, true);
  record.setUint32(ATTRIBUTE.uid, 1000, true);
  record.setUint32(ATTRIBUTE.gid, 0xffff_fffe, true);
  record.setFloat64(ATTRIBUTE.size, 2 ** 43 + 5, true);
  record.setFloat64(ATTRIBUTE.blocks512, 2 ** 34, true);
  record.setUint32(ATTRIBUTE.device, 0x1230_0845, true);
  record.setFloat64(ATTRIBUTE.atimeSeconds, -1, true);
  record.setFloat64(ATTRIBUTE.mtimeSeconds, 2 ** 33 + 1, true);
  record.setFloat64(ATTRIBUTE.ctimeSeconds, -(2 ** 33), true);
  record.setFloat64(ATTRIBUTE.birthSeconds, 1_000_000_000, true);
  record.setUint32(ATTRIBUTE.atimeNanoseconds, 1, true);
  record.setUint32(ATTRIBUTE.mtimeNanoseconds, 2, true);
  record.setUint32(ATTRIBUTE.ctimeNanoseconds, 999_999_999, true);
  record.setUint32(ATTRIBUTE.birthNanoseconds, 4, true);
  return record;
}

/** The fields of a `fuse_attr` that lies at `at`, one by one. */
function assertAttr(view: DataView, at: number, inode: bigint): void {
  assertEquals(view.getBigUint64(at, true), inode);
  assertEquals(view.getBigUint64(at + 8, true), 2n ** 43n + 5n);
  assertEquals(view.getBigUint64(at + 16, true), 2n ** 34n);
  assertEquals(view.getBigInt64(at + 24, true), -1n);
  assertEquals(view.getBigInt64(at + 32, true), 2n ** 33n + 1n);
  assertEquals(view.getBigInt64(at + 40, true), -(2n ** 33n));
  const words = Array.from({ length: 10 }, (_, index) => view.getUint32(at + 48 + 4 * index, true));
  const rest = [3, 1000, 0xffff_fffe, 0x1230_0845, 4096, 0];
  assertEquals(words, [1, 2, 999_999_999, 0o60644, ...rest]);
}

Deno.test("FuseReply.entry() names node, times and attributes", () => {
  const { reply, sent } = replying();
  const valid = validity(1500, 60_000);
  const { view, bytes, error } = sent(reply.entry(attributes(12, 0x8000_0001), valid));
  assertEquals([error, bytes.byteLength], [0, 128]);
  assertEquals(view.getBigUint64(16, true), 0x8000_0001_0000_000cn);
  assertEquals(view.getBigUint64(24, true), 0x8000_0001n);
  assertEquals([view.getBigUint64(32, true), view.getBigUint64(40, true)], [1n, 60n]);
  assertEquals([view.getUint32(48, true), view.getUint32(52, true)], [500_000_000, 0]);
  assertAttr(view, 56, 12n);
});

Deno.test("FuseReply.entry() names the root 1, and noEntry() nothing", () => {
  const { reply, sent } = replying();
  const root = sent(reply.entry(attributes(2, 9), validity(0, 0)));
  assertEquals(root.view.getBigUint64(16, true), 1n);
  const { view, bytes } = sent(reply.noEntry(validity(2000, 0)));
  assertEquals([view.getBigUint64(16, true), view.getBigUint64(32, true)], [0n, 2n]);
  assertEquals(bytes.subarray(24).every((byte) => byte === 0), true);
  assertEquals(bytes.byteLength, 128);
});

Deno.test("FuseReply.attr() and create() carry attributes", () => {
  const { reply, sent } = replying();
  const attr = sent(reply.attr(attributes(12, 1), validity(0, 2250)));
  assertEquals([attr.view.getBigUint64(16, true), attr.view.getUint32(24, true)], [
    2n,
    250_000_000,
  ]);
  assertEquals([attr.view.getUint32(28, true), attr.bytes.byteLength], [0, 104]);
  assertAttr(attr.view, 32, 12n);
  const flags = FOPEN.KEEP_CACHE;
  const create = sent(reply.create(attributes(12, 1), validity(0, 0), 2 ** 40 + 3, flags));
  assertAttr(create.view, 56, 12n);
  assertEquals(create.view.getBigUint64(144, true), 2n ** 40n + 3n);
  const [open, backing] = [create.view.getUint32(152, true), create.view.getUint32(156, true)];
  assertEquals([open, backing, create.bytes.byteLength], [2, 0, 144]);
});

Deno.test("FuseReply.statx() has the time of birth and a split device number", () => {
  const { reply, sent } = replying();
  const { view, bytes } = sent(reply.statx(attributes(12, 1), validity(0, 1000)));
  assertEquals([view.getBigUint64(16, true), bytes.byteLength], [1n, 288]);
  const stat = 16 + 32;
  assertEquals([view.getUint32(stat, true), view.getUint32(stat + 4, true)], [0xfff, 4096]);
  assertEquals([view.getUint32(stat + 16, true), view.getUint16(stat + 28, true)], [3, 0o60644]);
  assertEquals(view.getBigUint64(stat + 40, true), 2n ** 43n + 5n);
  assertEquals(view.getBigInt64(stat + 64, true), -1n);
  assertEquals(view.getBigInt64(stat + 80, true), 1_000_000_000n);
  assertEquals(view.getUint32(stat + 88, true), 4);
  assertEquals(view.getBigInt64(stat + 96, true), -(2n ** 33n));
  assertEquals(view.getBigInt64(stat + 112, true), 2n ** 33n + 1n);
  assertEquals([view.getUint32(stat + 128, true), view.getUint32(stat + 132, true)], [
    8,
    0x12345,
  ]);
});

Deno.test("FuseReply says errors that Linux takes, and EIO for others", () => {
  const { reply, sent } = replying();
  for (const [errno, said] of [[2, -2], [511, -511], [512, -5], [0, -5], [-2, -5], [NaN, -5]]) {
    const { error, bytes } = sent(reply.error(errno!));
    assertEquals([error, bytes.byteLength], [said, 0]);
  }
  assertEquals(sent(reply.empty()).error, 0);
});

Deno.test("FuseReply's small answers", () => {
  const { reply, sent } = replying();
  assertEquals(words(sent(reply.open(2 ** 32 + 1, 5)).bytes), [1, 1, 5, 0]);
  assertEquals(words(sent(reply.write(1 << 20)).bytes), [1 << 20, 0]);
  assertEquals(words(sent(reply.copied(2 ** 33)).bytes), [0, 2]);
  assertEquals(words(sent(reply.lseek(2 ** 40)).bytes), [0, 256]);
  assertEquals(words(sent(reply.xattrSize(77)).bytes), [77, 0]);
  assertEquals(words(sent(reply.poll(5)).bytes), [5, 0]);
  assertEquals(words(sent(reply.ioctl(-1, new Uint8Array([9, 0, 0, 0]))).bytes), [
    0xffff_ffff,
    0,
    0,
    0,
    9,
  ]);
  const lock = { start: 1, end: 9, type: 1, pid: 33 };
  assertEquals(words(sent(reply.lock(lock)).bytes), [1, 0, 9, 0, 1, 33]);
  const toEnd = { ...lock, end: Number.MAX_SAFE_INTEGER };
  assertEquals(words(sent(reply.lock(toEnd)).bytes), [1, 0, 0xffff_ffff, 0x7fff_ffff, 1, 33]);
});

Deno.test("FuseReply.statfs() and init() fill their structs to the last byte", () => {
  const { reply, sent } = replying();
  const statfs = sent(reply.statfs({
    blocks: 2 ** 33,
    bfree: 2,
    bavail: 3,
    files: 4,
    ffree: 5,
    bsize: 6,
    frsize: 7,
    namelen: 8,
  }));
  const numbers = [0, 2, 2, 0, 3, 0, 4, 0, 5, 0, 6, 8, 7, 0];
  assertEquals(words(statfs.bytes), [...numbers, 0, 0, 0, 0, 0, 0]);
  const init = sent(reply.init({
    minor: 45,
    maxReadahead: 2,
    flags: 0x8000_0003,
    flags2: 0x80,
    maxBackground: 64,
    congestionThreshold: 48,
    maxWrite: 1 << 20,
    maxPages: 256,
    timeGran: 1,
  }));
  const agreed = [7, 45, 2, 0x8000_0003, 48 << 16 | 64, 1 << 20, 1, 256, 0x80];
  assertEquals(words(init.bytes), [...agreed, 0, 0, 0, 0, 0, 0, 0]);
});

Deno.test("FuseReply.data() sends what lies in the buffer, bytes() what lies elsewhere", () => {
  const { request, reply, sent } = replying();
  request.buffer.set([1, 2, 3], DATA_OFFSET);
  assertEquals([...sent(reply.data(3)).bytes], [1, 2, 3]);
  assertEquals([...sent(reply.bytes(new Uint8Array([4, 5]))).bytes], [4, 5]);
  assertEquals(sent(reply.data(0)).bytes.byteLength, 0);
  assertEquals(reply.bodyBytesMax, 65536);
});

function words(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from(
    { length: bytes.byteLength / 4 },
    (_, index) => view.getUint32(4 * index, true),
  );
}
