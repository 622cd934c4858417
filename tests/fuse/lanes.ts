/**
 * All programs of an order, some at a time, until the servers below have died often enough.
 *
 * @module
 */

import type { HostOrder, WorkEnd } from "./protocol.ts";
import { runScript } from "./scripts.ts";

/** Rounds of all works at most, however few have died. */
const ROUNDS_MAX = 20;

/** What goes on meanwhile. */
export interface Stage {
  /** The tree to copy. */
  readonly tree: string;
  /** Whether another round is to begin. */
  readonly wantsMore: () => boolean;
  /** Hears of every end. */
  readonly onEnd: (end: WorkEnd) => void;
}

/** Lets programs work, each in a directory of its own. */
export class Lanes {
  /** What runs at the moment. */
  readonly running: Set<string> = new Set();
  readonly #order: HostOrder;
  readonly #stage: Stage;

  constructor(order: HostOrder, stage: Stage) {
    this.#order = order;
    this.#stage = stage;
  }

  /** Does all of the works, and again until nobody wants more; ends early when one has failed. */
  async run(): Promise<void> {
    for (let round = 0; round < ROUNDS_MAX; round++) {
      const waiting = [...this.#order.works];
      const lane = async () => {
        for (let work = waiting.shift(); work !== undefined; work = waiting.shift()) {
          const end = await this.#work(work, round);
          this.#stage.onEnd(end);
          if (end.code !== 0) waiting.length = 0;
        }
      };
      await Promise.all(Array.from({ length: this.#order.lanes }, lane));
      if (!this.#stage.wantsMore()) return;
    }
  }

  async #work(work: string, round: number): Promise<WorkEnd> {
    const name = `${work}-${round}`;
    const place = `${this.#order.directory}/${name}`;
    const scratch = `${this.#order.scratch}/${name}`;
    this.running.add(name);
    const startMs = performance.now();
    const args = [work, place, scratch, String(this.#order.scale), this.#stage.tree];
    const { code, stdout, stderr } = await runScript("in_place", args);
    this.running.delete(name);
    const tookMs = Math.round(performance.now() - startMs);
    return { work, round, code, said: stdout + stderr, tookMs };
  }
}
