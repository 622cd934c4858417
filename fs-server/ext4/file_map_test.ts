import { type Random, randomOf } from "./test_random.ts";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { OsError } from "@hako/ipc";
import { depthOf, entryCount } from "./extent_node.ts";
import { MapRig, type MapRigOptions } from "./test_map.ts";

function rigOf(seed: number, options: Partial<MapRigOptions> = {}): MapRig {
  return new MapRig({ random: randomOf(seed), blockBytes: 1024, hasExtents: true, ...options });
}

/** One random change of map and model. */
function step(rig: MapRig, random: Random, space: number): void {
  const { map, inode, model } = rig;
  const from = random(space);
  const to = from + 1 + random(random(4) === 0 ? space : 60);
  const isExtents = map.hasExtents(inode);
  switch (random(isExtents ? 8 : 5)) {
    case 0: {
      let left = to;
      while (left > from) {
        const reached = map.punch(inode, from, left);
        assert(reached >= from && (reached < left || reached === from), "a punch goes on");
        for (let at = reached; at < left; at++) model.delete(at);
        if (reached === from) break;
        rig.stops++;
        rig.commit();
        left = reached;
      }
      break;
    }
    case 1: {
      if (random(6) !== 0) break;
      let reached = map.release(inode, from, false);
      while (reached > from) {
        for (const at of model.keys()) if (at >= reached) model.delete(at);
        rig.stops++;
        rig.commit();
        reached = map.release(inode, from, false);
      }
      for (const at of model.keys()) if (at >= from) model.delete(at);
      break;
    }
    case 5:
    case 6: {
      const isUnwritten = random(2) === 0;
      for (let at = from; at < to;) {
        const { first, count } = map.lookup(inode, at, to - at);
        if (first !== 0 && isUnwritten) map.markUnwritten(inode, at, count);
        else if (first !== 0) map.markWritten(inode, at, count);
        for (let done = 0; first !== 0 && done < count; done++) {
          model.set(at + done, { block: first + done, isUnwritten });
        }
        at += count;
      }
      break;
    }
    default: {
      const isUnwritten = isExtents && random(3) === 0;
      const end = Math.min(to, from + 200);
      for (let at = from; at < end;) at += rig.fill(at, end - at, isUnwritten);
    }
  }
  rig.commit();
}

for (const hasExtents of [true, false]) {
  for (const [blockBytes, space, seed] of [[1024, 2000, 1], [1024, 90_000, 2], [4096, 4000, 3]]) {
    const what = `${hasExtents ? "extents" : "pointers"} in blocks of ${blockBytes}`;
    Deno.test(`random changes of ${what} do what a plain map does, seed ${seed}`, () => {
      const random = randomOf(seed as number);
      const rig = rigOf(seed as number, {
        hasExtents,
        blockBytes: blockBytes as number,
        changedSoftMax: 4,
        runMax: 12,
      });
      let depth = 0;
      for (let count = 0; count < 700; count++) {
        step(rig, random, space as number);
        rig.check();
        depth = Math.max(depth, depthOf(rig.inode.pointers));
        if (count % 20 === 0) rig.compare(0, (space as number) * 2);
      }
      if (hasExtents) assert(depth >= 1, "the tree became deep");
      if (space === 90_000) assert(rig.stops > 0, "some changes were done in pieces");
      while (rig.map.release(rig.inode, 0, false) > 0) rig.commit();
      rig.model.clear();
      rig.check();
      assertEquals(rig.owned.size, 0);
    });
  }
}

Deno.test("a tree of single blocks grows to three levels, is looked up at random, and goes", () => {
  const random = randomOf(5);
  const rig = rigOf(5, { runMax: 1, changedSoftMax: 1e6 });
  for (let at = 0; at < 2 * 33_000; at += 2) rig.fill(at, 1, false);
  assertEquals(depthOf(rig.inode.pointers), 3);
  rig.check();
  for (let count = 0; count < 500; count++) {
    const at = random(66_000);
    rig.compare(at, at + 3);
  }
  rig.commit();
  rig.changedSoftMax = 30;
  for (let left = rig.map.release(rig.inode, 0, false); left > 0;) {
    for (const at of rig.model.keys()) if (at >= left) rig.model.delete(at);
    rig.check();
    rig.commit();
    left = rig.map.release(rig.inode, 0, false);
  }
  assertEquals([depthOf(rig.inode.pointers), entryCount(rig.inode.pointers)], [0, 0]);
  assertEquals(rig.owned.size, 0);
});

Deno.test("a file written in order fills its nodes, and one that lies together is one extent", () => {
  const scattered = rigOf(6, { runMax: 1 });
  // A split leaves 83 of 84 entries behind.
  for (let at = 0; at < 83 * 4; at++) {
    scattered.map.assign(scattered.inode, at, { first: 1000 + 2 * at, count: 1 });
  }
  assertEquals(depthOf(scattered.inode.pointers), 1);
  assertEquals(entryCount(scattered.inode.pointers), 4);
  const together = rigOf(6);
  for (let at = 0; at < 2000; at++) {
    together.map.assign(together.inode, at, { first: 1000 + at, count: 1 });
  }
  assertEquals(entryCount(together.inode.pointers), 1);
});

