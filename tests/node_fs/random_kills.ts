/**
 * Kills servers at random while clients work: each time after a few of their operations.
 *
 * @module
 */

import type { System, SystemEvent } from "@hako/kernel";
import type { Random } from "../../tools/scenarios/random.ts";
import type { Board } from "../kills/board.ts";

/** Operations of the clients from one death to the next, at most. */
const OPERATIONS_MAX = 4;

/** Nothing was done for so long: the system stands still. */
const STALL_MS = 30_000;

/** How often is looked how much was done. */
const LOOK_MS = 2;

/** What is killed, and until when. */
export interface KillOptions {
  /** Where the clients count what they do. */
  readonly board: Board;
  /** Deaths in all; then the clients are stopped. */
  readonly deaths: number;
  /** Chance. */
  readonly random: Random;
  /** Names of the servers. */
  readonly victims: readonly string[];
}

/**
 * Who serves. Only those are killed: six lives in a row that end before they serve are given up, as
 * they should be.
 */
export class Serving {
  readonly #down: Set<string> = new Set();

  /** Hears what happens to the domains. */
  hear(event: SystemEvent): void {
    if (event.type === "died") this.#down.add(event.domain);
    if (event.type === "ready") this.#down.delete(event.domain);
  }

  /** Ends the life of a domain, if it serves; answers whether. */
  kill(system: System, name: string): boolean {
    if (this.#down.has(name)) return false;
    this.#down.add(name); // Until its successor serves.
    system.terminate(name);
    return true;
  }
}

/** Who kills. */
export interface RandomKills {
  /** Hears what happens to the domains. */
  hear(event: SystemEvent): void;
  /** Kills until there were as many deaths as wanted, and stops the clients then. */
  run(system: System): Promise<void>;
}

/** Kills one server at a time, or all of them. */
export function killAtRandom(options: KillOptions): RandomKills {
  const { board, deaths, random, victims } = options;
  const serving = new Serving();
  let heard = 0;
  const gaveUp: string[] = [];
  return {
    hear(event) {
      serving.hear(event);
      if (event.type === "died" && victims.includes(event.domain)) heard++;
      if (event.type === "gave-up") gaveUp.push(`${event.domain} was given up: ${event.why}`);
      board.change();
    },
    async run(system) {
      let dueAt = 1;
      let seenMs = performance.now();
      let seen = 0;
      while (heard < deaths && !board.isOver) {
        if (gaveUp.length > 0) throw new Error(gaveUp[0]);
        const { version } = board;
        const done = board.done("files");
        if (done !== seen) [seen, seenMs] = [done, performance.now()];
        if (performance.now() - seenMs > STALL_MS) {
          board.end();
          throw new Error(`the system stands still: ${JSON.stringify(await system.status())}`);
        }
        if (done >= dueAt) {
          dueAt = done + 1 + Math.floor(random() * OPERATIONS_MAX);
          const isAll = random() < 0.1;
          const chosen = victims[Math.floor(random() * victims.length)]!;
          for (const name of isAll ? victims : [chosen]) serving.kill(system, name);
        }
        await board.changed(version, LOOK_MS);
      }
      board.end();
    },
  };
}
