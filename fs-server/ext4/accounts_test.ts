import { assert, assertEquals, assertThrows } from "@std/assert";
import { OsError } from "@hako/ipc";
import { hasTool } from "./test_images.ts";
import { READ_ONLY, STATE_CLEAN, SUPERBLOCK as SB } from "./layouts/superblock.ts";
import { ImageRig, judge, makeImage, sizesOfImage } from "./test_mke2fs.ts";

const ignore = !hasTool("mke2fs") || !hasTool("dumpe2fs");

function header(rig: ImageRig): string {
  rig.commit();
  const { code, output } = judge(rig.image, "dumpe2fs", ["-h"]);
  assertEquals(code, 0, output);
  return output;
}

for (const args of [["-t", "ext2", "-r", "0"], ["-t", "ext3"], ["-t", "ext4"]]) {
  Deno.test({
    name: `Accounts.addFeature() makes a feature known: ${args.join(" ")}`,
    ignore,
    fn() {
      const rig = new ImageRig(makeImage([...args, "-b", "1024", "-I", "128"], 20_000));
      const before = header(rig);
      rig.accounts.addFeature(SB.featuresReadOnly, READ_ONLY.dirNlink);
      const after = header(rig);
      assert(/features: .*dir_nlink/.test(after), after);
      const others = (text: string) =>
        (/features: +(.*)/.exec(text)?.[1] ?? "").replace(/\(none\)| ?dir_nlink/g, "");
      assertEquals(others(after), others(before));
      assertEquals(sizesOfImage(rig.image).features.hasDirNlink, true);
      assertEquals(sizesOfImage(rig.image).inodeBytes, 128);
      const { code, output } = rig.fsck();
      assertEquals(code, 0, output);
    },
  });
}

Deno.test({
  name: "Accounts.setClean() notes state, times and mounts as dumpe2fs reads them",
  ignore,
  fn() {
    const rig = new ImageRig(makeImage(["-t", "ext4"], 20_000));
    rig.accounts.setClean(false, 1_700_000_000);
    const mounted = header(rig);
    assert(/state: +not clean/.test(mounted), mounted);
    assert(/Mount count: +1\n/.test(mounted), mounted);
    assert(/Last mount time: .*2023/.test(mounted), mounted);
    rig.accounts.setClean(true, 5_000_000_000);
    const clean = header(rig);
    assert(/state: +clean/.test(clean), clean);
    assertEquals(rig.accounts.superblockHalf(SB.state) & STATE_CLEAN, STATE_CLEAN);
    assertEquals(rig.accounts.superblock(SB.writeTime), 5_000_000_000 % 2 ** 32);
    assertEquals(rig.fsck().code, 0);
  },
});

Deno.test({
  name: "Accounts refuses counts below nothing and above everything",
  ignore,
  fn() {
    const rig = new ImageRig(makeImage(["-t", "ext4", "-b", "1024"], 20_000));
    const { accounts, sizes } = rig;
    assertThrows(() => accounts.addBlocksFree(0, -sizes.blocksPerGroup - 1), OsError, "EUCLEAN");
    assertThrows(() => accounts.addBlocksFree(0, sizes.blockCount), OsError, "EUCLEAN");
    assertThrows(() => accounts.addInodesFree(0, -sizes.inodesPerGroup - 1), OsError, "EUCLEAN");
    assertThrows(() => accounts.addInodesFree(0, sizes.inodeCount), OsError, "EUCLEAN");
    assertThrows(() => accounts.addDirectories(0, -1000), OsError, "EUCLEAN");
  },
});
