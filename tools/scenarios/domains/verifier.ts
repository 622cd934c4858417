/**
 * The verifier: an app that walks the file system and reads everything back. It knows nothing of
 * what was written.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { FileSystem, FileSystemClient } from "@hako/fs-server";
import { type Domain, enter } from "@hako/kernel/domain";
import type { SeenEntry } from "../tree.ts";
import { ClientWork } from "./client_work.ts";

/** Bytes read at once. */
const CHUNK_BYTES = 1024 * 1024;

const domain: Domain = await enter();
const { targets } = domain.options as { readonly targets: readonly string[] };
const fs = new FileSystemClient(domain.connect(FileSystem, "files"), domain.window("buffers"));
const chunk = fs.buffer(CHUNK_BYTES);
const work = new ClientWork(domain);

work.finish((seen) => {
  let byteLength = 0;
  const walk = (directory: string): void => {
    const entries = work.timed(() => [...fs.readDirSync(directory)]);
    for (const { name } of entries) {
      const path = `${directory}/${name}`;
      const entry = look(path);
      seen.push(entry);
      byteLength += entry.size;
      work.reach(seen.length);
      if (entry.kind === "directory") walk(path);
    }
  };
  targets.forEach(walk);
  return byteLength;
});

function look(path: string): SeenEntry {
  const info = work.timed(() => fs.lstatSync(path));
  const mode = info.mode & 0o7777;
  if (info.isDirectory) return { path, kind: "directory", size: 0, mode, sha256: "" };
  if (info.isSymlink) {
    const link = work.timed(() => fs.readLinkSync(path));
    const sha256 = createHash("sha256").update(link).digest("hex");
    return { path, kind: "symlink", size: 0, mode, sha256 };
  }
  return { path, kind: "file", mode, ...read(path) };
}

function read(path: string): { size: number; sha256: string } {
  const hash = createHash("sha256");
  let size = 0;
  const file = work.timed(() => fs.openSync(path));
  for (;;) {
    const count = work.timed(() => file.readSync(chunk));
    if (count === null) break;
    hash.update(chunk.subarray(0, count));
    size += count;
  }
  work.timed(() => file.close());
  return { size, sha256: hash.digest("hex") };
}
