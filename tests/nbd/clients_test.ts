import { assert, assertEquals } from "@std/assert";
import {
  clientTest,
  KILL_EVERY_MS,
  run,
  ServedImage,
  type ServeOptions,
  succeed,
  type Transport,
} from "./served_image.ts";

const MiB = 1024 * 1024;
const VOLUME = { createBytes: 32 * MiB };

/** The same client once in peace, and again and again while servers die. */
function client(
  tool: string,
  does: string,
  transports: readonly Transport[],
  use: (image: ServedImage, directory: string, round: number) => Promise<void>,
): void {
  const serving = (options: ServeOptions, body: (image: ServedImage) => Promise<void>) => {
    return async (directory: string) => {
      await using image = await ServedImage.start(directory, { ...VOLUME, ...options });
      await body(image);
    };
  };
  for (const transport of transports) {
    clientTest(`${tool} ${does}, over ${transport}`, [tool], async (directory) => {
      await serving({ transport }, (image) => use(image, directory, 0))(directory);
    });
  }
  clientTest(`${tool} ${does}, while servers die`, [tool], async (directory) => {
    await serving({ killEveryMs: KILL_EVERY_MS }, (image) => {
      return image.whileKilled((round) => use(image, directory, round));
    })(directory);
  });
}

/** A file of bytes that no compression likes, with a hole in the middle. */
function sourceFile(directory: string, round: number): string {
  const path = `${directory}/source-${round}.img`;
  const bytes = new Uint8Array(VOLUME.createBytes);
  for (let at = 0; at < bytes.byteLength; at += 65_536) {
    if (at >= 8 * MiB && at < 16 * MiB) continue;
    crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  }
  Deno.writeFileSync(path, bytes);
  return path;
}

function assertSame(one: string, other: string): void {
  assert(
    Deno.readFileSync(one).every((() => {
      const bytes = Deno.readFileSync(other);
      return (byte: number, at: number) => byte === bytes[at];
    })()),
    `${other} is not ${one}`,
  );
}

client("nbdinfo", "finds all that is offered", ["unix", "tcp"], async ({ uri }) => {
  const info = JSON.parse(await succeed("nbdinfo", "--json", uri));
  const [offered] = info.exports;
  assertEquals(info.protocol, "newstyle-fixed");
  assertEquals(offered["export-name"], "hako");
  assertEquals(offered["export-size"], VOLUME.createBytes);
  assertEquals(offered.contexts, ["base:allocation"]);
  assertEquals(offered["is_read_only"], false);
  assertEquals(offered["block_minimum"] ?? offered["block_size_minimum"], 512);
  const listed = JSON.parse(await succeed("nbdinfo", "--json", "--list", uri));
  assertEquals(listed.exports.length, 1);
  const abilities = [
    "fua",
    "flush",
    "trim",
    "zero",
    "multi-conn",
    "cache",
    "df",
    "structured-reply",
  ];
  for (const ability of abilities) await succeed("nbdinfo", `--can=${ability}`, uri);
  const map: { length: number }[] = JSON.parse(await succeed("nbdinfo", "--map", "--json", uri));
  assertEquals(map.reduce((sum, { length }) => sum + length, 0), VOLUME.createBytes);
});

client(
  "nbdcopy",
  "copies there and back over four connections",
  [],
  async (image, directory, round) => {
    const source = sourceFile(directory, round);
    const back = `${directory}/back.img`;
    await succeed("nbdcopy", "--connections=4", "--requests=32", "--flush", source, image.uri);
    await succeed("nbdcopy", "--connections=4", image.uri, back);
    assertSame(source, back);
  },
);

client("qemu-img", "converts, compares and maps", ["unix"], async ({ uri }, directory, round) => {
  const source = sourceFile(directory, round);
  await succeed("qemu-img", "convert", "-n", "-f", "raw", "-O", "raw", source, uri);
  await succeed("qemu-img", "compare", "-f", "raw", "-F", "raw", source, uri);
  const map: { length: number; zero: boolean }[] = JSON.parse(
    await succeed("qemu-img", "map", "-f", "raw", "--output=json", uri),
  );
  assertEquals(map.reduce((sum, { length }) => sum + length, 0), VOLUME.createBytes);
});

client("qemu-io", "finds every pattern that it wrote", ["unix"], async ({ uri }) => {
  const commands = [
    "write -P 0xab 0 64k",
    "read -P 0xab 0 64k",
    "write -f -P 0x11 1M 4k",
    "read -P 0x11 1M 4k",
    "write -P 0x77 2M 3M",
    "write -z 2M 1M",
    "read -P 0 2M 1M",
    "write -z -u 3M 1M",
    "read -P 0 3M 1M",
    "read -P 0x77 4M 1M",
    "discard 4M 1M",
    "aio_write -P 0x22 8M 1M",
    "aio_flush",
    "flush",
    "read -P 0x22 8M 1M",
    "write -P 5 123 777",
    "read -P 5 123 777",
    "read -P 0xab 900 1k",
  ];
  await succeed("qemu-io", "-f", "raw", ...commands.flatMap((command) => ["-c", command]), uri);
  const wrong = await run("qemu-io", ["-f", "raw", "-c", "read -P 0x33 8M 1M", uri]);
  assertEquals(wrong.code, 1, "qemu-io tells a pattern that is not there");
});

client("fio", "verifies what it wrote at any size, with flushes", ["tcp"], async ({ uri }) => {
  await fio(uri, [
    "--rw=randwrite",
    "--bsrange=512-128k",
    "--blockalign=512",
    "--size=24M",
    "--iodepth=32",
    "--verify=crc32c",
    "--verify_backlog=256",
    "--fsync=64",
  ]);
});

client("fio", "verifies four jobs at once", ["unix"], async ({ uri }) => {
  await fio(uri, [
    "--rw=randrw",
    "--bs=4k",
    "--size=4M",
    "--offset_increment=4M",
    "--numjobs=4",
    "--iodepth=8",
    "--verify=crc32c",
    "--group_reporting",
  ]);
});

async function fio(uri: string, args: readonly string[]): Promise<void> {
  await succeed(
    "fio",
    "--name=v",
    "--ioengine=nbd",
    `--uri=${uri}`,
    "--verify_fatal=1",
    "--verify_state_save=0",
    ...args,
  );
}
