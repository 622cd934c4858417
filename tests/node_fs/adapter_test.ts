import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type * as native from "node:fs";
import { Buffer } from "node:buffer";
import { promisify } from "node:util";
import { nodeFs, type NodeFsOptions } from "@hako/fs-server/node";
import { leasedRig } from "./leased_rig.ts";

type NodeLike = typeof native;

function adapter(options: NodeFsOptions = {}): NodeLike {
  return nodeFs<NodeLike>(leasedRig().client, options);
}

/** What was thrown, without the stack. */
function thrown(act: () => unknown): Record<string, unknown> {
  try {
    act();
  } catch (error) {
    const { name, code, message } = error as Record<string, unknown>;
    return { name, code, message };
  }
  throw new Error("nothing was thrown");
}

Deno.test("arguments that cannot be used are refused in Node's words", () => {
  const fs = adapter();
  const refused: readonly [act: () => unknown, name: string, code: string, message: string][] = [
    [
      () => fs.openSync(5 as never, "r"),
      "TypeError",
      "ERR_INVALID_ARG_TYPE",
      'The "path" argument must be of type string or an instance of Buffer or URL. Received type number (5)',
    ],
    [
      () => fs.openSync("/x\0", "r"),
      "TypeError",
      "ERR_INVALID_ARG_VALUE",
      "The argument 'path' must be a string, Uint8Array, or URL without null bytes. Received '/x\\x00'",
    ],
    [
      () => fs.openSync("/x", "zz"),
      "TypeError",
      "ERR_INVALID_ARG_VALUE",
      "The argument 'flags' is invalid. Received 'zz'",
    ],
    [
      () => fs.readSync(-1, new Uint8Array(1)),
      "RangeError",
      "ERR_OUT_OF_RANGE",
      'The value of "fd" is out of range. It must be >= 0 && <= 2147483647. Received -1',
    ],
    [
      () => fs.chmodSync("/x", "zz"),
      "TypeError",
      "ERR_INVALID_ARG_VALUE",
      "The argument 'mode' must be a 32-bit unsigned integer or an octal string. Received 'zz'",
    ],
    [
      () => fs.writeFileSync("/x", 5 as never),
      "TypeError",
      "ERR_INVALID_ARG_TYPE",
      'The "data" argument must be of type string or an instance of Buffer, TypedArray, or DataView. Received type number (5)',
    ],
    [
      () => (fs.stat as CallableFunction)("/x"),
      "TypeError",
      "ERR_INVALID_ARG_TYPE",
      "The \"cb\" argument must be of type function. Received type string ('/x')",
    ],
    [
      () => fs.readSync(99, new Uint8Array(1)),
      "Error",
      "EBADF",
      "EBADF: bad file descriptor, read",
    ],
    [
      () => fs.openSync(new URL("http://host/x"), "r"),
      "TypeError",
      "ERR_INVALID_URL_SCHEME",
      "The URL must be of scheme file",
    ],
  ];
  for (const [act, name, code, message] of refused) {
    assertEquals(thrown(act), { name, code, message });
  }
});

Deno.test("what callbacks and promises tell of has been done, and they tell of it later", async () => {
  const fs = adapter();
  const order: string[] = [];
  const told = Promise.withResolvers<void>();
  fs.writeFile("/f", "text", (error) => {
    assertEquals(error, null);
    order.push("callback");
    told.resolve();
  });
  order.push(fs.readFileSync("/f", "utf8"));
  const promise = fs.promises.unlink("/f").then(() => order.push("promise"));
  order.push(String(fs.existsSync("/f")));
  await Promise.all([told.promise, promise]);
  assertEquals(order, ["text", "false", "callback", "promise"]);
  assertThrows(() => fs.readFile(5.5, () => {}), RangeError);
  await assertRejects(() => fs.promises.readFile(5.5 as never), RangeError);
});

