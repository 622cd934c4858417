import { assert, assertEquals } from "@std/assert";
import { hasTool, madeByMke2fs } from "../ext4/test_images.ts";
import { OPEN } from "../protocol.ts";
import type { DeathPoint } from "./death_points.ts";
import { pattern, Rig, utf8 } from "./test_rig.ts";

const ignore = !hasTool("mke2fs") || !hasTool("e2fsck");

function requireClean(rig: Rig): void {
  const { code, output } = rig.fsck();
  assertEquals(code, 0, output);
}

function writeAll(rig: Rig, handle: number, source: Uint8Array): void {
  for (let size = 0; size < source.byteLength;) {
    const part = { handle, offset: size, append: false, source: source.subarray(size) };
    size += rig.answer("write", part) as number;
  }
}

Deno.test({
  name: "a file too scattered for one transaction is cut and freed in pieces",
  ignore,
  fn() {
    // Groups of 256 blocks and a cache of 80: 48 changed blocks are the most for one transaction.
    const args = ["-t", "ext2", "-b", "4096", "-O", "^resize_inode", "-g", "256"];
    const disk = madeByMke2fs(80 * 2 ** 20, ...args);
    const points = [undefined, "fs.orphan.before-transaction", "fs.orphan.after-transaction"];
    for (const point of points as (DeathPoint | undefined)[]) {
      // Without a log each commit is a transaction of the disk.
      const rig = new Rig({ disk: disk.clone(), windowBlocks: 96, logBytes: 0 });
      const before = rig.fs.usage();
      const handle = rig.open("/f", OPEN.create | OPEN.readWrite) as number;
      const source = pattern(70_000_000);
      writeAll(rig, handle, source);
      requireClean(rig);
      let transactions = 0;
      rig.disk.afterTransaction = () => {
        transactions++;
        if (point === undefined && transactions % 4 === 1) requireClean(rig);
      };
      rig.deathAt = point === undefined ? undefined : "fs.truncate.after-transaction";
      assertEquals(rig.answer("truncate", { handle, size: 5001 }), 0);
      assert(transactions > 1, "it took pieces");
      assertEquals(rig.readFile("/f"), source.slice(0, 5001));
      rig.disk.afterTransaction = () => {};
      writeAll(rig, handle, source);
      rig.answer("close", { handle });
      transactions = 0;
      rig.disk.afterTransaction = () => transactions++;
      rig.deathAt = point;
      assertEquals(rig.answer("unlink", { path: utf8("/f") }), 0);
      assert(transactions > 1, "it took pieces");
      assertEquals(rig.fs.usage(), before);
      requireClean(rig);
    }
  },
});
