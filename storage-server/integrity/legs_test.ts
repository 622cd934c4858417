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
import { codeOf, Death } from "../simulated_outcome.ts";
import { seededRandom } from "../workload.ts";

for (const [name, options] of Object.entries(MIRRORS)) {
  for (const leg of [0, 1]) {
    const where = `${name}, leg ${leg}`;

    Deno.test(`a leg that fails a write is out before the write is answered (${where})`, () => {
      const simulated = written(options);
      simulated.legs[leg]!.faults.fault = (operation, first) =>
        operation === "write" && first === 6 ? "EIO" : undefined;
      assertEquals(simulated.write(6, 1, 66), undefined);
      assertEquals(simulated.device.report().legs[leg], "out");
      simulated.legs[leg]!.faults = {};
      assertEquals(simulated.write(1, 1, 11), undefined);
      assertEquals(read(simulated), numbers({ 6: 66, 1: 11 }));
      boot(simulated); // It is back, stale.
      assertEquals(simulated.device.report().legs[leg], "syncing");
      assertEquals(read(simulated), numbers({ 6: 66, 1: 11 }));
      const before = simulated.device.report().missedRegions;
      assert(before <= 6, `${before} regions missed`);
      assertInStep(simulated, numbers({ 6: 66, 1: 11 }));
    });

    Deno.test(`a leg that fails to flush is out, whatever it says later (${where})`, () => {
      const simulated = written(options);
      simulated.write(9, 1, 99);
      let failures = 1;
      simulated.legs[leg]!.faults.fault = (operation) =>
        operation === "flush" && failures-- > 0 ? "EIO" : undefined;
      assertEquals(simulated.execute({ kind: "flush" }), undefined);
      assertEquals(simulated.device.report().legs[leg], "out");
      // What it had not made durable is lost on it.
      simulated.legs[leg]!.bytes.fill(0, 9 * 4096, 10 * 4096);
      assertEquals(simulated.execute({ kind: "flush" }), undefined);
      assertEquals(simulated.device.report().legs[leg], "out");
      assertInStep(boot(simulated), numbers({ 9: 99 }));
    });

    Deno.test(`a server that dies over a failed flush loses nothing answered (${where})`, () => {
      for (let at = 0, isDead = true; isDead; at++) {
        isDead = false;
        const simulated = written(options);
        simulated.write(9, 1, 99);
        let failures = 1;
        simulated.legs[leg]!.faults.fault = (operation) => {
          if (operation !== "flush" || failures-- <= 0) return undefined;
          simulated.legs[leg]!.bytes.fill(0, 9 * 4096, 10 * 4096); // Not durable, and lost.
          return "EIO";
        };
        let count = 0;
        simulated.dies = () => count++ === at;
        try {
          assertEquals(simulated.execute({ kind: "flush" }), undefined);
        } catch (error) {
          if (!(error instanceof Death)) throw error;
          isDead = true;
        }
        simulated.dies = () => false;
        simulated.takeOver(() => 0);
        assertEquals(read(simulated), numbers({ 9: 99 }), `death at ${at}`);
        assertInStep(simulated, numbers({ 9: 99 }));
      }
    });

    Deno.test(`a leg that was away is brought up to date by what it missed (${where})`, () => {
      for (const way of ["tried again", "another boot", "a boot without it, then one with it"]) {
        const simulated = written(options);
        const present = simulated.legs[leg]!;
        const before = simulated.device.report().copied;
        present.faults.isDead = true;
        for (let block = 5; block < 8; block++) simulated.write(block, 1, 50 + block);
        simulated.settle(); // Cleaning does not forget what it missed.
        if (way === "a boot without it, then one with it") {
          const legs = simulated.legs.map((one) => one === present ? undefined : one);
          boot(simulated, { legs });
          simulated.write(12, 1, 112);
          simulated.device.halt();
        } else simulated.write(12, 1, 112);
        present.faults.isDead = false;
        if (way === "tried again") {
          assert(simulated.device.tryLegAgain(leg));
          assert(!simulated.device.tryLegAgain(leg));
        } else boot(simulated);
        assertEquals(simulated.device.report().legs[leg], "syncing");
        simulated.settle();
        const { copied, legs } = simulated.device.report();
        assertEquals(legs, ["in", "in"]);
        const more = way === "tried again" ? copied - before : copied;
        assert(more > 0 && more <= 48, `${way}: ${more} copied`);
        assertInStep(simulated, numbers({ 5: 55, 6: 56, 7: 57, 12: 112 }));
      }
    });

    Deno.test(`a stale leg alone is refused, by its name (${where})`, () => {
      const simulated = written(options);
      simulated.legs[leg]!.faults.isDead = true;
      simulated.write(3, 1, 33);
      simulated.device.flush();
      simulated.legs[leg]!.faults.isDead = false;
      const stale = simulated.legs[leg]!;
      for (const legs of [[stale], [stale, undefined], [undefined, stale]]) {
        const why = refusalOf(simulated, { legs });
        assert(why.includes(`leg ${leg ^ 1} is not there, and may be newer`), why);
      }
      // The one that knows needs nobody's word.
      boot(simulated, { legs: [simulated.legs[leg ^ 1]!] });
      assertEquals(read(simulated), numbers({ 3: 33 }));
      // In the same boot, a successor knows from the witness.
      simulated.open({ legs: [simulated.legs[leg ^ 1]!] });
      const why = codeOf(() => simulated.open({ legs: [stale] }));
      assertEquals(why, "EUCLEAN");
    });

    Deno.test(`a leg that is still syncing is never the source (${where})`, () => {
      const simulated = written(options);
      simulated.legs[leg]!.faults.isDead = true;
      for (let block = 0; block < BLOCKS; block++) simulated.write(block, 1, 100 + block);
      simulated.legs[leg]!.faults.isDead = false;
      assert(simulated.device.tryLegAgain(leg));
      simulated.nowMs += 1001;
      simulated.device.turn();
      simulated.device.turn();
      const why = refusalOf(simulated, { legs: [simulated.legs[leg]!], absent: "accept" });
      assert(why.includes("was left behind"), why);
      const expected = Object.fromEntries(numbers().map((_, block) => [block, 100 + block]));
      assertInStep(boot(simulated), numbers(expected));
    });

    Deno.test(`a server that dies together with a leg has a successor (${where})`, () => {
      const simulated = written(options);
      simulated.write(2, 1, 22);
      simulated.legs[leg]!.faults.isDead = true;
      for (const leaves of [false, true]) {
        const legs = simulated.legs.map((one, at) => at === leg && leaves ? undefined : one);
        simulated.open({ legs });
        assertEquals(simulated.device.report().legs[leg], "out");
        assertEquals(read(simulated), numbers({ 2: 22 }));
      }
      const without = { witness: undefined };
      const alone = [simulated.legs[leg ^ 1]!];
      boot(simulated, { legs: alone, ...without }); // It was told durably that the other is out.
      assertEquals(read(simulated), numbers({ 2: 22 }));
    });

    Deno.test(`a blank leg is made equal in the background (${where})`, () => {
      const simulated = written(options);
      const { blockCount } = simulated.legs[leg]!;
      simulated.legs[leg] = simulated.leg(new Uint8Array(blockCount * 4096), leg);
      const why = refusalOf(simulated);
      assert(why.includes("is not blank, and bears no label"), why);
      boot(simulated, { format: "if-blank" });
      assertEquals(simulated.device.report().legs[leg], "syncing");
      simulated.write(4, 1, 44);
      assertEquals(read(simulated), numbers({ 4: 44 }));
      assertInStep(simulated, numbers({ 4: 44 }));
    });

    Deno.test(`a leg that took its server with it while joining joins all the same (${where})`, () => {
      for (let at = 0, isDead = true; isDead; at++) {
        isDead = false;
        const random = seededRandom(at);
        const simulated = written(options);
        simulated.legs[leg]!.faults.isDead = true;
        for (let block = 5; block < 8; block++) simulated.write(block, 1, 50 + block);
        simulated.legs[leg]!.faults.isDead = false;
        let count = 0;
        simulated.dies = () => count++ === at;
        try {
          assert(simulated.device.tryLegAgain(leg));
          simulated.write(15, 1, 115);
          simulated.settle();
        } catch (error) {
          if (!(error instanceof Death)) throw error;
          isDead = true;
        }
        simulated.dies = () => false;
        if (at % 2 === 0) boot(simulated);
        else simulated.takeOver(random);
        const fifteen = simulated.read(15);
        assert(fifteen === 16 || fifteen === 115);
        assertInStep(simulated, numbers({ 5: 55, 6: 56, 7: 57, 15: fifteen }));
      }
    });

    Deno.test(`a server that dies while a leg goes out loses nothing answered (${where})`, () => {
      for (let at = 0, isDead = true; isDead; at++) {
        isDead = false;
        const simulated = written(options);
        const random = seededRandom(at);
        simulated.write(0, 1, 100);
        let count = 0;
        simulated.dies = () => count++ === at;
        simulated.legs[leg]!.faults.fault = (operation, first) =>
          operation === "write" && first < BLOCKS ? "EIO" : undefined;
        try {
          simulated.write(9, 1, 109);
          simulated.legs[leg]!.faults = {};
          simulated.write(10, 1, 110);
        } catch (error) {
          if (!(error instanceof Death)) throw error;
          isDead = true;
        }
        simulated.dies = () => false;
        simulated.legs[leg]!.faults = {};
        simulated.takeOver(random);
        const found = [9, 10].map((block) => simulated.read(block) as number);
        assert([10, 109].includes(found[0]!) && [11, 110].includes(found[1]!), `${found}`);
        if (!isDead) assertEquals(found, [109, 110]);
        assertInStep(simulated, numbers({ 0: 100, 9: found[0]!, 10: found[1]! }));
      }
    });
  }

  Deno.test(`another device may take the place of a leg that is out (${name})`, () => {
    const simulated = written(options);
    const blocks = simulated.legs[1]!.blockCount;
    simulated.legs[1]!.faults.isDead = true;
    simulated.write(0, 1, 100);
    const spare = simulated.leg(new Uint8Array(blocks * 4096), 1);
    spare.faults.fault = (operation, first) =>
      operation === "read" && first === 0 ? "EIO" : undefined;
    assert(!simulated.device.tryLegAgain(1, spare)); // Whether it is blank cannot be told.
    spare.faults = {};
    spare.bytes[512] = 1;
    assert(!simulated.device.tryLegAgain(1, spare));
    assert(!simulated.device.tryLegAgain(1, simulated.leg(new Uint8Array(10 * 4096), 1)));
    assert(!simulated.device.tryLegAgain(1, copyOf(simulated, 0)));
    assertEquals(simulated.device.report().legs, ["in", "out"]);
    assert(simulated.device.report().history.length >= 5);
    spare.bytes[512] = 0;
    assert(simulated.device.tryLegAgain(1, spare));
    simulated.legs[1] = spare;
    assertInStep(simulated, numbers({ 0: 100 }));
  });

  Deno.test(`a leg is let in only when no block is in doubt (${name})`, () => {
    const simulated = written(options);
    const [first, second] = simulated.legs as [SimulatedLeg, SimulatedLeg];
    first.faults.isDead = true;
    simulated.write(0, 1, 100);
    first.faults.isDead = false;
    assert(simulated.device.tryLegAgain(0));
    for (const leg of simulated.legs) {
      leg.faults.fault = (operation, at) => operation === "write" && at === 8 ? "EIO" : undefined;
    }
    assertEquals(simulated.write(8, 1, 88), "EIO");
    first.faults = {};
    second.faults = {};
    first.bytes.fill(7, 8 * 4096, 9 * 4096); // It was written after all, here.
    assertEquals(simulated.read(8), 9);
    for (let turn = 0; turn < 3; turn++) {
      simulated.nowMs += 1001;
      simulated.device.turn();
      assertEquals(simulated.read(8), 9);
    }
    assertInStep(simulated, numbers({ 0: 100 }));
  });

  Deno.test(`a leg that missed more regions than one step cleans has all of them (${name})`, () => {
    const large = { ...options, legBlocks: [700, 700] };
    const simulated = new SimulatedIntegrity(large).open().settle();
    simulated.legs[1]!.faults.isDead = true;
    for (let block = 0; block < 500; block++) simulated.write(block, 1, block + 1);
    simulated.legs[1]!.faults.isDead = false;
    assert(simulated.device.tryLegAgain(1));
    for (let turn = 0; simulated.device.report().legs[1] !== "in"; turn++) {
      assert(turn < 1000);
      simulated.device.turn(); // No time passes: cleaning comes last.
    }
    assertEquals(simulated.device.report().missedRegions, 0);
    simulated.device.halt();
    simulated.legs[0]!.faults.isDead = true;
    boot(simulated, { absent: "accept" });
    for (let block = 0; block < 500; block++) assertEquals(simulated.read(block), block + 1);
    if (options.tags) simulated.legs[1]!.rot(100);
    if (options.tags) assertEquals(simulated.read(100), "EIO");
  });

  Deno.test(`both legs full: the error is told, neither goes out, and reads agree (${name})`, () => {
    const simulated = written(options);
    for (const leg of simulated.legs) {
      leg.faults.fault = (operation, first) =>
        operation === "write" && first === 8 ? "ENOSPC" : undefined;
    }
    assertEquals(simulated.write(8, 1, 88), "ENOSPC");
    assertEquals(simulated.device.report().legs, ["in", "in"]);
    simulated.legs[0]!.bytes.fill(1, 8 * 4096, 9 * 4096); // It was written after all, here.
    for (const leg of simulated.legs) leg.faults = {};
    const seen = simulated.read(8);
    assertEquals(seen, 0x01010101);
    simulated.legs[0]!.faults.isDead = true;
    assertEquals(simulated.read(8), seen);
  });

  Deno.test(`a leg that is full goes out, and the other goes on (${name})`, () => {
    const simulated = written(options);
    simulated.legs[1]!.faults.fault = (operation) => operation === "write" ? "ENOSPC" : undefined;
    assertEquals(simulated.write(8, 1, 88), undefined);
    assertEquals(simulated.device.report().legs, ["in", "out"]);
    simulated.legs[0]!.faults.fault = (operation) => operation === "write" ? "ENOSPC" : undefined;
    assertEquals(simulated.write(9, 1, 99), "ENOSPC");
    simulated.legs[0]!.faults = {};
    assertEquals(simulated.write(9, 1, 99), undefined);
    assertEquals(read(simulated), numbers({ 8: 88, 9: 99 }));
  });

  Deno.test(`legs that are read-only are read, and written nowhere (${name})`, () => {
    const simulated = written(options);
    simulated.write(3, 1, 33); // Dirty.
    for (const leg of simulated.legs) leg.readOnly = true;
    const before = simulated.legs.map(({ bytes }) => bytes.slice());
    boot(simulated);
    assert(simulated.device.readOnly);
    assertEquals(read(simulated), numbers({ 3: 33 }));
    assertEquals(simulated.write(1, 1, 1), "EROFS");
    assertEquals(simulated.execute({ kind: "flush" }), undefined);
    assertEquals(simulated.device.turn(), 0);
    simulated.device.halt();
    simulated.legs.forEach(({ bytes }, leg) => assertEquals(bytes, before[leg]));
    simulated.legs[0]!.readOnly = false; // Only one of them: that one goes out.
    boot(simulated);
    assertEquals(simulated.device.report().legs, ["in", "out"]);
    assertEquals(simulated.write(1, 1, 1), undefined);
  });
}

