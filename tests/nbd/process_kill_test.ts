import { assert, assertEquals } from "@std/assert";
import { clientTest, run, ServedImage, succeed } from "./served_image.ts";

const KiB = 1024;
const VOLUME = { createBytes: 16 * KiB * KiB };

/** At which write to the image the process is killed. */
const KILLED_AT = [1, 2, 5, 9, 14, 22, 31] as const;

/** A write, and then a flush; some are their own flush. */
interface Write {
  readonly pattern: number;
  readonly offset: number;
  readonly byteLength: number;
  readonly isFua: boolean;
}

/** Writes of all kinds, no two of which overlap. */
const WRITES: readonly Write[] = Array.from({ length: 24 }, (_, index) => ({
  pattern: index + 1,
  offset: index * 256 * KiB + [0, 512, 4 * KiB][index % 3]!,
  byteLength: [4 * KiB, 512, 128 * KiB, 3 * KiB][index % 4]!,
  isFua: index % 5 === 4,
}));

for (const when of KILLED_AT) {
  const name = `what was flushed is there after the process was killed at write ${when}`;
  clientTest(name, ["strace", "qemu-io"], async (directory) => {
    const image = `${directory}/disk.img`;
    Deno.writeFileSync(image, await (blank ??= makeBlank()));
    const below = ["strace", "-f", "-o", "/dev/null", "-P", image, "-e", "trace=write,pwrite64"];
    const killing = ["-e", `inject=write,pwrite64:signal=KILL:when=${when}`];
    const flushed = await writeUntilKilled(directory, [...below, ...killing]);
    assert(flushed.length < WRITES.length);
    await using restarted = await ServedImage.start(directory);
    const reads = flushed.map(({ pattern, offset, byteLength }) =>
      `read -P ${pattern} ${offset} ${byteLength}`
    );
    const reading = await qemuIo(restarted.uri, reads);
    assertEquals(reading.code, 0, `${reading.stdout}\n${reading.stderr}`);
    await succeed("qemu-io", "-f", "raw", "-c", "write -P 9 0 64k", "-c", "flush", restarted.uri);
  });
}

/** The image of a volume that nobody has written to. It is made once, and each test has a copy. */
let blank: Promise<Uint8Array> | undefined;

async function makeBlank(): Promise<Uint8Array> {
  const directory = Deno.makeTempDirSync();
  try {
    const made = await ServedImage.start(directory, VOLUME);
    await made[Symbol.asyncDispose]();
    return Deno.readFileSync(`${directory}/disk.img`);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

/** Which writes a client has heard to be on stable storage before the process was killed. */
async function writeUntilKilled(
  directory: string,
  below: readonly string[],
): Promise<readonly Write[]> {
  const doomed = await ServedImage.start(directory, { below }).catch(() => undefined);
  if (doomed === undefined) return []; // Killed while it recovered.
  const { code, stdout } = await qemuIo(doomed.uri, WRITES.flatMap(writeAndFlush));
  await doomed.ended;
  await doomed[Symbol.asyncDispose]();
  assert(code !== 0, "the process was killed before all was written");
  // A write's line is told after the flush of the one before has been answered.
  const told = stdout.split("\n").filter((line) => line.startsWith("wrote")).length;
  return WRITES.slice(0, WRITES[told - 1]?.isFua ? told : Math.max(0, told - 1));
}

function writeAndFlush({ pattern, offset, byteLength, isFua }: Write): string[] {
  const flag = isFua ? "-f " : "";
  return [`write ${flag}-P ${pattern} ${offset} ${byteLength}`, ...(isFua ? [] : ["flush"])];
}

function qemuIo(uri: string, commands: readonly string[]) {
  const args = commands.flatMap((command) => ["-c", command]);
  return run("qemu-io", ["-f", "raw", ...args, uri]);
}
