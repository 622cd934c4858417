/**
 * The peer memfs: its files lie in a worker's memory, and comlink calls them there.
 *
 * Bytes are transferred, as comlink's documentation would have it; a writer who keeps its buffer has
 * to copy it for that.
 *
 * @module
 */

import { transfer, wrap } from "comlink";
import type { Contestant } from "@hako/tools/bench";
import type { Served } from "./memfs_worker.ts";
import { openPeerWork, type PeerFiles, type PeerWork } from "./peer_works.ts";

/** A piece of work on memfs over comlink. */
export async function workOnMemfs(work: PeerWork): Promise<Contestant> {
  const worker = new Worker(new URL("./memfs_worker.ts", import.meta.url), { type: "module" });
  const ready = Promise.withResolvers<void>();
  worker.addEventListener("message", () => ready.resolve(), { once: true });
  await ready.promise; // What is posted before it listens is lost.
  const served = wrap<Served>(worker);
  const files: PeerFiles = {
    async open(path) {
      const file = await served.openSync(path, "r+");
      return {
        read: (buffer, offset) => served.read(file, buffer.byteLength, offset),
        write(bytes, offset) {
          const copy = bytes.slice();
          return served.write(file, transfer(copy, [copy.buffer]), offset);
        },
      };
    },
    create: async (path) => await served.closeSync(await served.openSync(path, "wx")),
    unlink: (path) => served.unlinkSync(path),
    size: async (path) => (await served.statSync(path)).size,
    mkdir: (path) => served.mkdirSync(path),
    readdir: (path) => served.readdirSync(path),
    writeFile: (path, content) => served.writeFileSync(path, content),
    readFile: (path) => served.readFile(path),
  };
  return { run: await openPeerWork(files, work), close: () => worker.terminate() };
}
