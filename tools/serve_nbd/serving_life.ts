/**
 * What `hako serve` tells people of its system, and when that is over.
 *
 * @module
 */

import { type SystemEvent, textLine } from "@hako/kernel";
import { nbdUri } from "./listen_address.ts";

/** From boot until it is over, and why. */
export class ServingLife {
  /** Resolves when there is no more to serve. */
  readonly over: Promise<void>;
  /** Ends it. */
  readonly end: () => void;
  /** Why it ended by itself. */
  why: string | undefined;
  readonly #exportName: string;
  readonly #isQuiet: boolean;

  /** @param isQuiet Whether deaths that nobody notices are kept from people. */
  constructor(exportName: string, isQuiet: boolean) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.over = promise;
    this.end = resolve;
    this.#exportName = exportName;
    this.#isQuiet = isQuiet;
  }

  /** Hears what happens in the system. */
  hear(event: SystemEvent, atUs: number): void {
    if (event.type === "report" && event.domain === "nbd") return this.#listens(event.value);
    if (event.type === "gave-up") this.#stop(`${event.domain} was given up: ${event.why}`);
    else if (event.type === "stopped") this.#stop(event.why);
    else if (event.type === "died" || (event.type === "ready" && event.epoch > 1)) {
      if (!this.#isQuiet) console.error(textLine({ type: "event", event, atUs }));
    }
  }

  #listens(value: unknown): void {
    const { listening } = value as { readonly listening: string };
    console.log(`listening on ${listening}: ${nbdUri(listening, this.#exportName)}`);
  }

  #stop(why: string): void {
    this.why ??= why;
    this.end();
  }
}
