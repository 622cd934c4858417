/**
 * Sparse images of growing size: made, booted, used a little, booted again.
 *
 * @module
 */

import { type Curve, type GrowthFigure, residentBytes } from "../curve.ts";
import { withFiles } from "../files_system.ts";

const GiB = 1024 ** 3;

/** The cost of a large disk. */
export const imageSize: Curve = {
  name: "image-size",
  what: "GiB of a sparse image",
  points: [1, 10, 100],
  async measure(count, directory) {
    const path = `${directory}/disk.img`;
    const content = new Uint8Array(1024 * 1024).fill(7);
    const made = await withFiles({ path, createBytes: count * GiB }, (fs) => {
      const startMs = performance.now();
      fs.writeFileSync("/first", content);
      return [{ name: "first file of 1 MiB", value: performance.now() - startMs, unit: "ms" }];
    });
    const again = await withFiles({ path }, (fs) => {
      const startMs = performance.now();
      const found = fs.readFileSync("/first");
      if (found.byteLength !== content.byteLength) throw new Error("Cannot go on: a wrong size");
      return [
        { name: "read it again", value: performance.now() - startMs, unit: "ms" },
        { name: "memory of the process", value: residentBytes() / 1e6, unit: "MB" },
      ];
    });
    const { blocks } = Deno.statSync(path);
    return [
      ...made.map((figure) => renamed(figure, "make, boot and format")),
      ...again.filter(({ name }) => name !== "halt").map((figure) => renamed(figure, "boot on it")),
      { name: "taken of the host's disk", value: (blocks ?? 0) * 512 / 1e6, unit: "MB" },
    ];
  },
};

function renamed(figure: GrowthFigure, boot: string): GrowthFigure {
  return figure.name === "boot" ? { ...figure, name: boot } : figure;
}
