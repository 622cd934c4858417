import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { resolve } from "node:path";
import { fsck, hasTool, readImage, requireTool } from "../../fs-server/ext4/test_images.ts";
import { denoProgram } from "../command_line/deno_program.ts";
import { programArguments } from "../command_line/launch.ts";
import { parseCommand } from "../command_line/parse.ts";
import { mkfsCommand } from "./command.ts";

const ROOT = resolve(import.meta.dirname!, "../..");
const ignore = !hasTool("e2fsck") || !hasTool("dumpe2fs");

/** Runs `hako mkfs` in a directory, with no more permissions than it asks for. */
function mkfs(directory: string, ...args: string[]) {
  const place = { sourceRoot: ROOT, directory, temporaryDirectory: `${directory}/none` };
  const invocation = parseCommand(mkfsCommand, args);
  const { code, stdout, stderr } = new Deno.Command(denoProgram(), {
    args: programArguments(mkfsCommand, invocation, place, args),
    cwd: ROOT,
    env: { INIT_CWD: directory, NO_COLOR: "1" },
  }).outputSync();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

function withDirectory(use: (path: string) => void): void {
  const directory = Deno.makeTempDirSync();
  try {
    use(directory);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

Deno.test({
  name: "hako mkfs makes each type, in an image that it makes or that is there",
  ignore,
  fn: () =>
    withDirectory((directory) => {
      const path = `${directory}/disk.img`;
      const made = mkfs(directory, "disk.img", "--size", "64M");
      assertEquals([made.code, made.stderr], [0, ""]);
      assertMatch(made.stdout, /^disk\.img: ext4, [-0-9a-f]{36}\n {2}16,384 blocks of 4096 bytes/);
      assertEquals(Deno.statSync(path).size, 64 * 2 ** 20);
      assertEquals(fsck(readImage(path)).code, 0);
      const refused = mkfs(directory, "disk.img", "-t", "ext2");
      assertEquals([refused.code, refused.stdout], [1, ""]);
      assertStringIncludes(refused.stderr, "--force");
      // What cannot be is refused before anything is lost.
      assertEquals(mkfs(directory, "disk.img", "--force", "-b", "512").code, 1);
      assertEquals(fsck(readImage(path)).code, 0);
      const uuid = "01020304-0506-0708-090a-0b0c0d0e0f10";
      const again = mkfs(
        directory,
        ...["disk.img", "--force", "-q", "-t", "ext3", "-b", "1024", "--inode-size", "128"],
        ...["--inode-ratio", "8192", "-m", "0", "-L", "home", "-U", uuid, "--growth"],
      );
      assertEquals(again, { code: 0, stdout: "", stderr: "" });
      assertEquals(fsck(readImage(path)).code, 0);
      const said = requireTool("dumpe2fs", "-h", path);
      for (
        const line of [
          /volume name: +home/,
          new RegExp(`UUID: +${uuid}`),
          /features: +has_journal ext_attr resize_inode dir_index filetype sparse_super large_file\n/,
          /Inode count: +8192\n/,
          /Reserved block count: +0\n/,
          /Block size: +1024\n/,
          /Inode size:\s+128\n/,
        ]
      ) assertMatch(said, line);
      Deno.truncateSync(path, 0);
      Deno.truncateSync(path, 2 ** 20);
      const tail = Deno.openSync(path, { write: true });
      tail.seekSync(-5, Deno.SeekMode.End);
      tail.writeSync(new Uint8Array(5).fill(1));
      tail.close();
      assertEquals(mkfs(directory, "disk.img", "-t", "ext2").code, 1);
      assertEquals(mkfs(directory, "disk.img", "-f", "--no-journal", "--size", "9M").code, 0);
      assertEquals(Deno.statSync(path).size, 9 * 2 ** 20);
      assert(!requireTool("dumpe2fs", "-h", path).includes("has_journal"));
    }),
});

Deno.test("hako mkfs refuses what cannot be, and leaves no image behind", () =>
  withDirectory((directory) => {
    const refuse = (code: number, word: string, ...args: string[]) => {
      const { stderr, ...ran } = mkfs(directory, "disk.img", ...args);
      assertEquals(ran, { code, stdout: "" }, stderr);
      assertStringIncludes(stderr, word);
      assertEquals([...Deno.readDirSync(directory)].length, 0, args.join(" "));
    };
    refuse(1, "--size");
    refuse(1, "too few", "--size", "64K");
    refuse(1, "blocks of 3000", "--size", "64M", "-b", "3000");
    refuse(2, "--type ext5", "--size", "64M", "-t", "ext5");
    refuse(2, "--uuid x", "--size", "64M", "-U", "x");
    refuse(2, "--size much", "--size", "much");
    refuse(1, "label", "--size", "64M", "-L", "x".repeat(17));
  }));
