import { assert, assertEquals } from "@std/assert";
import { LookingOut } from "./looking_out.ts";

/** A device that has a request at some look, or none. */
class Device {
  isCrowded = false;
  looks = 0;
  sleeps = 0;
  /** The look at which something is there, from 1. */
  comesAt = Infinity;

  poll(timeoutMs: number): boolean {
    if (timeoutMs > 0) return false;
    return ++this.looks >= this.comesAt;
  }

  asleep<T>(wait: () => T): T {
    this.sleeps++;
    return wait();
  }
}

Deno.test("LookingOut does not sleep while requests come soon", () => {
  const device = new Device();
  const out = new LookingOut(device, device);
  device.comesAt = 3;
  for (let wait = 0; wait < 100; wait++) {
    device.looks = 0;
    out.wait(50);
  }
  assertEquals(device.sleeps, 0);
});

Deno.test("LookingOut leaves looking where it is in vain, and tries again ever less often", () => {
  const device = new Device();
  const out = new LookingOut(device, device);
  let lastLooks = 0;
  const looked: number[] = [];
  for (let wait = 0; wait < 400; wait++) {
    out.wait(50);
    if (device.looks > lastLooks) looked.push(wait);
    lastLooks = device.looks;
  }
  assertEquals(device.sleeps, 400);
  const gaps = looked.slice(1).map((wait, index) => wait - looked[index]!);
  assert(gaps.slice(0, 15).every((gap) => gap === 1), `${gaps}`);
  assertEquals(gaps.slice(15), [32, 64, 128]);
});

Deno.test("LookingOut sleeps at once where the cores are taken", () => {
  const device = new Device();
  const out = new LookingOut(device, device);
  device.isCrowded = true;
  device.comesAt = 1;
  out.wait(50);
  assertEquals([device.looks, device.sleeps], [0, 1]);
});