Deno.test("a flush that failed on the only leg sticks", () => {
  const simulated = written(LEG);
  simulated.write(1, 1, 11);
  let failures = 1;
  simulated.legs[0]!.faults.fault = (operation) =>
    operation === "flush" && failures-- > 0 ? "EIO" : undefined;
  assertEquals(simulated.execute({ kind: "flush" }), "EIO");
  assertEquals(simulated.execute({ kind: "flush" }), "EIO");
  assertEquals(simulated.write(1, 1, 12), "EIO");
  assertEquals(simulated.read(1), 11);
  assert(simulated.device.report().isFailed);
  assertEquals(simulated.device.turn(), 0);
});

Deno.test("a write that failed on the only leg leaves the old or the new, and no false alarm", () => {
  const simulated = written(LEG);
  simulated.legs[0]!.faults.fault = (operation, first) =>
    operation === "write" && first === 5 ? "EIO" : undefined;
  assertEquals(simulated.write(5, 1, 55), "EIO");
  simulated.legs[0]!.faults = {};
  assertEquals(simulated.read(5), 6);
  assertEquals(simulated.write(5, 1, 56), undefined);
  simulated.legs[0]!.rot(5);
  assertEquals(simulated.read(5), "EIO");
});

Deno.test("an intent that cannot be made durable fails the write, and is made again", () => {
  const simulated = written(LEG);
  const labels = simulated.legs[0]!.blockCount - 2;
  simulated.legs[0]!.faults.fault = (operation, first) =>
    operation === "write" && first >= labels ? "ENOSPC" : undefined;
  assertEquals(simulated.write(5, 1, 55), "ENOSPC");
  assertEquals(simulated.read(5), 6);
  simulated.legs[0]!.faults = {};
  assertEquals(simulated.write(5, 1, 57), undefined);
  assertEquals(read(boot(simulated)), numbers({ 5: 57 }));
});
