import { assertEquals, assertThrows } from "@std/assert";
import { OsError } from "@hako/ipc";
import { OPCODE } from "./opcodes.ts";
import { ARGS, DATA_OFFSET } from "./places.ts";
import { FuseRequest } from "./request.ts";
import { LINK_IN, LK_IN, READ_IN, RENAME2_IN, SETATTR_IN, WRITE_IN } from "./structs.ts";
import { type Part, read, requestOf } from "./test_request.ts";

const text = new TextDecoder();

/** The shortest sound arguments of each opcode. */
const SHORTEST: Readonly<Record<keyof typeof OPCODE, readonly Part[]>> = {
  LOOKUP: ["n\0"],
  FORGET: [1n],
  GETATTR: [0n, 0n],
  SETATTR: [new Uint8Array(88)],
  READLINK: [],
  SYMLINK: ["n\0", "t\0"],
  MKNOD: [0n, 0n, "n\0"],
  MKDIR: [0n, "n\0"],
  UNLINK: ["n\0"],
  RMDIR: ["n\0"],
  RENAME: [1n, "n\0", "m\0"],
  LINK: [1n, "n\0"],
  OPEN: [0n],
  READ: [new Uint8Array(40)],
  WRITE: [0n, 0n, 3, 0, 0n, 0n, "abc"],
  STATFS: [],
  RELEASE: [0n, 0n, 0n],
  FSYNC: [0n, 0n],
  SETXATTR: [2, 0, "n\0", "ab"],
  GETXATTR: [0n, "n\0"],
  LISTXATTR: [0n],
  REMOVEXATTR: ["n\0"],
  FLUSH: [0n, 0n, 0n],
  INIT: [7, 31, 0, 0],
  OPENDIR: [0n],
  READDIR: [new Uint8Array(40)],
  RELEASEDIR: [0n, 0n, 0n],
  FSYNCDIR: [0n, 0n],
  GETLK: [new Uint8Array(48)],
  SETLK: [new Uint8Array(48)],
  SETLKW: [new Uint8Array(48)],
  ACCESS: [0n],
  CREATE: [0n, 0n, "n\0"],
  INTERRUPT: [1n],
  BMAP: [0n, 0n],
  DESTROY: [],
  IOCTL: [0n, 0n, 0n, 1, 0, "x"],
  POLL: [0n, 0n, 0n],
  NOTIFY_REPLY: [],
  BATCH_FORGET: [2, 0, 1n, 1n, 2n, 1n],
  FALLOCATE: [0n, 0n, 0n, 0n],
  READDIRPLUS: [new Uint8Array(40)],
  RENAME2: [1n, 0n, "n\0", "m\0"],
  LSEEK: [0n, 0n, 0n],
  COPY_FILE_RANGE: [new Uint8Array(56)],
  SETUPMAPPING: [],
  REMOVEMAPPING: [],
  SYNCFS: [0n],
  TMPFILE: [0n, 0n, "n\0"],
  STATX: [0n, 0n, 0n],
  COPY_FILE_RANGE_64: [new Uint8Array(56)],
};

Deno.test("FuseRequest.take() copies the header", () => {
  const header = {
    opcode: OPCODE.GETATTR,
    unique: 0x8000_0001_ffff_fff2n,
    nodeid: 0x89ab_cdef_0000_000cn,
    uid: 0xffff_fffe,
    gid: 1000,
    pid: 77,
  };
  const { request, isTaken } = requestOf(header, 0n, 0n);
  request.buffer.fill(0); // As an answer does.
  assertEquals(isTaken, true);
  assertEquals([request.uniqueLow, request.uniqueHigh], [0xffff_fff2, 0x8000_0001]);
  assertEquals([request.nodeInode, request.nodeGeneration], [12, 0x89ab_cdef]);
  assertEquals([request.uid, request.gid, request.pid], [0xffff_fffe, 1000, 77]);
  assertEquals([request.isResent, request.isAnswered], [true, true]);
});

Deno.test("FuseRequest maps node 1 to inode 2, in the header and in arguments", () => {
  const { request } = requestOf({ opcode: OPCODE.LINK, nodeid: 1n }, 1n, "n\0");
  assertEquals([request.nodeInode, request.nodeGeneration], [2, 0]);
  const at = ARGS + LINK_IN.at.oldnodeid;
  assertEquals([request.inode(at), request.generation(at)], [2, 0]);
  read(request, { opcode: OPCODE.LINK, nodeid: (1n << 32n) + 1n }, (9n << 32n) + 1n, "n\0");
  assertEquals([request.nodeInode, request.nodeGeneration], [1, 1]);
  assertEquals([request.inode(at), request.generation(at)], [1, 9]);
});

