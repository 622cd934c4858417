import { assert, assertEquals } from "@std/assert";
import { INTEGRITY_DEATH_POINTS } from "./death_points.ts";
import {
  BlockModel,
  randomSteps,
  SimulatedIntegrity,
  type SimulatedOptions,
  type Step,
} from "./simulated_integrity.ts";
import { Death } from "../simulated_outcome.ts";
import { seededRandom } from "../workload.ts";

const LAYERS: Record<string, SimulatedOptions> = {
  "a tagged leg": { legBlocks: [30], tags: true, regionBlocks: 4 },
  "a mirror": { legBlocks: [22, 24], tags: false, regionBlocks: 4 },
  "a tagged mirror": { legBlocks: [32, 30], tags: true, regionBlocks: 4 },
};

/** Executes steps; whenever the server dies, a successor takes over and does the step again. */
function live(
  simulated: SimulatedIntegrity,
  model: BlockModel,
  steps: readonly Step[],
  random: () => number,
): void {
  let isOpen = false;
  for (let index = 0; index < steps.length;) {
    const step = steps[index]!;
    try {
      if (!isOpen) simulated.takeOver(random);
      isOpen = true;
      const writes = step.kind === "write" || step.kind === "zero";
      if (writes) model.start(step.first, step.count, step.stamp);
      assertEquals(simulated.execute(step), undefined);
      if (writes) model.end(step.first, step.count, step.stamp);
      if (step.kind === "flush") model.flush();
      index++;
    } catch (error) {
      if (!(error instanceof Death)) throw error;
      isOpen = false;
    }
  }
}

function assertLatest(simulated: SimulatedIntegrity, model: BlockModel, where: string): void {
  for (let block = 0; block < BLOCKS; block++) {
    assertEquals(simulated.read(block), model.latest(block), `${where}, block ${block}`);
  }
}

const BLOCKS = 16;
const met = new Set<string>();

for (const [name, options] of Object.entries(LAYERS)) {
  Deno.test(`whatever point the server dies at, nothing answered is lost (${name})`, () => {
    for (let at = 0, total = 1; at < total; at++) {
      const random = seededRandom(7);
      const simulated = new SimulatedIntegrity(options);
      const steps = randomSteps(random, 60, { blockCount: BLOCKS });
      const model = new BlockModel(BLOCKS);
      let count = 0;
      simulated.dies = (point) => {
        met.add(point);
        return count++ === at;
      };
      live(simulated, model, steps, random);
      total = Math.min(count, 1500);
      simulated.dies = () => false;
      const where = `death at ${at}`;
      assertLatest(simulated, model, where);
      simulated.settle();
      assertEquals(simulated.device.report().unsettledBlocks, 0, where);
      assertEquals(simulated.device.report().rotten, [], where);
      assertEquals(simulated.device.report().tagBlocksLost, 0, where);
      assertLatest(simulated, model, where);
      assert(simulated.device.report().legs.every((state) => state === "in"), where);
      const [first, ...others] = simulated.legs.map(({ bytes }) => bytes.slice(0, BLOCKS * 4096));
      for (const other of others) assertEquals(other, first, where);
    }
  });

  Deno.test(`many deaths, one after the other, lose nothing answered (${name})`, () => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = seededRandom(seed);
      const simulated = new SimulatedIntegrity(options);
      const steps = randomSteps(random, 80, { blockCount: BLOCKS });
      const model = new BlockModel(BLOCKS);
      simulated.dies = () => random() < 0.02;
      live(simulated, model, steps, random);
      simulated.dies = () => false;
      assertLatest(simulated, model, `seed ${seed}`);
    }
  });
}

Deno.test("the workload above passes the points of serving", () => {
  const rare = [
    "out.witnessed",
    "out.labelled",
    "heal.read",
    "heal.written",
    "scrub.read",
    "join.labelled",
  ];
  const missed = INTEGRITY_DEATH_POINTS.filter((point) => !met.has(point) && !rare.includes(point));
  assertEquals(missed, []);
});