Deno.test("functions stand alone, and promisify finds what it looks for", async () => {
  const fs = adapter();
  const { writeFileSync, promises: { readFile } } = fs;
  writeFileSync("/f", "alone");
  assertEquals(await readFile("/f", "utf8"), "alone");
  assertEquals(await promisify(fs.exists)("/f"), true);
  assertEquals(await promisify(fs.readFile)("/f", "utf8"), "alone");
});

Deno.test("relative paths begin at cwd, and paths may be URLs and bytes", () => {
  const fs = adapter({ cwd: "/home/me" });
  fs.mkdirSync("/home/me", { recursive: true });
  fs.writeFileSync("f", "here");
  assertEquals(fs.readFileSync(new URL("file:///home/me/f"), "utf8"), "here");
  assertEquals(fs.readFileSync(Buffer.from("/home/me/f"), "utf8"), "here");
  const name = Buffer.from([0x2f, 0xff, 0xfe]);
  fs.writeFileSync(name, "no text");
  const names = fs.readdirSync("/", { encoding: "buffer" });
  assert(names.some((found) => Buffer.compare(found, name.subarray(1)) === 0), "bytes as they are");
  assertEquals(fs.readFileSync(name, "latin1"), "no text");
  fs.symlinkSync("f", "link");
  assertEquals(fs.realpathSync("link"), "/home/me/f");
  assertEquals(fs.realpathSync.native("./../me/link"), "/home/me/f");
});

Deno.test("new files get no permissions that the umask takes", () => {
  const mode = (fs: NodeLike, path: string) => fs.statSync(path).mode & 0o777;
  const strict = adapter({ umask: 0o077 });
  strict.writeFileSync("/f", "");
  strict.mkdirSync("/d");
  assertEquals([mode(strict, "/f"), mode(strict, "/d")], [0o600, 0o700]);
  const usual = adapter();
  usual.writeFileSync("/f", "");
  usual.mkdirSync("/d");
  assertEquals([mode(usual, "/f"), mode(usual, "/d")], [0o644, 0o755]);
});

Deno.test("bytes come in the class that was asked for", () => {
  const fs = adapter();
  fs.writeFileSync("/f", "text");
  assert(Buffer.isBuffer(fs.readFileSync("/f")), "a Buffer where there are some");
  const plain = adapter({ toBuffer: (bytes) => bytes });
  plain.writeFileSync("/f", "text");
  assertEquals(Object.getPrototypeOf(plain.readFileSync("/f")), Uint8Array.prototype);
});

Deno.test("times keep their nanoseconds in bigints", () => {
  const fs = adapter();
  fs.writeFileSync("/f", "");
  fs.utimesSync("/f", 1_234.567891, new Date(-1500));
  const big = fs.statSync("/f", { bigint: true });
  assertEquals(big.atimeNs, 1_234_567_891_000n);
  assertEquals(big.mtimeNs, -1_500_000_000n);
  assertEquals(big.mtimeMs, -1500n);
  const small = fs.statSync("/f");
  assertEquals([small.atimeMs, small.mtimeMs], [1_234_567.891, -1500]);
  assertEquals(+small.mtime, -1500);
  assert(small.isFile() && !small.isDirectory(), "a file");
  assert(small instanceof fs.Stats, "of the class");
});

Deno.test("numbers of files are the lowest that are free", () => {
  const fs = adapter();
  const fds = ["/a", "/b", "/c"].map((path) => fs.openSync(path, "w"));
  assertEquals(fds, [3, 4, 5]);
  fs.closeSync(4);
  assertEquals(fs.openSync("/d", "w"), 4);
  assertThrows(() => fs.closeSync(6), Error, "EBADF: bad file descriptor, close");
  assertEquals(fs.openSync("/e", "w"), 6);
});

Deno.test("an open file without a name can be read until it is closed", async () => {
  const fs = adapter();
  const handle = await fs.promises.open("/f", "w+");
  await handle.writeFile("still here\nsecond line\n");
  await fs.promises.unlink("/f");
  const { bytesRead, buffer } = await handle.read({ position: 0 });
  assertEquals(
    new TextDecoder().decode(buffer.subarray(0, bytesRead)),
    "still here\nsecond line\n",
  );
  assertEquals((await handle.stat()).nlink, 0);
  await handle.close();
  assertEquals(handle.fd, -1);
  await assertRejects(() => handle.stat(), RangeError);
});

