import { assertEquals, assertThrows } from "@std/assert";
import { OsError } from "@hako/ipc";
import { testBlockDevice } from "../conformance.ts";
import { Disk } from "../disk.ts";
import { hostErrno, openImage } from "./image.ts";
import { life } from "./test_life.ts";
import { makeLoopDevice, mayOpen } from "./test_loop_device.ts";

const BYTES = 16 * 4096;

/** Looked for once: without root, losetup or loop devices these tests are skipped by name. */
const ignore = (() => {
  using device = makeLoopDevice(BYTES);
  return device === undefined;
})();

testBlockDevice("a block device of the host", () => {
  const device = makeLoopDevice(BYTES)!;
  const image = openImage({ path: device.path }, life(1));
  return {
    disk: new Disk(image, hostErrno),
    flags: 0,
    async [Symbol.asyncDispose]() {
      image.close();
      await Promise.resolve();
      device[Symbol.dispose]();
    },
  };
}, { ignore });

Deno.test({
  name: "openImage() measures a block device, locks it, and makes none",
  ignore,
  fn() {
    using device = makeLoopDevice(BYTES + 512)!;
    const { path } = device;
    assertEquals(Deno.statSync(path).size, 0);
    const image = openImage({ path }, life(1));
    assertEquals(image.byteLength, BYTES + 512);
    const busy = assertThrows(() => openImage({ path }, life(1)), OsError);
    assertEquals(busy.code, "EBUSY");
    const successor = openImage({ path }, life(2));
    successor.close();
    image.close();
    const made = assertThrows(() => openImage({ path, createBytes: 4096 }, life(1)), OsError);
    assertEquals(made.code, "EINVAL");
    assertEquals(made.message.includes("a device has the size it has"), true);
  },
});

Deno.test({
  name: "a flush of a block device reaches what is below it",
  ignore,
  fn() {
    using device = makeLoopDevice(BYTES)!;
    const image = openImage({ path: device.path }, life(1));
    const disk = new Disk(image, hostErrno);
    const source = new Uint8Array(4096).fill(7);
    assertEquals(disk.write({ first: 2, count: 1, source }), 1);
    assertEquals(disk.flush(), 0);
    assertEquals(Deno.readFileSync(device.image).slice(2 * 4096, 3 * 4096), source);
    image.close();
  },
});

Deno.test({
  name: "openImage() refuses what is neither a file nor a block device",
  ignore: !mayOpen("/dev/null"),
  fn() {
    const error = assertThrows(() => openImage({ path: "/dev/null" }, life(1)), OsError);
    assertEquals(error.code, "EINVAL");
  },
});
