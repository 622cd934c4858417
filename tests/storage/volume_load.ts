/**
 * The contestants: a load on a volume, on the same servers without what makes them fault-tolerant,
 * and on the image file by the host's own calls.
 *
 * @module
 */

import { boot, defineSystem, type DomainManifest } from "@hako/kernel";
import { Block } from "@hako/drivers/block";
import type { Contestant } from "@hako/tools/bench";
import { Volume } from "@hako/storage-server";
import { type AccessOrder, offsets } from "./access.ts";
import { startChain } from "./bare_chain.ts";
import { Load } from "./load_protocol.ts";

const MIB = 1024 * 1024;

/** Bytes of the image: it lies in the host's page cache, on either side. */
const IMAGE_BYTES = 512 * MIB;

/** Bytes that a load goes over, on either side. */
const LOAD_BYTES = 448 * MIB;

/** Bytes of one run: telling the load to begin costs next to nothing. */
const RUN_BYTES = 64 * MIB;

/** One kind of transfer. */
export interface Transfers {
  /** Which way the bytes go. */
  readonly way: "read" | "write";
  /** Where. */
  readonly order: AccessOrder;
  /** Bytes of each. */
  readonly byteLength: number;
  /** How many are under way at a time. */
  readonly depth: number;
}

/** What stands between the load and the driver. */
export type Between = "storage server" | "storage server with tags" | "nothing but a forwarder";

/** A load on a volume. */
export async function loadOnVolume(transfers: Transfers, between: Between): Promise<Contestant> {
  const directory = Deno.makeTempDirSync({ prefix: "hako-bench-" });
  const path = `${directory}/image`;
  const system = await boot(
    defineSystem({ base: import.meta.url, domains: domains(path, between) }),
  );
  const load = await system.connect(Load, "load");
  const { way, order, byteLength, depth } = transfers;
  const grain = Math.min(RUN_BYTES / byteLength, 4096);
  const fill = { way: "write", order: "sequential", byteLength: MIB, depth: 4 } as const;
  await load.call("run", { count: LOAD_BYTES / MIB, ...fill });
  return {
    grain,
    async run(count) {
      await load.call("run", { count, way, order, byteLength, depth });
    },
    async close() {
      await system.halt();
      Deno.removeSync(directory, { recursive: true });
    },
  };
}

function domains(path: string, between: Between): Record<string, DomainManifest> {
  const hangMs = 120_000; // A run is one request, and on a loaded machine a long one.
  const storage = between === "nothing but a forwarder"
    ? { module: new URL("./plain_main.ts", import.meta.url).href }
    : {
      module: import.meta.resolve("@hako/storage-server/server"),
      keeps: { journalTail: 16 * MIB },
      windows: { scratch: 4 * MIB },
      options: { format: "if-blank", tags: between === "storage server with tags" },
    };
  return {
    disk: {
      kind: "driver",
      module: import.meta.resolve("@hako/drivers/block/host-file"),
      permissions: { read: [path], write: [path] },
      serves: { disk: Block },
      options: { path, createBytes: IMAGE_BYTES },
    },
    storage: { kind: "server", serves: { volume: Volume }, uses: ["disk"], ...storage },
    load: {
      kind: "server",
      module: new URL("./load_main.ts", import.meta.url).href,
      serves: { load: Load },
      uses: ["volume"],
      windows: { data: 32 * MIB },
      hangMs,
    },
  };
}

/**
 * The same transfers through as many threads, with nothing in the middle but what is named.
 *
 * @param sumBytes Of how many bytes each sum is made that the thread in the middle makes; 0 for none.
 */
export async function loadOnChain(transfers: Transfers, sumBytes: number): Promise<Contestant> {
  const { way, order, byteLength, depth } = transfers;
  const { path, file } = makeImage();
  file.close();
  const chain = await startChain({ path, way, byteLength, depth, sumBytes });
  Deno.removeSync(path);
  const next = offsets(order, LOAD_BYTES, byteLength);
  return {
    grain: Math.min(RUN_BYTES / byteLength, 4096),
    run: (count) => chain.run(count, () => next() / byteLength),
  };
}

/** The same transfers, one after the other, by an open file of the host: with as many buffers. */
export function loadOnFile({ way, order, byteLength, depth }: Transfers): Promise<Contestant> {
  const { path, file } = makeImage();
  Deno.removeSync(path);
  const data = new Uint8Array(depth * byteLength);
  const views = Array.from(
    { length: depth },
    (_, at) => data.subarray(at * byteLength, (at + 1) * byteLength),
  );
  const next = offsets(order, LOAD_BYTES, byteLength);
  return Promise.resolve({
    grain: Math.min(RUN_BYTES / byteLength, 4096),
    run(count) {
      for (let done = 0; done < count; done++) {
        const view = views[done % depth]!;
        file.seekSync(next(), Deno.SeekMode.Start);
        const moved = way === "read" ? file.readSync(view) : file.writeSync(view);
        if (moved !== byteLength) throw new Error(`moved ${moved} of ${byteLength} bytes`);
      }
    },
    close: () => file.close(),
  });
}

/** A file in the host's page cache. */
function makeImage(): { readonly path: string; readonly file: Deno.FsFile } {
  const path = Deno.makeTempFileSync({ prefix: "hako-bench-" });
  const file = Deno.openSync(path, { read: true, write: true });
  const chunk = new Uint8Array(MIB);
  for (let written = 0; written < IMAGE_BYTES; written += file.writeSync(chunk));
  return { path, file };
}
