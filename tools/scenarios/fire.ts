/**
 * Fire: terminates servers at moments chosen by a seed, one death at a time.
 *
 * Moments are points of the work, not of the clock, so that a slow machine sees the same faults. A
 * moment that comes while a server is still being replaced waits until that is done.
 *
 * @module
 */

import type { System, SystemEvent } from "@hako/kernel";
import { absoluteMs } from "./pauses.ts";
import type { Random } from "./random.ts";
import { shuffled } from "./random.ts";

/** How often each domain is to be terminated. */
export type Deaths = Readonly<Record<string, number>>;

/** One system under fire. */
export class Fire {
  /** When each domain was terminated, on the clock of `absoluteMs`. */
  readonly deathsMs: number[] = [];
  readonly #plan: { readonly domain: string; readonly at: number }[];
  #replacing: string | undefined;

  /**
   * @param deaths How often each domain is terminated.
   * @param random Chooses the order and the moments, as shares of the work.
   */
  constructor(deaths: Deaths, random: Random) {
    const victims = Object.entries(deaths).flatMap(([domain, count]) => Array(count).fill(domain));
    const order = shuffled(victims as string[], random);
    // The last moments lie before the end of the work, so that there is work left to disturb.
    const moments = order.map(() => 0.01 + 0.94 * random()).sort((a, b) => a - b);
    this.#plan = order.map((domain, i) => ({ domain, at: moments[i]! }));
  }

  /** How many deaths are still to come. */
  get left(): number {
    return this.#plan.length;
  }

  /** Hears what happens to the domains: the next death waits for the last one's successor. */
  hear(event: SystemEvent): void {
    if (event.type === "ready" && event.domain === this.#replacing) this.#replacing = undefined;
  }

  /** The work has come so far; terminates whoever's moment has come. */
  reach(share: number, system: System): void {
    const next = this.#plan[0];
    if (next === undefined || this.#replacing !== undefined || share < next.at) return;
    this.#plan.shift();
    this.#replacing = next.domain;
    this.deathsMs.push(absoluteMs());
    system.terminate(next.domain);
  }
}