Deno.test("FuseRequest finds names and data", () => {
  const rename = requestOf({ opcode: OPCODE.RENAME2, nodeid: 1n }, 12n, 2, 0, "old\0new one\0");
  assertEquals(text.decode(rename.request.name().slice()), "old");
  assertEquals(text.decode(rename.request.secondName().slice()), "new one");
  assertEquals(rename.request.u32(ARGS + RENAME2_IN.at.flags), 2);
  const write = requestOf({ opcode: OPCODE.WRITE, nodeid: 12n }, 5n, 8192n, 3, 0, 0n, 0n, "abc");
  assertEquals(text.decode(write.request.data().slice()), "abc");
  assertEquals(write.request.data().byteOffset, DATA_OFFSET);
  assertEquals(write.request.u64(ARGS + WRITE_IN.at.offset), 8192);
  const { request } = requestOf({ opcode: OPCODE.SETXATTR }, 2, 1, "user.n\0", "ab");
  assertEquals([text.decode(request.name().slice()), request.dataByteLength], ["user.n", 2]);
  request.hasLongSetxattr = true;
  assertEquals(read(request, { opcode: OPCODE.SETXATTR }, 2, 1, 1, 0, "user.m\0", "cd"), true);
  assertEquals(text.decode(request.name().slice()), "user.m");
  assertEquals(text.decode(request.data().slice()), "cd");
});

Deno.test("FuseRequest.copy() copies a name behind another", () => {
  const { request } = requestOf({ opcode: OPCODE.LOOKUP }, "name\0");
  const target = new Uint8Array(6);
  assertEquals(request.copy(request.nameAt, request.nameByteLength, target, 1), 5);
  assertEquals(text.decode(target), "\0name\0");
  assertCode("ENAMETOOLONG", () => request.copy(request.nameAt, 4, target, 3));
  assertCode("EPROTO", () => request.copy(request.nameAt, 6, target, 0));
});

Deno.test("FuseRequest reads numbers beyond 32 bits, and refuses those beyond 53", () => {
  const { request } = requestOf(
    { opcode: OPCODE.SETATTR },
    0n,
    2n ** 53n - 1n,
    2n ** 53n,
    0xfedc_ba98_7654_3210n,
    -86400n,
    -(2n ** 60n),
    new Uint8Array(40),
  );
  const { fh, size, lock_owner, atime, mtime } = SETATTR_IN.at;
  assertEquals(request.u64(ARGS + fh), Number.MAX_SAFE_INTEGER);
  assertCode("EOVERFLOW", () => request.u64(ARGS + size));
  assertEquals(request.saturated(ARGS + size), Number.MAX_SAFE_INTEGER);
  assertEquals(request.saturated(ARGS + fh), Number.MAX_SAFE_INTEGER);
  assertEquals(request.u32(ARGS + lock_owner), 0x7654_3210);
  assertEquals(request.u32(ARGS + lock_owner + 4), 0xfedc_ba98);
  assertEquals(request.i64(ARGS + atime), -86400);
  assertCode("EOVERFLOW", () => request.i64(ARGS + mtime));
  const lock = requestOf({ opcode: OPCODE.SETLK }, 1n, 2n, 0n, 2n ** 63n - 1n, 1, 5, 0n);
  assertEquals(lock.request.saturated(ARGS + LK_IN.at.end), Number.MAX_SAFE_INTEGER);
});

Deno.test("FuseRequest.take() refuses lengths that do not fit, whatever the opcode", () => {
  for (const [name, parts] of Object.entries(SHORTEST)) {
    const opcode = OPCODE[name as keyof typeof OPCODE];
    const { request, isTaken } = requestOf({ opcode, unique: 6n }, ...parts);
    assertEquals(isTaken, true, `${name} is well formed`);
    const whole = request.target.slice(0, request.byteLength);
    const view = new DataView(request.target.buffer, request.target.byteOffset);
    for (let length = 0; length < whole.byteLength; length++) {
      request.target.fill(0xee);
      request.target.set(whole.subarray(0, length));
      view.setUint32(0, length, true);
      const isSound = length >= ARGS && parts.length === 0;
      assertEquals(request.take(length), isSound, `${name} of ${length} bytes`);
    }
    view.setUint32(0, whole.byteLength, true);
    assertEquals(request.take(whole.byteLength - 1), false, `${name} is shorter than it says`);
    assertEquals(request.take(request.target.byteLength + 1), false);
    assertEquals(request.take(-11), false);
  }
});

