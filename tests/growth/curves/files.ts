/**
 * Files in one file system: made, found again at random, and found again by another boot.
 *
 * @module
 */

import { type Curve, type GrowthFigure, residentBytes } from "../curve.ts";
import { withFiles } from "../files_system.ts";

/** Files of one directory. */
const DIRECTORY_FILES = 1_000;

/** Files that are looked at. */
const LOOKS = 2_000;

const BLOCK_BYTES = 4_096;
const MiB = 1024 * 1024;

/** The cost of a file. */
export const files: Curve = {
  name: "files",
  what: "files in one file system",
  points: [1_000, 10_000, 100_000, 1_000_000],
  async measure(count, directory) {
    const path = `${directory}/disk.img`;
    // A block for each file, an inode of 256 bytes, directories, and the journal.
    const createBytes = 128 * MiB + count * (BLOCK_BYTES + 1_024);
    const image = { path, createBytes, inodeRatioBytes: BLOCK_BYTES };
    const content = new TextEncoder().encode("content");
    const made = await withFiles(image, (fs) => {
      const startMs = performance.now();
      for (let i = 0; i < count; i++) {
        if (i % DIRECTORY_FILES === 0) fs.mkdirSync(`/${i / DIRECTORY_FILES}`);
        fs.writeFileSync(pathOf(i), content);
      }
      const makeUs = (performance.now() - startMs) * 1_000 / count;
      return [
        { name: "make and write one", value: makeUs, unit: "us" },
        { name: "memory of the process", value: residentBytes() / 1e6, unit: "MB" },
      ];
    });
    const found = await withFiles({ path }, (fs) => {
      const startMs = performance.now();
      for (let i = 0; i < LOOKS; i++) {
        const { size } = fs.statSync(pathOf((Math.imul(i, 0x9e3779b1) >>> 0) % count));
        if (size !== content.byteLength) throw new Error("Cannot go on: a wrong size");
      }
      const lookUs = (performance.now() - startMs) * 1_000 / LOOKS;
      return [{ name: "find one at random", value: lookUs, unit: "us" }];
    });
    return [...made, ...found.filter(({ name }) => name !== "halt").map(again)];
  },
};

function pathOf(index: number): string {
  return `/${Math.floor(index / DIRECTORY_FILES)}/file-${index}`;
}

function again(figure: GrowthFigure): GrowthFigure {
  return figure.name === "boot" ? { ...figure, name: "boot on it" } : figure;
}
