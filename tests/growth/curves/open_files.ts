/**
 * Files that are open at once.
 *
 * @module
 */

import type { FsFile } from "@hako/fs-server";
import { type Curve, median, residentBytes } from "../curve.ts";
import { withFiles } from "../files_system.ts";

const MiB = 1024 * 1024;

/** The cost of an open file. */
export const openFiles: Curve = {
  name: "open-files",
  what: "open files of one client",
  points: [1, 10, 100, 1_000, 10_000],
  measure: (count, directory) =>
    withFiles({ path: `${directory}/disk.img`, createBytes: 256 * MiB }, (fs) => {
      const paths = Array.from({ length: count }, (_, i) => `/d${i >> 10}/f${i}`);
      for (let i = 0; i << 10 < count; i++) fs.mkdirSync(`/d${i}`);
      for (const path of paths) fs.writeFileSync(path, Uint8Array.of(1));
      const beforeBytes = residentBytes();
      const open: FsFile[] = [];
      const openUs: number[] = [];
      for (const path of paths) {
        const startMs = performance.now();
        open.push(fs.openSync(path));
        openUs.push((performance.now() - startMs) * 1_000);
      }
      const bytes = residentBytes() - beforeBytes;
      const closeMs = performance.now();
      for (const file of open) file.close();
      return [
        { name: "open, half of them at most", value: median(openUs), unit: "us" },
        { name: "memory per open file", value: Math.max(0, bytes) / count, unit: "bytes" },
        { name: "close", value: (performance.now() - closeMs) * 1_000 / count, unit: "us" },
      ];
    }),
};
