/**
 * An app that keeps a locked file without a name open over its lives: each writes its number into the
 * file, and says what the file holds then; the one that reads a 4 closes it.
 *
 * @module
 */

import { FileSystem, LOCK, OPEN } from "@hako/fs-server";
import { enter } from "@hako/kernel/domain";

const domain = await enter();
const files = domain.connect(FileSystem, "files");
const bytes = domain.window("bytes");
const keep = domain.keep("handle");
// Lives so far, and the handle.
const kept = new Uint32Array(keep.buffer, keep.byteOffset, 2);
const life = ++kept[0]!;
files.callSync("keepOpen", { on: true });
if (life === 1) {
  const path = bytes.subarray(0, 5);
  path.set(new TextEncoder().encode("/kept"));
  const how = { flags: OPEN.readWrite | OPEN.create, mode: 0o644, umask: 0 };
  const { handle } = files.callSync("open", { at: 0, path, as: 0, leaseSlot: 0, ...how });
  files.callSync("flock", { handle, kind: LOCK.exclusive, wait: false });
  kept[1] = handle;
}
const handle = kept[1]!;
const source = bytes.subarray(100, 101);
source[0] = life;
files.callSync("write", { handle, offset: 0, append: true, source, keepTimes: false });
const target = bytes.subarray(200, 300);
const count = files.callSync("read", { handle, offset: 0, target });
const lives = [...target.slice(0, count)];
if (lives.includes(4)) files.callSync("close", { handle });
domain.report(lives.join(" "));
