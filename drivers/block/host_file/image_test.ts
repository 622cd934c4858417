import { assertEquals, assertThrows } from "@std/assert";
import { ERRNO, OsError } from "@hako/ipc";
import { Disk } from "../disk.ts";
import { hostErrno, type Image, type ImageOptions, openImage } from "./image.ts";
import { life } from "./test_life.ts";
import { readOptions } from "./options.ts";

function test(name: string, run: (path: string) => void): void {
  Deno.test(name, () => {
    const directory = Deno.makeTempDirSync({ prefix: "hako-image-" });
    try {
      run(`${directory}/image`);
    } finally {
      Deno.removeSync(directory, { recursive: true });
    }
  });
}

function assertFails(code: string, options: ImageOptions, epoch = 1): void {
  const error = assertThrows(() => openImage(options, life(epoch)), OsError);
  assertEquals(error.code, code);
}

function close(...images: Image[]): void {
  for (const image of images) image.close();
}

test("openImage() tells what keeps it from opening", (path) => {
  assertFails("ENOENT", { path });
  assertFails("ENOENT", { path, createBytes: 4096, readOnly: true });
  assertFails("EISDIR", { path: path.slice(0, -"/image".length) });
});

test("openImage() makes and lengthens an image, and never shortens one", (path) => {
  for (const [createBytes, byteLength] of [[8192, 8192], [16384, 16384], [4096, 16384]] as const) {
    const image = openImage({ path, createBytes }, life(1));
    assertEquals(image.byteLength, byteLength);
    close(image);
    assertEquals(Deno.statSync(path).size, byteLength);
  }
});

test("openImage() refuses a second system, but no successor", (path) => {
  const first = openImage({ path, createBytes: 8192 }, life(1));
  assertFails("EBUSY", { path });
  const successor = openImage({ path }, life(2)); // Though `first`, a zombie, is still there.
  close(first);
  assertFails("EBUSY", { path }); // The successor holds the image on its own.
  close(successor);
  close(openImage({ path }, life(1)));
});

test("transfers go where they are told, after whatever others", (path) => {
  const BLOCKS = 8;
  const image = openImage({ path, createBytes: BLOCKS * 4096 }, life(1));
  const model = new Uint8Array(BLOCKS * 4096);
  let seed = 7;
  const below = (limit: number) => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) % limit;
  let offset = 0;
  for (let step = 1; step < 500; step++) {
    const goesOn = below(2) === 0 && offset < BLOCKS * 4096;
    if (!goesOn) offset = below(BLOCKS) * 4096;
    const bytes = new Uint8Array(4096 * (1 + below(3))).subarray(0, BLOCKS * 4096 - offset);
    if (below(2) === 0) {
      image.writeAt(offset, bytes.fill(step));
      model.set(bytes, offset);
    } else {
      assertEquals(image.readAt(offset, bytes), bytes.byteLength);
      assertEquals(bytes, model.slice(offset, offset + bytes.byteLength), `step ${step}`);
    }
    offset += bytes.byteLength;
  }
  // Beyond the end nothing is read, and what follows is still where it belongs.
  assertEquals(image.readAt(BLOCKS * 4096, new Uint8Array(4096)), 0);
  const target = new Uint8Array(4096);
  image.readAt(0, target);
  assertEquals(target, model.slice(0, 4096));
  close(image);
});

test("a read-only image refuses writes, and flushes", (path) => {
  close(openImage({ path, createBytes: 8192 }, life(1)));
  const image = openImage({ path, readOnly: true }, life(1));
  const disk = new Disk(image, hostErrno);
  assertEquals(disk.write({ first: 0, count: 1, source: new Uint8Array(4096) }), -ERRNO.EROFS);
  assertEquals(disk.flush(), 0);
  close(image);
});

test("what a shortened image lacks is read as zero", (path) => {
  const image = openImage({ path, createBytes: 8192 }, life(1));
  const disk = new Disk(image, hostErrno);
  const view = new Uint8Array(new SharedArrayBuffer(8192)).fill(5);
  assertEquals(disk.write({ first: 0, count: 2, source: view }), 2);
  Deno.truncateSync(path, 5000);
  assertEquals(disk.read({ first: 0, count: 2, target: view }), 2);
  assertEquals([view[4999], view[5000], view[8191]], [5, 0, 0]);
  close(image);
});

test("zeroAt() makes more zero than it writes at once, and no byte beside it", (path) => {
  const createBytes = 1024 * 1024;
  const image = openImage({ path, createBytes }, life(1));
  image.writeAt(0, new Uint8Array(createBytes).fill(5));
  image.zeroAt(4096, 600_000);
  close(image);
  const bytes = Deno.readFileSync(path);
  assertEquals(bytes.every((byte, at) => byte === (at < 4096 || at >= 604_096 ? 5 : 0)), true);
});

Deno.test("hostErrno() knows a full disk", () => {
  for (const [code, errno] of [["ENOSPC", "ENOSPC"], ["EDQUOT", "ENOSPC"], ["EUSERS", "EIO"]]) {
    assertEquals(hostErrno(Object.assign(new Error("as Deno throws it"), { code })), errno);
  }
  assertEquals(hostErrno(new Deno.errors.NotCapable("denied")), "EACCES");
});

Deno.test("readOptions() refuses what is of no use", () => {
  const path = "image";
  assertEquals(readOptions({ path }).path, path);
  for (
    const options of [{}, { path: "" }, { path, createBytes: 0 }, { path, createBytes: "1" }, {
      path,
      readOnly: 1,
    }]
  ) {
    assertThrows(() => readOptions(options), TypeError);
  }
});

test("an image is not touched any more by a life that is over", (path) => {
  let isOver = false;
  const requireLife = () => {
    if (isOver) throw new Error("over");
  };
  const image = openImage({ path, createBytes: 8192 }, { epoch: 1, requireLife });
  image.writeAt(0, new Uint8Array(8192).fill(1));
  isOver = true;
  const target = new Uint8Array(4096);
  assertThrows(() => image.writeAt(0, new Uint8Array(4096).fill(2)), Error, "over");
  assertThrows(() => image.zeroAt(0, 4096), Error, "over");
  assertThrows(() => image.readAt(0, target), Error, "over");
  assertEquals(target, new Uint8Array(4096));
  assertEquals(Deno.readFileSync(path), new Uint8Array(8192).fill(1));
  close(image);
});