Deno.test("abandon() forgets what was looked up since", () => {
  for (const hasExtents of [true, false]) {
    const rig = rigOf(11, { hasExtents });
    const before = rig.inode.pointers.slice();
    rig.fill(3, 1, false);
    assert(rig.map.lookup(rig.inode, 3, 1).first !== 0);
    rig.inode.pointers.set(before);
    rig.map.abandon();
    assertEquals(rig.map.lookup(rig.inode, 3, 1).first, 0);
  }
});

Deno.test("extents are as long as the format lets them be", () => {
  const rig = rigOf(7, { blockBytes: 4096 });
  const { map, inode } = rig;
  map.assign(inode, 0, { first: 50_000, count: 100_000 });
  assertEquals(entryCount(inode.pointers), 4);
  assertEquals(map.lookup(inode, 5, 1e6), { first: 50_005, count: 32_763, isUnwritten: false });
  map.markUnwritten(inode, 0, 100_000);
  assertEquals(map.lookup(inode, 0, 1e6), { first: 50_000, count: 32_767, isUnwritten: true });
  map.markWritten(inode, 0, 100_000);
  for (let at = 0; at < 100_000;) {
    const run = map.lookup(inode, at, 1e6);
    assertEquals([run.first, run.isUnwritten], [50_000 + at, false]);
    at += run.count;
  }
  map.assign(inode, 2 ** 32 - 2, { first: 7, count: 1 });
  assertEquals(map.lookup(inode, 2 ** 32 - 2, 9), { first: 7, count: 1, isUnwritten: false });
  assertEquals(map.lookup(inode, 100_000, 2 ** 32).count, 2 ** 32 - 2 - 100_000);
});

Deno.test("missing() is never less than what a run takes", () => {
  const random = randomOf(8);
  for (const hasExtents of [true, false]) {
    const rig = rigOf(8, { hasExtents, runMax: 1, changedSoftMax: 1e6 });
    for (let count = 0; count < 3000; count++) {
      const at = random(100_000);
      if (rig.map.lookup(rig.inode, at, 1).first !== 0) continue;
      const missing = rig.map.missing(rig.inode, at);
      const before = rig.owned.size;
      rig.fill(at, 1, hasExtents);
      assert(rig.owned.size - before - 1 <= missing, "it took no more");
    }
    for (let count = 0; hasExtents && count < 3000; count++) {
      const at = random(100_000);
      const run = rig.map.lookup(rig.inode, at, 1);
      if (run.first === 0) continue;
      const missing = rig.map.missing(rig.inode, at, 2);
      const before = rig.owned.size;
      rig.map.markWritten(rig.inode, at, 1);
      assert(rig.owned.size - before <= missing, "it took no more");
    }
  }
});

Deno.test("damaged trees are EUCLEAN, whatever word is hit", () => {
  const random = randomOf(9);
  let refused = 0;
  for (let count = 0; count < 1500; count++) {
    const rig = rigOf(count + 10, { runMax: 3 });
    for (let at = 0; at < 700; at += 3) rig.fill(at, 2, random(3) === 0);
    rig.commit();
    const { map, inode } = rig;
    const nodes = [inode.pointers];
    const child = inode.pointers[4] as number;
    if (random(3) > 0) nodes.push(rig.get(child).words);
    const words = nodes[random(nodes.length)] as Uint32Array;
    const at = random(Math.min(words.length, 40));
    words[at] = random(2) === 0
      ? (words[at] as number) ^ (1 << random(32))
      : random(4) === 0
      ? random(2 ** 31)
      : child;
    map.abandon();
    try {
      for (let block = 0; block < 750;) block += map.lookup(inode, block, 1000).count;
      if (random(2) === 0) map.punch(inode, random(700), 700);
      map.assign(inode, 1000, { first: 5, count: 2 }, true);
      map.markWritten(inode, 1001, 1);
      map.release(inode, 0, false);
    } catch (error) {
      // The rig's own cache says so where a real one would read some block of the disk.
      const isStray = error instanceof Error && /a node/.test(error.message);
      assert(isStray || (error instanceof OsError && error.code === "EUCLEAN"), String(error));
      refused++;
    }
  }
  assert(refused > 500, `${refused} were refused`);
});

Deno.test("a map that is no tree is EUCLEAN", () => {
  const rig = rigOf(1);
  rig.inode.pointers.fill(0);
  const error = assertThrows(() => rig.map.lookup(rig.inode, 0, 1), OsError);
  assertEquals(error.code, "EUCLEAN");
});