Deno.test("lines and web streams read an open file", async () => {
  const fs = adapter();
  fs.writeFileSync("/f", "one\ntwo\r\nthree");
  const lines: string[] = [];
  await using handle = await fs.promises.open("/f");
  for await (const line of handle.readLines()) lines.push(line);
  assertEquals(lines, ["one", "two", "three"]);
  fs.writeFileSync("/large", new Uint8Array(100_000).fill(7));
  await using large = await fs.promises.open("/large");
  let sum = 0;
  for await (const chunk of large.readableWebStream()) {
    sum += (chunk as Uint8Array).reduce((all, byte) => all + byte, 0);
  }
  assertEquals(sum, 700_000);
});

Deno.test("a tree of a thousand levels is made, listed and removed", () => {
  const fs = adapter();
  const deep = "/top" + "/d".repeat(1000);
  assertEquals(fs.mkdirSync(deep, { recursive: true }), "/top");
  fs.writeFileSync(`${deep}/f`, "x");
  assertEquals(fs.readdirSync("/top", { recursive: true }).length, 1001);
  fs.rmSync("/top", { recursive: true });
  assertEquals(fs.existsSync("/top"), false);
  fs.rmSync("/top", { force: true });
});

Deno.test("the plain streams are piped, end, and tell of errors", async () => {
  const fs = adapter();
  const content = Uint8Array.from({ length: 300_000 }, (_, index) => index * 7);
  fs.writeFileSync("/source", content);
  const target = fs.createWriteStream("/target");
  fs.createReadStream("/source", { start: 10, highWaterMark: 1000 }).pipe(target);
  await new Promise<void>((resolve) => target.on("close", () => resolve()));
  assertEquals(new Uint8Array(fs.readFileSync("/target")), content.subarray(10));
  assertEquals(target.bytesWritten, 299_990);

  const missing = fs.createReadStream("/none");
  const error = await new Promise<Error>((resolve) => missing.on("error", resolve));
  assertEquals(error.message, "ENOENT: no such file or directory, open '/none'");
  const written = fs.createWriteStream("/none/f");
  const refused = await new Promise<unknown>((resolve) => written.on("error", resolve));
  assertEquals((refused as { code: string }).code, "ENOENT");

  const controller = new AbortController();
  const aborted = fs.createReadStream("/source", { signal: controller.signal });
  const ended = new Promise<Error>((resolve) => aborted.on("error", resolve));
  controller.abort();
  assertEquals((await ended).name, "AbortError");
  const text = fs.createReadStream("/target", { encoding: "base64", end: 99 });
  const pieces = await (text as unknown as { toArray(): Promise<string[]> }).toArray();
  assertEquals(pieces.join(""), Buffer.from(content.subarray(10, 110)).toString("base64"));
});

Deno.test("a file that grows in appends is read on behind them", () => {
  const fs = adapter();
  fs.writeFileSync("/f", "first ");
  const fd = fs.openSync("/f", "a+");
  fs.writeSync(fd, "second");
  const buffer = new Uint8Array(20);
  assertEquals(fs.readSync(fd, buffer), 0, "behind what was written");
  assertEquals(fs.readSync(fd, buffer, { position: 0 }), 12);
  fs.appendFileSync("/f", " third");
  assertEquals(fs.readSync(fd, buffer), 6);
  fs.closeSync(fd);
});

Deno.test("statfs tells how full the file system is", () => {
  const fs = adapter();
  const { bsize, blocks, bfree, type } = fs.statfsSync("/");
  assertEquals([bsize, type], [4096, 0xef53]);
  assert(bfree > 0 && bfree < blocks, `${bfree} of ${blocks}`);
  assertEquals(fs.statfsSync("/", { bigint: true }).bsize, 4096n);
  assertThrows(() => fs.statfsSync("/none"), Error, "ENOENT");
});