Deno.test("FuseRequest.take() refuses sizes and extensions beyond the end", () => {
  const sizes: [number, readonly Part[]][] = [
    [OPCODE.WRITE, [0n, 0n, 4, 0, 0n, 0n, "abc"]],
    [OPCODE.WRITE, [0n, 0n, 0xffff_ffff, 0, 0n, 0n, "abc"]],
    [OPCODE.SETXATTR, [3, 0, "n\0", "ab"]],
    [OPCODE.IOCTL, [0n, 0n, 0n, 0xffff_ffff, 0, "x"]],
    [OPCODE.BATCH_FORGET, [3, 0, 1n, 1n, 2n, 1n]],
    [OPCODE.BATCH_FORGET, [0x1000_0001, 0, 1n, 1n]],
  ];
  for (const [opcode, parts] of sizes) {
    assertEquals(requestOf({ opcode }, ...parts).isTaken, false);
  }
  const mkdir = { opcode: OPCODE.MKDIR, extensions: 2 };
  const { request, isTaken } = requestOf(mkdir, 0n, "n\0", new Uint8Array(16));
  assertEquals([isTaken, request.byteLength], [true, ARGS + 10]);
  assertEquals(requestOf(mkdir, 0n, "n\0", new Uint8Array(14)).isTaken, false);
  assertEquals(requestOf({ ...mkdir, extensions: 0xffff }, 0n, "n\0").isTaken, false);
});

Deno.test("FuseRequest keeps the number of a malformed request, and knows unknown opcodes", () => {
  const short = requestOf({ opcode: OPCODE.OPEN, unique: 8n });
  assertEquals([short.isTaken, short.request.uniqueLow, short.request.isAnswered], [
    false,
    8,
    true,
  ]);
  for (const opcode of [0, 7, 54, 63, 64, 4096, 0xffff_ffff]) {
    assertEquals(requestOf({ opcode }).isTaken, true);
  }
  for (const opcode of [OPCODE.FORGET, OPCODE.BATCH_FORGET, OPCODE.INTERRUPT]) {
    assertEquals(requestOf({ opcode }, 0n, 0n).request.isAnswered, false);
  }
});

Deno.test("FuseRequest never reads behind the end of a request", () => {
  const { request } = requestOf({ opcode: OPCODE.READ }, new Uint8Array(40));
  assertEquals(request.u32(ARGS + READ_IN.at.padding), 0);
  assertCode("EPROTO", () => request.u32(ARGS + READ_IN.byteLength));
  assertCode("EPROTO", () => request.u64(ARGS + READ_IN.at.padding));
  const fresh = new FuseRequest(new Uint8Array(16384));
  assertCode("EPROTO", () => fresh.u32(0));
});

Deno.test("FuseRequest.take() and every reader survive random bytes", () => {
  const request = new FuseRequest(new Uint8Array(16384));
  const words = new Uint32Array(request.target.buffer, request.target.byteOffset, 64);
  let seed = 1;
  for (let round = 0; round < 1000; round++) {
    for (let index = 0; index < 40; index++) {
      seed = Math.imul(seed, 1664525) + 1013904223 | 0;
      words[index] = (seed & 3) === 0 ? seed >>> 24 : seed;
    }
    const byteLength = 40 + (seed >>> 20) % 120;
    words[0] = byteLength;
    words[1] = (seed >>> 8) % 64;
    words[9] = words[9]! & 0xffff0003;
    if (!request.take(byteLength)) continue;
    const { nameAt, nameByteLength, secondNameAt, secondNameByteLength, dataAt } = request;
    const ends = [
      nameAt + nameByteLength,
      secondNameAt + secondNameByteLength,
      dataAt + request.dataByteLength,
    ];
    assertEquals(ends.every((end) => end <= request.byteLength), true);
    for (let at = ARGS; at < byteLength; at += 4) {
      for (const reader of [request.u64, request.i64, request.saturated, request.inode]) {
        try {
          reader.call(request, at);
        } catch (error) {
          if (!(error instanceof OsError)) throw error;
        }
      }
    }
  }
});

function assertCode(code: string, act: () => unknown): void {
  assertEquals(assertThrows(act, OsError).code, code);
}
