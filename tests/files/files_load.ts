/**
 * The contestants: work on files of Hako, on files of the host, and on files of Hako while the
 * storage server dies once a second.
 *
 * @module
 */

import { boot, defineSystem } from "@hako/kernel";
import type { Contestant } from "@hako/tools/bench";
import { filesOnImage } from "@hako/tools";
import { Load } from "./load_protocol.ts";
import { openWork, type WorkName } from "./works.ts";

const MiB = 1024 * 1024;

/** Bytes of the app's window: the file that is worked on fits twice. */
const WINDOW_BYTES = 96 * MiB;

/** How often the storage server is terminated, where it is. */
const DEATH_MS = 1_000;

/**
 * How often a piece of work is done for one order to the app: for some ten milliseconds. An order comes
 * from another thread, which wants a core as well, and takes 0.1 ms; it is not what is measured.
 */
const RUN_COUNTS: Readonly<Record<WorkName, number>> = {
  "seq-read-1m": 4096,
  "seq-read-1m-copied": 256,
  "seq-write-1m": 256,
  "rand-read-4k": 8192,
  "rand-write-4k": 8192,
  "map-read-4k": 524_288,
  "create-unlink": 512,
  "stat": 16_384,
  "readdir-10k": 2,
  "read-file-4k": 8192,
  "readdir-1k": 16,
};

/** How a system is disturbed while it works. */
export type Disturbance = "none" | "storage server killed once a second";

/** Work on files of Hako. */
export async function workOnHako(
  work: WorkName,
  disturbance: Disturbance = "none",
): Promise<Contestant> {
  const directory = Deno.makeTempDirSync({ prefix: "hako-bench-" });
  const system = await boot(defineSystem({
    base: import.meta.url,
    domains: {
      ...filesOnImage({
        path: `${directory}/image`,
        createBytes: 512 * MiB,
        restart: { limit: 1_000, windowMs: 1_000 },
      }),
      load: {
        kind: "server",
        module: "./load_main.ts",
        serves: { load: Load },
        uses: ["files"],
        windows: { files: WINDOW_BYTES },
        hangMs: 120_000, // A run is one request, and on a loaded machine a long one.
      },
    },
  }));
  const load = await system.connect(Load, "load");
  await load.call("run", { work, count: 100 });
  const killing = disturbance === "none"
    ? undefined
    : setInterval(() => system.terminate("storage"), DEATH_MS);
  return {
    grain: RUN_COUNTS[work],
    async run(count) {
      await load.call("run", { work, count });
    },
    async close() {
      clearInterval(killing);
      await system.halt();
      Deno.removeSync(directory, { recursive: true });
    },
  };
}

/** The same work on files of the host, by the host's own calls. */
export function workOnHost(name: WorkName): Promise<Contestant> {
  const directory = Deno.makeTempDirSync({ prefix: "hako-bench-" });
  const work = openWork(Deno, directory, name);
  return Promise.resolve({
    run: work,
    close: () => Deno.removeSync(directory, { recursive: true }),
  });
}
