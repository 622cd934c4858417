import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { commandTest, hako, startHako } from "../command_rig.ts";
import { findTool } from "../host_tool.ts";
import { succeed } from "./served_image.ts";

const hasQemuIo = findTool("qemu-io") !== undefined;

/** `hako serve` until it has said where it listens. */
async function serve(directory: string, ...args: string[]) {
  const serving = startHako(directory, "serve", "nbd", ...args);
  await serving.said("listening on ");
  return serving;
}

commandTest("hako serve explains itself", async (directory) => {
  const { code, stdout } = await hako(directory, "serve", "--help");
  assertEquals(code, 0);
  for (const word of ["nbd IMAGE", "--listen WHERE", "--create SIZE", "unix:/tmp/hako.sock"]) {
    assertStringIncludes(stdout, word);
  }
});

for (
  const [args, complaint] of [
    [["serve"], "nbd IMAGE is missing"],
    [["serve", "nfs", "disk.img"], "no such protocol"],
    [["serve", "nbd", "disk.img"], "there is no such file; --create SIZE makes one"],
    [["serve", "nbd", "disk.img", "--create", "much"], "SIZE is a number and K, M or G"],
    [["serve", "nbd", "disk.img", "--listen", "here"], "neither HOST:PORT nor unix:PATH"],
    [
      ["serve", "nbd", "disk.img", "--listen", "127.0.0.1:99999"],
      "neither HOST:PORT nor unix:PATH",
    ],
    [["serve", "nbd", "disk.img", "--export", "a/b"], "starts with a letter"],
  ] as const
) {
  commandTest(`hako ${args.join(" ")} is refused in one line`, async (directory) => {
    const { code, stderr } = await hako(directory, ...args);
    assertEquals(code, 2);
    assertStringIncludes(stderr, complaint);
    assertEquals(stderr.trim().split("\n").length, 1);
  });
}

commandTest("hako serve makes an image, ends in order, and serves it again", async (directory) => {
  const listen = ["--listen", "unix:nbd.sock"];
  const first = await serve(directory, "disk.img", "--create", "16M", ...listen);
  const uri = `nbd+unix:///hako?socket=${directory}/nbd.sock`;
  if (hasQemuIo) await succeed("qemu-io", "-f", "raw", "-c", "write -P 7 1M 64k", uri);

  const twice = await hako(directory, "serve", "nbd", "disk.img", "--listen", "unix:other.sock");
  assertEquals(twice.code, 1);
  assertStringIncludes(twice.stderr, "EBUSY");
  const taken = await hako(directory, "serve", "nbd", "new.img", "--create", "16M", ...listen);
  assertEquals(taken.code, 1);
  assertStringIncludes(taken.stderr, `listen on unix:${directory}/nbd.sock: another program does`);

  first.kill("SIGINT");
  const { code, stdout } = await first.ended;
  assertEquals(code, 0);
  assertStringIncludes(stdout, `listening on unix:${directory}/nbd.sock: ${uri}`);
  const files = [...Deno.readDirSync(directory)].map(({ name }) => name);
  assert(!files.includes("nbd.sock"), "the socket is removed");

  const again = await serve(directory, "disk.img", "--create", "32M", "--read-only", ...listen);
  if (hasQemuIo) await succeed("qemu-io", "-r", "-f", "raw", "-c", "read -P 7 1M 64k", uri);
  again.kill("SIGTERM");
  assertEquals((await again.ended).code, 0);
});

commandTest("hako serve refuses a port that is in use", async (directory) => {
  const listen = (port: string) => ["--listen", `127.0.0.1:${port}`];
  const first = await serve(
    directory,
    "one.img",
    "--create",
    "16M",
    ...listen("0"),
    "--export",
    "a",
  );
  first.kill("SIGINT");
  const { stdout } = await first.ended;
  const port = /127\.0\.0\.1:(\d+): nbd:\/\/127\.0\.0\.1:\1\/a\n/.exec(stdout)?.[1];
  assert(port !== undefined, stdout);
  const again = await serve(directory, "one.img", ...listen(port));
  const other = await hako(
    directory,
    "serve",
    "nbd",
    "two.img",
    "--create",
    "16M",
    ...listen(port),
  );
  assertEquals(other.code, 1);
  assertStringIncludes(other.stderr, `listen on 127.0.0.1:${port}: another program does`);
  again.kill("SIGINT");
  assertEquals((await again.ended).code, 0);
});

commandTest("hako serve keeps tags for an image that was made with them", async (directory) => {
  const args = ["disk.img", "--tags", "--listen", "unix:nbd.sock"];
  const uri = `nbd+unix:///hako?socket=${directory}/nbd.sock`;
  const first = await serve(directory, ...args, "--create", "16M");
  if (hasQemuIo) await succeed("qemu-io", "-f", "raw", "-c", "write -P 7 1M 64k", uri);
  first.kill("SIGINT");
  assertEquals((await first.ended).code, 0);
  const again = await serve(directory, ...args);
  if (hasQemuIo) await succeed("qemu-io", "-f", "raw", "-c", "read -P 7 1M 64k", uri);
  again.kill("SIGINT");
  assertEquals((await again.ended).code, 0);
});
