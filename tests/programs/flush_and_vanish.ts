/**
 * Writes a file, flushes it, writes on without flushing, and ends the process from one moment to
 * the next: nobody halts, nobody flushes.
 *
 * @module
 */

import { boot, defineSystem } from "@hako/kernel";
import { FileSystem, FileSystemClient } from "@hako/fs-server";
import { filesOnImage } from "@hako/tools";

const path = Deno.args[0]!;
const domains = filesOnImage({ path, createBytes: 64 * 1024 * 1024 });
const system = await boot(defineSystem({ base: import.meta.url, domains }));
const files = await system.connect(FileSystem, "files");
const fs = new FileSystemClient(files, await system.window(4 * 1024 * 1024));

const content = Uint8Array.from({ length: 50_000 }, (_, i) => (i * 31 + (i >> 12) * 7 + 8) & 255);
const file = fs.openSync("/flushed", { write: true, create: true });
file.writeAllSync(content);
file.syncSync();
for (let i = 0; i < 50; i++) fs.writeFileSync(`/unflushed-${i}`, content);
console.log("flushed");
Deno.exit(0);
