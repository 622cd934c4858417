/**
 * Boots the standard stack on a new image, writes some files, says so, and waits to be killed.
 *
 * @module
 */

import { FileSystem, FileSystemClient } from "@hako/fs-server";
import { boot, defineSystem } from "@hako/kernel";
import { filesOnImage } from "../systems/files_on_image.ts";

const MiB = 1024 * 1024;
const [path] = Deno.args;
const domains = filesOnImage({ path: path!, createBytes: 8 * MiB });
await using system = await boot(defineSystem({ base: import.meta.url, domains }));
const files = await system.connect(FileSystem, "files");
const fs = new FileSystemClient(files, await system.window(MiB));
for (let index = 0; index < 3; index++) {
  using file = fs.openSync(`/file${index}`, { write: true, createNew: true });
  file.writeSync(new Uint8Array(10_000).fill(index));
  file.syncSync();
}
console.log("written");
await new Promise(() => setInterval(() => {}, 1_000));
