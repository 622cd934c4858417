import { assert, assertEquals } from "@std/assert";
import {
  assertInStep,
  BLOCKS,
  boot,
  copyOf,
  LEG,
  MIRRORS,
  numbers,
  read,
  refusalOf,
  written,
} from "./mirror_fixture.ts";
import { SimulatedIntegrity } from "./simulated_integrity.ts";
import type { SimulatedLeg } from "./simulated_legs.ts";

for (const [name, options] of Object.entries(MIRRORS)) {
  Deno.test(`legs may be given in either order (${name})`, () => {
    const simulated = written(options);
    simulated.legs[1]!.faults.isDead = true;
    simulated.write(7, 1, 77);
    simulated.legs[1]!.faults.isDead = false;
    boot(simulated, { legs: [simulated.legs[1]!, simulated.legs[0]!] });
    assertEquals(read(simulated), numbers({ 7: 77 }));
    assertInStep(simulated, numbers({ 7: 77 }));
  });

  Deno.test(`a copy from long ago is not taken for current (${name})`, () => {
    for (const leg of [0, 1]) {
      const simulated = written(options);
      const old = copyOf(simulated, leg);
      for (let round = 0; round < 3; round++) {
        for (let block = 0; block < BLOCKS; block += 3) simulated.write(block, 1, 200 + block);
        simulated.device.halt();
      }
      simulated.legs[leg] = old;
      boot(simulated);
      assertEquals(simulated.device.report().legs[leg], "syncing");
      const expected = Object.fromEntries([0, 3, 6, 9, 12, 15, 18].map((at) => [at, 200 + at]));
      assertEquals(read(simulated), numbers(expected));
      assertInStep(simulated, numbers(expected));
    }
  });

  Deno.test(`a copy from before a leg was brought up to date is copied in full (${name})`, () => {
    const simulated = written(options);
    simulated.legs[1]!.faults.isDead = true;
    simulated.write(5, 1, 55);
    const old = copyOf(simulated, 1);
    simulated.legs[1]!.faults.isDead = false;
    assert(simulated.device.tryLegAgain(1));
    simulated.settle();
    simulated.legs[1]!.faults.isDead = true;
    simulated.write(18, 1, 118);
    simulated.legs[1] = old;
    boot(simulated);
    assertInStep(simulated, numbers({ 5: 55, 18: 118 }));
  });

  Deno.test(`a copy from before is no help when a leg was half brought up to date (${name})`, () => {
    const simulated = written(options);
    simulated.legs[1]!.faults.isDead = true;
    const expected: Record<number, number> = {};
    for (let block = 0; block < BLOCKS; block++) {
      simulated.write(block, 1, 300 + block);
      expected[block] = 300 + block;
    }
    const old = copyOf(simulated, 1);
    simulated.legs[1]!.faults.isDead = false;
    assert(simulated.device.tryLegAgain(1));
    const missed = simulated.device.report().missedRegions;
    for (let turn = 0; turn < 4; turn++) {
      simulated.nowMs += 1001;
      simulated.device.turn();
    }
    const left = simulated.device.report().missedRegions;
    assert(left > 0 && left < missed, `${left} of ${missed}`);
    simulated.legs[1] = old;
    assertInStep(boot(simulated), numbers(expected));
  });

  Deno.test(`foreign legs, copies and legs written apart are refused (${name})`, () => {
    const simulated = written(options);
    const other = new SimulatedIntegrity(options).open({ deviceId: Uint32Array.of(9, 9, 9, 9) });
    const foreign = simulated.leg(other.legs[1]!.bytes, 1);
    const ext2 = simulated.leg(new Uint8Array(60 * 4096), 1);
    ext2.bytes[1080] = 0x53;
    const data = simulated.leg(new Uint8Array(60 * 4096).fill(0xa5), 1);
    const [leg0, leg1] = simulated.legs as [SimulatedLeg, SimulatedLeg];
    const cases: [readonly SimulatedLeg[], string][] = [
      [[leg0, foreign], "two different layers"],
      [[foreign, leg0], "two different layers"],
      [[leg0, copyOf(simulated, 0)], "both devices are leg 0, one a copy"],
      [[leg0, ext2], "not blank, and bears no label"],
      [[leg0, data], "not blank, and bears no label"],
    ];
    for (const [legs, expected] of cases) {
      const before = legs.map(({ bytes }) => bytes.slice());
      const why = refusalOf(simulated, { legs, format: "if-blank" });
      assert(why.startsWith("EUCLEAN") && why.includes(expected), why);
      legs.forEach(({ bytes }, at) => assertEquals(bytes, before[at])); // Nothing was written.
    }
    boot(simulated, { legs: [leg0], absent: "accept" });
    simulated.write(1, 1, 5);
    boot(simulated, { legs: [leg1], absent: "accept" });
    simulated.write(1, 1, 6);
    const why = refusalOf(simulated);
    assert(why.includes("both legs were written while the other was away"), why);
  });
}

Deno.test("a second leg may be added to a single one", () => {
  const simulated = written(LEG);
  simulated.legs.push(simulated.leg(new Uint8Array(64 * 4096), 1));
  boot(simulated, { format: "if-blank" });
  assertInStep(simulated, numbers());
});

Deno.test("a layer is of the kind that it was made", () => {
  const why = refusalOf(written(LEG), { tags: false });
  assert(why.startsWith("EINVAL") && why.includes("made with tags"), why);
});
