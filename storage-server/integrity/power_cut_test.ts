import { assert, assertEquals } from "@std/assert";
import {
  BlockModel,
  randomSteps,
  SimulatedIntegrity,
  type SimulatedOptions,
  type Step,
} from "./simulated_integrity.ts";
import { LegsCut } from "./simulated_legs.ts";
import { seededRandom } from "../workload.ts";

const LAYERS: Record<string, SimulatedOptions> = {
  "a tagged leg": { legBlocks: [30], tags: true, regionBlocks: 4 },
  "a mirror": { legBlocks: [22, 24], tags: false, regionBlocks: 4 },
  "a tagged mirror": { legBlocks: [32, 30], tags: true, regionBlocks: 4 },
};
const BLOCKS = 12;

interface Progress {
  readonly step: Step;
  readonly started: number;
  readonly ended: number;
}

interface Run {
  readonly start: readonly Uint8Array[];
  readonly simulated: SimulatedIntegrity;
  readonly progress: readonly Progress[];
}

/** A run of a workload on a layer that is in step, recorded. */
function run(options: SimulatedOptions, steps: readonly Step[]): Run {
  const simulated = new SimulatedIntegrity(options).open().settle();
  simulated.device.halt();
  simulated.events.length = 0;
  const start = simulated.legs.map(({ bytes }) => bytes.slice());
  const progress: Progress[] = [];
  for (const step of steps) {
    const started = simulated.events.length;
    assertEquals(simulated.execute(step), undefined);
    progress.push({ step, started, ended: simulated.events.length });
  }
  return { start, simulated, progress };
}

/** The model of a run that was cut after `end` events. */
function modelAt(progress: readonly Progress[], end: number): BlockModel {
  const model = new BlockModel(BLOCKS);
  for (const { step, started, ended } of progress) {
    if (started > end) break;
    const writes = step.kind === "write" || step.kind === "zero";
    if (writes) model.start(step.first, step.count, step.stamp);
    if (ended > end) break;
    if (writes) model.end(step.first, step.count, step.stamp);
    if (step.kind === "flush") model.flush();
  }
  return model;
}

/** A run in which a leg of a mirror dies, is away for a while, and comes back. */
function runWithout(options: SimulatedOptions, away: number, steps: readonly Step[]): Run {
  const simulated = new SimulatedIntegrity(options).open().settle();
  simulated.device.halt();
  simulated.events.length = 0;
  const start = simulated.legs.map(({ bytes }) => bytes.slice());
  const { faults } = simulated.legs[away]!;
  const progress = steps.map((step, index): Progress => {
    const started = simulated.events.length;
    if (index === 10) faults.isDead = true;
    if (index === 25) {
      faults.isDead = false;
      assert(simulated.device.tryLegAgain(away));
    }
    assertEquals(simulated.execute(step), undefined);
    if (index > 25) simulated.execute({ kind: "turn" });
    return { step, started, ended: simulated.events.length };
  });
  assertEquals(simulated.device.report().legs, ["in", "in"]);
  return { start, simulated, progress };
}

function booted(options: SimulatedOptions, images: readonly Uint8Array[]): SimulatedIntegrity {
  const simulated = new SimulatedIntegrity(options, images);
  for (const leg of simulated.legs) leg.records = false;
  return simulated.open({ format: "never" });
}

function read(simulated: SimulatedIntegrity): (number | string)[] {
  return Array.from({ length: BLOCKS }, (_, block) => simulated.read(block));
}

/** Whether what is read is legal, and stays what it is, whichever leg is left. */
function assertLegal(simulated: SimulatedIntegrity, model: BlockModel, where: string): void {
  const first = read(simulated);
  first.forEach((stamp, block) => {
    assert(model.isLegal(block, stamp), `${where}: block ${block} holds ${stamp}`);
  });
  const isPair = simulated.device.report().legs.join() === "in,in";
  if (isPair) simulated.legs[0]!.faults.isDead = true;
  assertEquals(read(simulated), first, `${where}: on the other leg`);
}

