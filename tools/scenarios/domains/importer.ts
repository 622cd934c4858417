/**
 * The importer: a gateway that copies a tree of the host into the file system. The host's bytes are
 * read into its window, and from there nobody copies them again.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { FileSystem, FileSystemClient } from "@hako/fs-server";
import { type Domain, enter } from "@hako/kernel/domain";
import { type HostEntry, scanTree, type SeenEntry } from "../tree.ts";
import { ClientWork } from "./client_work.ts";

/** Bytes read and written at once. */
const CHUNK_BYTES = 1024 * 1024;

const domain: Domain = await enter();
const { input, exclude, targets } = domain.options as {
  readonly input: string;
  readonly exclude: readonly string[];
  readonly targets: readonly string[];
};
const fs = new FileSystemClient(domain.connect(FileSystem, "files"), domain.window("buffers"));
const chunk = fs.buffer(CHUNK_BYTES);
const work = new ClientWork(domain);

work.finish((seen) => {
  const tree = scanTree(input, exclude);
  let byteLength = 0;
  for (const target of targets) {
    work.timed(() => fs.mkdirSync(target));
    for (const entry of tree.entries) {
      const copied = copy(entry, `${target}/${entry.path}`);
      seen.push(copied);
      byteLength += copied.size;
      work.reach(seen.length);
    }
    // Times of directories last: filling one changes its own.
    for (const { path, kind, mtimeMs } of tree.entries.toReversed()) {
      if (kind !== "directory") continue;
      work.timed(() => fs.utimeSync(`${target}/${path}`, mtimeMs / 1000, mtimeMs / 1000));
    }
  }
  return byteLength;
});

function copy(entry: HostEntry, to: string): SeenEntry {
  const { path, kind, mode, mtimeMs } = entry;
  if (kind === "directory") {
    work.timed(() => fs.mkdirSync(to));
    work.timed(() => fs.chmodSync(to, mode));
    return { path: to, kind, size: 0, mode, sha256: "" };
  }
  if (kind === "symlink") {
    const link = Deno.readLinkSync(`${input}/${path}`);
    work.timed(() => fs.symlinkSync(link, to));
    const sha256 = createHash("sha256").update(link).digest("hex");
    return { path: to, kind, size: 0, mode: 0o777, sha256 };
  }
  const { size, sha256 } = copyFile(`${input}/${path}`, to, mode);
  work.timed(() => fs.utimeSync(to, mtimeMs / 1000, mtimeMs / 1000));
  return { path: to, kind, size, mode, sha256 };
}

function copyFile(from: string, to: string, mode: number): { size: number; sha256: string } {
  const hash = createHash("sha256");
  let size = 0;
  using source = Deno.openSync(from);
  const file = work.timed(() => fs.openSync(to, { write: true, createNew: true, mode }));
  for (;;) {
    const count = source.readSync(chunk);
    if (count === null) break;
    const part = chunk.subarray(0, count);
    work.timed(() => file.writeAllSync(part));
    hash.update(part);
    size += count;
  }
  work.timed(() => file.close());
  return { size, sha256: hash.digest("hex") };
}
