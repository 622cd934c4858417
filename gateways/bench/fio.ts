/**
 * One side of an NBD row: a program of its own serves an image and lets `fio` measure it.
 *
 * @module
 */

import type { SelfMeasuring } from "@hako/tools/bench";
import { samplesOfChild } from "./samples_of_child.ts";

/** What `fio` does. */
export interface FioWork {
  /** Reads or writes, as `fio` names them. */
  readonly rw: "randread" | "randwrite" | "read";
  /** Bytes of a request, as `fio` writes them. */
  readonly blockSize: string;
  /** Requests under way. */
  readonly depth: number;
}

/**
 * Who serves: each is measured with every sample, and the fastest counts. `"least"` is a Deno program
 * that does no more than it must: `least_nbd.ts`.
 */
export type Server = "hako" | "qemu-nbd" | "nbdkit" | "least";

/** Opens servers; each sample is the cost of a request, in nanoseconds, of the fastest. */
export function measuringFio(servers: readonly Server[], work: FioWork): Promise<SelfMeasuring> {
  const programs = ["fio", "qemu-nbd", "nbdkit", Deno.execPath()];
  return samplesOfChild({
    main: new URL("./fio_main.ts", import.meta.url),
    order: { servers, work },
    permissions: (directory) => [
      "--allow-read",
      `--allow-write=${directory}`,
      `--allow-run=${programs.join(",")}`,
    ],
  });
}
