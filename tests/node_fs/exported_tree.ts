/**
 * A tree of Hako as files of the host.
 *
 * @module
 */

import type { FileSystemClient } from "@hako/fs-server";

/** Copies a tree with permissions and symbolic links to a directory of the host, which is made. */
export function exportTree(fs: FileSystemClient, source: string, target: string): void {
  Deno.mkdirSync(target);
  for (const { name, isDirectory, isSymlink } of [...fs.readDirSync(source)]) {
    const [from, to] = [`${source}/${name}`, `${target}/${name}`];
    if (isDirectory) {
      exportTree(fs, from, to);
    } else if (isSymlink) {
      linkOnHost(fs.readLinkSync(from), to);
    } else {
      Deno.writeFileSync(to, fs.readFileSync(from));
      Deno.chmodSync(to, fs.statSync(from).mode & 0o777);
    }
  }
}

/** Makes a symbolic link; for Deno that would take permission to read and write everything. */
export function linkOnHost(target: string, path: string): void {
  const { success } = new Deno.Command("ln", { args: ["-s", target, path] }).outputSync();
  if (!success) throw new Error(`ln -s ${target} ${path}`);
}
