/**
 * What the program that mounts is told on its command line, and what it says: a line of JSON each.
 *
 * @module
 */

/** What to mount, who works on it, and who dies meanwhile. */
export interface HostOrder {
  /** The image; if left out, programs work on the directory as it is, so as to prove themselves. */
  readonly image?: string;
  /** Bytes of an image that is made. */
  readonly createBytes: number;
  /** Whether Linux keeps what is written for a while. */
  readonly cache: "writeback" | "shared";
  /** Whether every read and write of a program reaches the gateway. */
  readonly directIo: boolean;
  /** Where it is mounted, an absolute path. */
  readonly directory: string;
  /** A directory elsewhere. */
  readonly scratch: string;
  /** The names of the scripts, in the order in which they begin. */
  readonly works: readonly string[];
  /** How much each does. */
  readonly scale: number;
  /** How many work at a time. */
  readonly lanes: number;
  /** The works are done again, all of them, until every victim has died so often. */
  readonly deathsMin: number;
  /** Who dies when. */
  readonly seed: number;
  /** Milliseconds between deaths; nobody dies if 0. */
  readonly killEveryMs: number;
  /** The domains that die in turn. */
  readonly victims: readonly string[];
  /** Deaths of the gateway by itself at points that it passes: it throws, hangs, becomes a zombie. */
  readonly gatewayFaults: number;
  /** After so many milliseconds the connection is aborted. */
  readonly limitMs: number;
}

/** How a script ended. */
export interface WorkEnd {
  /** Its name. */
  readonly work: string;
  /** Which time it was, from 0. */
  readonly round: number;
  /** Its exit code. */
  readonly code: number;
  /** What it said on both streams. */
  readonly said: string;
  /** Milliseconds that it took. */
  readonly tookMs: number;
}

/** What the host says. */
export type HostLine =
  | { readonly mounted: string; readonly connection: string }
  | WorkEnd
  | { readonly died: string; readonly why: string }
  | { readonly gaveUp: string; readonly why: string }
  | { readonly late: readonly string[] }
  | { readonly unmounted: number }
  | { readonly judged: number; readonly said: string };
