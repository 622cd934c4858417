import { assert, assertEquals } from "@std/assert";
import {
  BlockModel,
  randomSteps,
  SimulatedIntegrity,
  type SimulatedOptions,
} from "./simulated_integrity.ts";
import { LegsCut } from "./simulated_legs.ts";
import { codeOf, Death } from "../simulated_outcome.ts";
import { seededRandom } from "../workload.ts";

const BLOCKS = 16;

/**
 * A mirror through years of bad luck: deaths of the server, power cuts, and one leg at a time that
 * dies, fails, rots, lies and comes back. The other leg changes only once both are in step again.
 */
class History {
  readonly #random: () => number;
  readonly #options: SimulatedOptions;
  readonly #trace: string[] = [];
  #simulated: SimulatedIntegrity;
  #model = new BlockModel(BLOCKS);
  #start: Uint8Array[];
  #victim = 0;
  #isRotten = false;
  #stamp = 1;

  constructor(seed: number, options: SimulatedOptions) {
    this.#random = seededRandom(seed);
    this.#options = options;
    // Scrubbing gives every block a tag; one that was never written has none to tell it wrong.
    this.#simulated = new SimulatedIntegrity(options).open({ scrubBlocksPerSecond: 100_000 });
    this.#simulated.scrub().settle().device.halt();
    this.#start = this.#images();
  }

  /** Lives so many steps; throws with the trace if a promise is broken. */
  live(steps: number): void {
    try {
      for (let step = 0; step < steps; step++) this.#step();
      this.#calm();
      this.#check();
    } catch (error) {
      const trace = this.#trace.slice(-60).join("\n");
      throw new Error(`${error instanceof Error ? error.message : error}\n${trace}`, {
        cause: error,
      });
    }
  }

  #step(): void {
    const kind = this.#random();
    if (kind < 0.70) this.#serve();
    else if (kind < 0.74) this.#turnOnVictim();
    else if (kind < 0.80) this.#relent();
    else if (kind < 0.90 && this.#options.tags) this.#rot();
    else if (kind < 0.93) this.#calm();
    else if (kind < 0.95) this.#cutPower();
    else if (kind < 0.97) this.#check();
    else {
      this.#note("halt");
      this.#simulated.device.halt();
      this.#open(() => this.#simulated.open());
    }
  }

