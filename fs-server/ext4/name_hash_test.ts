import { assertEquals, assertThrows } from "@std/assert";
import { OsError } from "@hako/ipc";
import { HASH_END, NameHash } from "./name_hash.ts";

const NO_SEED = new Uint32Array(4);
const UUID = "01020304-0506-0708-090a-0b0c0d0e0f10";
const SEED = new Uint32Array(Uint8Array.from({ length: 16 }, (_, index) => index + 1).buffer);
const NAMES = [
  "a",
  "hello",
  "name-of-16-bytes",
  "name of 17 bytes.",
  "exactly thirty-two bytes of name",
  "h\u00e9llo w\u00f6rld \u65e5\u672c\u8a9e",
  "x".repeat(255),
];

function hashesOf(name: string, version: number, seed: Uint32Array): number[] {
  const hash = new NameHash(version % 3, seed, version < 3 ? "signed" : "unsigned");
  const bytes = new TextEncoder().encode(name);
  const shifted = new Uint8Array(bytes.byteLength + 9);
  shifted.set(bytes, 3);
  return [hash.of(shifted, 3, bytes.byteLength), hash.minor];
}

/** What debugfs says of each name. */
function judged(version: number, seed: string | undefined): number[][] {
  const path = Deno.makeTempFileSync();
  try {
    const option = seed === undefined ? "" : `-s ${seed}`;
    const lines = NAMES.map((name) => `dx_hash -h ${version} ${option} "${name}"`);
    Deno.writeTextFileSync(path, lines.join("\n") + "\n");
    const { stdout } = new Deno.Command("debugfs", { args: ["-f", path] }).outputSync();
    const found = new TextDecoder().decode(stdout).matchAll(/is (0x[0-9a-f]+) \(minor (0x\w+)\)/g);
    return [...found].map(([, major, minor]) => [Number(major), Number(minor)]);
  } finally {
    Deno.removeSync(path);
  }
}

for (const [version, label] of ["legacy", "half MD4", "TEA"].entries()) {
  for (const seed of [undefined, UUID]) {
    Deno.test({
      name: `NameHash.of() hashes as debugfs does: ${label}, ${seed ? "a" : "no"} seed`,
      ignore: !hasDebugfs(),
      fn() {
        for (const shifted of [version, version + 3]) {
          const theirs = judged(shifted, seed);
          assertEquals(theirs.length, NAMES.length);
          const ours = NAMES.map((name) => hashesOf(name, shifted, seed ? SEED : NO_SEED));
          // The legacy hash has no finer half there.
          if (version === 0) { for (const hashes of ours) hashes[1] = 0; }
          assertEquals(ours, theirs);
        }
      },
    });
  }
}

Deno.test("NameHash.of() answers even numbers below the end", () => {
  for (const version of [0, 1, 2]) {
    for (let index = 0; index < 10_000; index++) {
      const [major = 1, minor = -1] = hashesOf(`f${index}`, version, SEED);
      assertEquals(major % 2, 0);
      assertEquals(major >= 0 && major < HASH_END, true);
      assertEquals(minor >= 0 && minor < 2 ** 32, true);
    }
  }
});

Deno.test("NameHash refuses a version that it does not know", () => {
  assertThrows(() => new NameHash(6, NO_SEED, "signed"), OsError, "EUCLEAN");
});

function hasDebugfs(): boolean {
  try {
    return Deno.statSync("/usr/sbin/debugfs").isFile;
  } catch {
    return false;
  }
}
