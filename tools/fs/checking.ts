/**
 * `hako fs check`: reads all metadata of an image that no server has open.
 *
 * @module
 */

import { checkFileSystem } from "@hako/fs-server/check";
import { terminalProgress } from "../terminal/progress.ts";
import { HostImage } from "./host_image.ts";

/** Memory in which blocks are read and kept. */
const WINDOW_BYTES = 16 * 1024 * 1024;

/** Says what is wrong with an image, and answers the exit code: 1 if anything is. */
export function checkImage(path: string, flags: { json: boolean; quiet: boolean }): number {
  using image = new HostImage(path);
  using progress = terminalProgress(flags);
  const report = checkFileSystem(image, {
    window: new Uint8Array(new SharedArrayBuffer(WINDOW_BYTES)),
    onProgress: (done, total) => progress.update("groups read", done, total),
  });
  progress.erase();
  const { findings, findingCount, inodeCount, directoryCount } = report;
  if (flags.json) console.log(JSON.stringify({ path, ...report }));
  else {
    for (const { where, what } of findings) console.log(`${where}: ${what}`);
    const more = findingCount - findings.length;
    if (more > 0) console.log(`and ${more.toLocaleString("en-US")} more`);
    const verdict = findingCount === 0 ? "sound" : `${findingCount.toLocaleString("en-US")} wrong`;
    console.log(
      `${path}: ${verdict}; ${inodeCount.toLocaleString("en-US")} inodes, ` +
        `${directoryCount.toLocaleString("en-US")} directories`,
    );
  }
  return findingCount === 0 ? 0 : 1;
}