  #serve(): void {
    const [step] = randomSteps(this.#random, 1, { blockCount: BLOCKS, stamp: this.#stamp++ });
    this.#note(JSON.stringify(step));
    const writes = step!.kind === "write" || step!.kind === "zero";
    if (writes) this.#model.start(step!.first, step!.count, step!.stamp);
    const mayDie = !this.#isRotten && this.#random() < 0.1; // A successor adopts what is dirty.
    const dies = mayDie ? Math.floor(this.#random() * 12) : -1;
    let count = 0;
    this.#simulated.dies = () => count++ === dies;
    try {
      assertEquals(this.#simulated.execute(step!), undefined);
    } catch (error) {
      if (!(error instanceof Death)) throw error;
      this.#note(`died at ${error.message}`);
      this.#simulated.dies = () => false;
      this.#open(() => this.#simulated.takeOver(this.#random));
      this.#adopt();
      assertEquals(this.#simulated.execute(step!), undefined, "the step, done again");
    }
    this.#simulated.dies = () => false;
    if (writes) this.#model.end(step!.first, step!.count, step!.stamp);
    if (step!.kind === "flush") this.#model.flush();
  }

  /** What is read after a death is legal, and then it is what counts. */
  #adopt(): void {
    const found = Array.from({ length: BLOCKS }, (_, block) => this.#simulated.read(block));
    found.forEach((stamp, block) => {
      assert(this.#model.isLegal(block, stamp), `block ${block} holds ${stamp}`);
      this.#model.start(block, 1, stamp as number);
      this.#model.end(block, 1, stamp as number);
    });
  }

  #turnOnVictim(): void {
    const faults = this.#simulated.legs[this.#victim]!.faults;
    const kind = Math.floor(this.#random() * 4);
    this.#note(`leg ${this.#victim} gets fault ${kind}`);
    let failures = 1 + Math.floor(this.#random() * 3);
    if (kind === 0) faults.isDead = true;
    if (kind === 1) faults.fault = (what) => what === "flush" && failures-- > 0 ? "EIO" : undefined;
    if (kind === 2) faults.fault = (what) => what !== "flush" && failures-- > 0 ? "EIO" : undefined;
    const lies = (first: number): boolean => first < BLOCKS && failures-- > 0;
    if (kind === 3 && this.#options.tags) {
      this.#isRotten = true;
      const place = Math.floor(this.#random() * BLOCKS) - 1;
      faults.misdirect = (first, count) => lies(first) ? Math.min(place, BLOCKS - count) : first;
    }
  }

  #relent(): void {
    this.#simulated.legs[this.#victim]!.faults = {};
    const { legs } = this.#simulated.device.report();
    if (legs[this.#victim] !== "out") return;
    this.#note(`leg ${this.#victim} is taken back`);
    assert(this.#simulated.device.tryLegAgain(this.#victim), "a leg that works is taken back");
  }

  #rot(): void {
    const block = Math.floor(this.#random() * BLOCKS);
    this.#note(`block ${block} of leg ${this.#victim} rots`);
    this.#isRotten = true;
    this.#simulated.legs[this.#victim]!.rot(block, Math.floor(this.#random() * 32768));
  }

  /** Both legs come in step; from then on it is the other's turn to suffer. */
  #calm(): void {
    this.#note("calm");
    this.#relent();
    this.#simulated.settle();
    assertEquals(this.#simulated.device.report().legs, ["in", "in"]);
    this.#simulated.device.halt();
    this.#open(() => this.#simulated.open({ scrubBlocksPerSecond: 100_000 }));
    this.#simulated.scrub();
    this.#check();
    const [one, other] = this.#simulated.legs.map(({ bytes }) => bytes.slice(0, BLOCKS * 4096));
    assertEquals(one, other);
    assertEquals(this.#simulated.device.report().rotten, []);
    this.#isRotten = false;
    this.#victim ^= 1;
  }

  /** No power cut while a leg has rotten, or lies: what is adopted then is beyond us. */
  #cutPower(): void {
    this.#calm();
    this.#simulated.device.flush();
    this.#model.flush();
    this.#start = this.#images();
    this.#simulated.events.length = 0;
    for (let step = 0; step < 6; step++) this.#serve();
    const cut = new LegsCut(this.#start, this.#simulated.events);
    cut.advance(this.#simulated.events.length);
    const images = cut.images(() => this.#random() < 0.5);
    this.#note("power cut");
    this.#simulated = new SimulatedIntegrity(this.#options, images);
    this.#open(() => this.#simulated.open({ format: "never" }));
    this.#adopt();
    this.#simulated.device.flush();
    this.#model.flush();
  }

  /** Opens; if that needs the leg that is away, it comes back. */
  #open(open: () => void): void {
    const code = codeOf(open);
    if (code === undefined) return;
    this.#note(`refused: ${code}`);
    assert(code === "EUCLEAN", code);
    this.#simulated.legs[this.#victim]!.faults = {};
    this.#simulated.open();
  }

  #check(): void {
    for (let block = 0; block < BLOCKS; block++) {
      assertEquals(this.#simulated.read(block), this.#model.latest(block), `block ${block}`);
    }
  }

  #images(): Uint8Array[] {
    return this.#simulated.legs.map(({ bytes }) => bytes.slice());
  }

  #note(what: string): void {
    this.#trace.push(what);
  }
}

for (const tags of [true, false]) {
  Deno.test(`a mirror ${tags ? "with" : "without"} tags keeps its promises through anything`, () => {
    const options = { legBlocks: [40, 40], tags, regionBlocks: 4 };
    for (let seed = 1; seed <= 60; seed++) new History(seed, options).live(250);
  });
}