for (const [name, options] of Object.entries(LAYERS)) {
  Deno.test(`a power cut anywhere leaves a legal layer (${name})`, () => {
    for (let seed = 1; seed <= 2; seed++) {
      const random = seededRandom(seed);
      const steps = randomSteps(random, 40, { blockCount: BLOCKS });
      const { start, simulated, progress } = run(options, steps);
      const cut = new LegsCut(start, simulated.events);
      for (let end = 0; end <= simulated.events.length; end++) {
        cut.advance(end);
        const model = modelAt(progress, end);
        let way = 0;
        for (const survival of cut.survivals(random, 6)) {
          const where = `seed ${seed}, event ${end}, way ${way++}`;
          const later = booted(options, cut.images(survival));
          assertLegal(later, model, where);
          assertEquals(later.device.report().rotten, [], where);
          assertEquals(later.device.report().tagBlocksLost, 0, where);
        }
      }
    }
  });

  Deno.test(`a power cut inside of opening and settling leaves a legal layer (${name})`, () => {
    const random = seededRandom(5);
    const steps = randomSteps(random, 40, { blockCount: BLOCKS });
    const { start, simulated, progress } = run(options, steps);
    const cut = new LegsCut(start, simulated.events);
    for (let end = 0; end <= simulated.events.length; end += 8) {
      cut.advance(end);
      const model = modelAt(progress, end);
      const images = cut.images(() => random() < 0.5);
      const second = new SimulatedIntegrity(options, images.map((image) => image.slice())).open();
      second.read(Math.floor(random() * BLOCKS));
      second.settle();
      const cutAgain = new LegsCut(images, second.events);
      for (let again = 0; again <= second.events.length; again++) {
        cutAgain.advance(again);
        for (const survival of cutAgain.survivals(random, 2)) {
          const where = `event ${end}, then ${again}`;
          assertLegal(booted(options, cutAgain.images(survival)), model, where);
        }
      }
    }
  });

  Deno.test(`what was read after a power cut survives the next (${name})`, () => {
    const random = seededRandom(6);
    const steps = randomSteps(random, 30, { blockCount: BLOCKS });
    const { start, simulated } = run(options, steps);
    const cut = new LegsCut(start, simulated.events);
    for (let end = 0; end <= simulated.events.length; end += 2) {
      cut.advance(end);
      const images = cut.images(() => random() < 0.5);
      const second = new SimulatedIntegrity(options, images.map((image) => image.slice())).open();
      const seen = read(second);
      const cutAgain = new LegsCut(images, second.events);
      cutAgain.advance(second.events.length);
      for (const dead of second.legs.keys()) {
        const third = booted(options, cutAgain.images(() => false));
        if (second.legs.length === 2) third.legs[dead]!.faults.isDead = true;
        assertEquals(read(third), seen, `event ${end}, leg ${dead} dead`);
      }
    }
  });
}

for (const away of [0, 1]) {
  for (const name of ["a mirror", "a tagged mirror"]) {
    Deno.test(`a power cut while leg ${away} goes out or comes back is survived (${name})`, () => {
      const options = LAYERS[name]!;
      const random = seededRandom(1 + away);
      const steps = randomSteps(random, 60, { blockCount: BLOCKS });
      steps.splice(12, 0, { kind: "write", first: 1, count: 3, stamp: 1000 });
      const { start, simulated, progress } = runWithout(options, away, steps);
      const cut = new LegsCut(start, simulated.events);
      for (let end = 0; end <= simulated.events.length; end++) {
        cut.advance(end);
        const model = modelAt(progress, end);
        for (const survival of cut.survivals(random, 2)) {
          const where = `event ${end}`;
          const later = booted(options, cut.images(survival));
          assertLegal(later, model, where);
          const again = booted(options, later.legs.map(({ bytes }) => bytes.slice()));
          assertEquals(again.settle().device.report().legs, ["in", "in"], where);
          assertLegal(again, model, where);
        }
      }
    });
  }
}

