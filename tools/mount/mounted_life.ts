/**
 * What is told of a mount while it is there, and when that is over.
 *
 * @module
 */

import { type SystemEvent, textLine } from "@hako/kernel";

/** The domain that mounts. */
const GATEWAY = "mount";

/** What is told even to who wants to hear only what goes wrong. */
const FAULTS: ReadonlySet<SystemEvent["type"]> = new Set([
  "gave-up",
  "poisoned",
  "rolled-back",
  "stopped",
]);

/** What is told besides: that somebody died, and that all goes on. */
const LIVES: ReadonlySet<SystemEvent["type"]> = new Set(["died", "kernel-died"]);

/** What the gateway reports. */
interface GatewayReport {
  /** Programs can use the mount. */
  readonly mounted?: string;
  /** Somebody has unmounted it. */
  readonly unmounted?: string;
}

/** How it is told. */
export interface Telling {
  /** Whether only that is told which goes wrong. */
  readonly isQuiet: boolean;
  /** Takes a line of the log. */
  readonly log: (line: string) => void;
}

/** From boot until it is over, and why. */
export class MountedLife {
  /** Resolves when programs can use the mount. */
  readonly mounted: Promise<void>;
  /** Resolves when there is no more to serve. */
  readonly over: Promise<void>;
  /** Ends it. */
  readonly end: () => void;
  /** Whether somebody else has unmounted it. */
  isUnmounted = false;
  /** Why it ended by itself. */
  why: string | undefined;
  readonly #telling: Telling;
  readonly #isMounted: () => void;

  /** @param telling How it is told. */
  constructor(telling: Telling) {
    const mounted = Promise.withResolvers<void>();
    const over = Promise.withResolvers<void>();
    this.mounted = mounted.promise;
    this.over = over.promise;
    this.end = over.resolve;
    this.#isMounted = mounted.resolve;
    this.#telling = telling;
  }

  /** Hears what happens in the system. */
  hear(event: SystemEvent, atUs: number): void {
    const { isQuiet, log } = this.#telling;
    const isTold = FAULTS.has(event.type) ||
      !isQuiet && (LIVES.has(event.type) || event.type === "ready" && event.epoch > 1);
    if (isTold) log(textLine({ type: "event", event, atUs }));
    if (event.type === "gave-up") this.#stop(`${event.domain} was given up: ${event.why}`);
    else if (event.type === "stopped") this.#stop(event.why);
    else if (event.type === "report" && event.domain === GATEWAY) this.#hearGateway(event.value);
  }

  #hearGateway(value: unknown): void {
    const { mounted, unmounted } = (value ?? {}) as GatewayReport;
    if (mounted !== undefined) this.#isMounted();
    if (unmounted === undefined) return;
    this.isUnmounted = true;
    this.end();
  }

  #stop(why: string): void {
    this.why ??= why;
    this.end();
  }
}
