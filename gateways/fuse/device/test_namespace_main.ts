/**
 * One scenario of mounting, in a mount namespace of its own:
 * `test_namespace_main.ts SCENARIO LIBC DIRECTORY`. Ends with 0 if all is as it should be.
 *
 * @module
 */

import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { OsError } from "@hako/ipc";
import { abort, connectionOf, mountThrough, openLibc, unmount } from "./mod.ts";
import { HELLO, STUCK } from "./test_two_files.ts";
import { TestServing } from "./test_serving.ts";

const [scenario = "", path = "", directory = ""] = Deno.args;
const libc = openLibc(path);

const SCENARIOS: Readonly<Record<string, () => Promise<void>>> = {
  async reads() {
    await using serving = new TestServing(path, directory);
    const { connection, pid } = await serving.mounted();
    assertEquals(await Deno.readTextFile(`${directory}/hello`), HELLO);
    const names = (await Array.fromAsync(Deno.readDir(directory))).map(({ name }) => name);
    assertEquals(names.sort(), ["hello", "stuck"]);
    const { size, ino, mtime, birthtime } = await Deno.stat(`${directory}/hello`);
    assertEquals([size, ino, mtime?.getTime()], [HELLO.length, 11, -3_600_000 + 250]);
    if (birthtime !== null) assertEquals(birthtime.getTime(), 1e12); // From Linux 6.6 on.
    assert(connection > 0);
    assertEquals(connectionOf(libc, directory), connection);
    assertEquals(connectionOf(libc, "/proc"), 0);
    assertEquals(connectionOf(libc, `${directory}/hello`), 0, "the mount is above it");

    unmount(libc, { directory });

    assertEquals(await serving.until("ended"), -19);
    assertEquals(connectionOf(libc, directory), 0);
    await until(() => libc.call.kill(pid, 0) < 0);
  },

  async killed() {
    await using serving = new TestServing(path, directory);
    await serving.mounted();
    assertEquals(await Deno.readTextFile(`${directory}/hello`), HELLO);

    serving.kill();

    await until(() => connectionOf(libc, directory) === 0);
    assertEquals(await Array.fromAsync(Deno.readDir(directory)), []);
  },

  async takenOver() {
    await using serving = new TestServing(path, directory);
    const { fd } = await serving.mounted();
    const reader = cat("stuck");
    if (!await serving.until("canResend")) return console.log("skipped: Linux gives nothing again");
    await serving.until("held");

    serving.takeOver();

    const tookOver = await serving.until("tookOver");
    assertEquals([tookOver.former, tookOver.resent], [fd, 1]);
    assert(tookOver.fd !== fd);
    assertEquals(await serving.until("ended"), 0, "a zombie reads the end of /dev/null");
    assertEquals(await reader, { code: 0, text: STUCK });
    assertEquals(await Deno.readTextFile(`${directory}/hello`), HELLO);
    unmount(libc, { directory });
    assertEquals(await serving.until("ended"), -19);
  },

  async busy() {
    await using serving = new TestServing(path, directory);
    const { connection } = await serving.mounted();
    const reader = cat("stuck");
    await serving.until("held");

    assertError("EBUSY", "lazily", () => unmount(libc, { directory }));
    unmount(libc, { directory, lazy: true });
    assertEquals(connectionOf(libc, directory), 0);
    assertEquals(abort(libc, connection), true);

    assertEquals((await reader).code, 1);
    assertEquals(await serving.until("ended"), -103);
    await until(() => !abort(libc, connection));
  },

  async dead() {
    await using serving = new TestServing(path, directory);
    const { pid } = await serving.mounted();
    libc.call.kill(pid, 9); // Nobody is left to unmount.
    serving.kill();
    await serving.exited();

    assertError("EBUSY", "fusermount3 -uz", () => mountThrough(libc, { directory }));
    unmount(libc, { directory, lazy: true });
    assertEquals(connectionOf(libc, directory), 0);
  },

  async errors() {
    const missing = `${directory}/missing`;
    assertError("ENOENT", missing, () => mountThrough(libc, { directory: missing }));
    const file = `${directory}/file`;
    await Deno.writeTextFile(file, "#!/bin/sh\nexec sleep 20\n", { mode: 0o755 });
    assertError("ENOTDIR", file, () => mountThrough(libc, { directory: file }));
    assertError("EINVAL", "NUL", () => mountThrough(libc, { directory: "/tmp\0/x" }));
    const absent = { directory, fusermount: missing };
    assertError("ENOENT", "apt install fuse3", () => mountThrough(libc, absent));
    const slow = { directory, fusermount: file, timeoutMs: 50 };
    assertError("ETIMEDOUT", "50 ms", () => mountThrough(libc, slow));
    assertError("EINVAL", directory, () => unmount(libc, { directory }));
    assertEquals(abort(libc, 4_000_000), false);
    assertError("EACCES", "permission", () => openLibc("/lib/another.so"));
  },
};

/** Reads a file there with a program, which is stuck as long as nobody answers. */
async function cat(name: string): Promise<{ code: number; text: string }> {
  const args = ["-k", "1", "15", "cat", `${directory}/${name}`];
  const command = new Deno.Command("timeout", { args, stderr: "null" });
  const { code, stdout } = await command.output();
  return { code, text: new TextDecoder().decode(stdout) };
}

function assertError(code: string, words: string, act: () => unknown): void {
  const error = assertThrows(act, OsError);
  assertEquals(error.code, code, error.message);
  assertStringIncludes(error.message, words);
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
}

await SCENARIOS[scenario]!();