Deno.test("a power cut while a layer is made leaves devices that it can be made of", () => {
  for (const options of Object.values(LAYERS)) {
    const simulated = new SimulatedIntegrity(options).open();
    const random = seededRandom(1);
    const blank = options.legBlocks.map((blocks) => new Uint8Array(blocks * 4096));
    const cut = new LegsCut(blank, simulated.events);
    for (let end = 0; end <= simulated.events.length; end++) {
      cut.advance(end);
      for (const survival of cut.survivals(random, 8)) {
        const later = new SimulatedIntegrity(options, cut.images(survival)).open().settle();
        assertEquals(read(later), new Array(BLOCKS).fill(0));
        assert(later.device.report().legs.every((state) => state === "in"));
      }
    }
  }
});

/** Writes that are under way many at a time, as what happened and when. */
function runTraffic(
  simulated: SimulatedIntegrity,
  random: () => number,
): { step: Step; started: number; ended: number }[] {
  const { device, events, window } = simulated;
  const progress: { step: Step; started: number; ended: number }[] = [];
  const busy = new Set<number>();
  for (let stamp = 1; stamp < 160; stamp++) {
    const kind = random();
    const first = Math.floor(random() * BLOCKS);
    if (kind < 0.5 && device.room > 0 && !busy.has(first)) {
      const view = window.subarray(first * 4096, (first + 1) * 4096);
      new Uint32Array(view.buffer, view.byteOffset, 1024).fill(stamp);
      const step: Step = { kind: "write", first, count: 1, stamp };
      const entry = { step, started: events.length, ended: Infinity };
      progress.push(entry);
      busy.add(first);
      device.beginWrite(first, 1, view, (errno) => {
        assertEquals(errno, 0);
        entry.ended = events.length;
        busy.delete(first);
      });
    } else if (kind < 0.7) device.poll();
    else if (kind < 0.9) simulated.execute({ kind: "turn" });
    else {
      const started = events.length;
      device.flush();
      progress.push({ step: { kind: "flush" }, started, ended: events.length });
    }
  }
  return progress;
}

/** The model of writes under way: what was told of before a flush began is durable. */
function modelOf(progress: ReturnType<typeof runTraffic>, end: number): BlockModel {
  const model = new BlockModel(BLOCKS);
  const moments: { at: number; rank: number; act: () => void }[] = [];
  for (const { step, started, ended } of progress) {
    if (step.kind === "flush") {
      if (ended <= end) moments.push({ at: started, rank: 2, act: () => model.flush() });
    } else if (step.kind === "write" && started <= end) {
      const { first, count, stamp } = step;
      moments.push({ at: started, rank: 1, act: () => model.start(first, count, stamp) });
      if (ended > end) continue;
      moments.push({ at: ended, rank: 0, act: () => model.end(first, count, stamp) });
    }
  }
  moments.sort((one, other) => one.at - other.at || one.rank - other.rank);
  for (const { act } of moments) act();
  return model;
}

for (const [name, options] of Object.entries(LAYERS)) {
  Deno.test(`a power cut with writes under way leaves a legal layer (${name})`, () => {
    for (let seed = 1; seed <= 2; seed++) {
      const random = seededRandom(seed);
      const simulated = new SimulatedIntegrity(options).open().settle();
      simulated.device.halt();
      simulated.events.length = 0;
      for (const leg of simulated.legs) leg.pick = (count) => Math.floor(random() * count);
      const start = simulated.legs.map(({ bytes }) => bytes.slice());
      const progress = runTraffic(simulated, random);
      const cut = new LegsCut(start, simulated.events);
      for (let end = 0; end <= simulated.events.length; end++) {
        cut.advance(end);
        const model = modelOf(progress, end);
        for (const survival of cut.survivals(random, 3)) {
          const later = booted(options, cut.images(survival));
          assertLegal(later, model, `seed ${seed}, event ${end}`);
          assertEquals(later.device.report().rotten, []);
        }
      }
    }
  });
}
