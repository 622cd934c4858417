import { assertEquals } from "@std/assert";
import { clientTest, KILL_EVERY_MS, run, ServedImage } from "./served_image.ts";

const MiB = 1024 * 1024;
const VOLUME = { createBytes: 48 * MiB };
const TOOLS = ["nbdfuse", "mke2fs", "e2fsck", ...(canMount() ? [] : ["right to mount"])];
const SCRIPT = new URL("./mount.sh", import.meta.url).pathname;

/** What is copied: some folders of source, `core` among them. */
const TREE = new URL("../../ipc", import.meta.url).pathname;

/** Seconds after which nothing of it may live. */
const TIME_MAX = "40";

/** ext4 of the host's kernel, on a loop device, on FUSE, on NBD, on Hako. */
async function mountAndCompare({ uri }: ServedImage, directory: string): Promise<void> {
  const args = ["-m", "--propagation", "private", "sh", SCRIPT, uri, `${directory}/mount`, TREE];
  const ended = await run("timeout", ["-s", "KILL", TIME_MAX, "unshare", ...args]);
  assertEquals(ended.code, 0, `${ended.stdout}\n${ended.stderr}`);
}

clientTest("a kernel's ext4 lives on a volume", TOOLS, async (directory) => {
  await using image = await ServedImage.start(directory, VOLUME);
  await mountAndCompare(image, directory);
});

clientTest("a kernel's ext4 lives on a volume while servers die", TOOLS, async (directory) => {
  const options = { ...VOLUME, killEveryMs: KILL_EVERY_MS };
  await using image = await ServedImage.start(directory, options);
  await image.whileKilled(() => mountAndCompare(image, directory));
});

/** Whether this process may make a mount namespace. */
function canMount(): boolean {
  try {
    return new Deno.Command("unshare", { args: ["-m", "true"] }).outputSync().success;
  } catch {
    return false;
  }
}
