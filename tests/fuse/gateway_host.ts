/**
 * A program with a mount of its own that looks at one thing, and says `ok` or what is wrong. Started in
 * a mount namespace of its own: `gateway_host.ts CASE IMAGE DIRECTORY`.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { FileSystem, FileSystemClient } from "@hako/fs-server";
import { boot, defineSystem, type System } from "@hako/kernel";
import { mountedImage, type MountedImageOptions } from "@hako/tools";
import { changeAlone, changeByTurns } from "./exact_mount.ts";
import { LIBC } from "./mounted_system.ts";

const MiB = 1024 * 1024;

/** So long something may take that needs no time. */
const LIMIT_MS = 10_000;

interface Mounted {
  readonly system: System;
  readonly directory: string;
  readonly files: FileSystemClient;
  /** Resolves when somebody else has unmounted it. */
  readonly unmounted: Promise<void>;
}

interface Case {
  readonly options?: Partial<MountedImageOptions>;
  body(mounted: Mounted): Promise<void>;
}

/** Every call of a program reaches the gateway. */
const NOTHING_KEPT = { directIo: true, attrTimeoutMs: 0, entryTimeoutMs: 0 } as const;

/** What is looked at, by name. */
const CASES: Readonly<Record<string, Case>> = {
  "others' changes": {
    options: { cache: "shared", attrTimeoutMs: 3_600_000, entryTimeoutMs: 3_600_000 },
    body: seeOthers,
  },
  "one owner": { options: { uid: 1234, gid: 4321 }, body: ownAll },
  "a wait for a lock": { body: waitForLock },
  "a directory that is gone": { body: standInNothing },
  "nothing to be written": { options: { readOnly: true }, body: writeNothing },
  "somebody else's unmount": { body: loseIt },
  "a halt while files are open": { body: haltBusy },
  "every domain is upgraded": { body: upgradeAll },
  "what others change is seen at once": {
    options: { ...NOTHING_KEPT, cache: "shared" },
    body: changeByTurns,
  },
  "what we change is seen at once": { options: NOTHING_KEPT, body: changeAlone },
};

async function seeOthers({ system, directory, files }: Mounted): Promise<void> {
  const path = `${directory}/f`;
  await Deno.writeTextFile(path, "mine");
  await until(() => files.readTextFileSync("/f") === "mine");
  files.writeTextFileSync("/f", "theirs, longer");
  await until(async () => await Deno.readTextFile(path) === "theirs, longer");
  await until(async () => (await Deno.stat(path)).size === 14);
  assert(!await exists(`${directory}/n`));
  files.mkdirSync("/n");
  await until(() => exists(`${directory}/n`));
  files.removeSync("/n");
  await until(async () => !await exists(`${directory}/n`));
  system.terminate("mount");
  files.chmodSync("/f", 0o600);
  await until(async () => ((await Deno.stat(path)).mode! & 0o777) === 0o600);
}

async function ownAll({ directory, files }: Mounted): Promise<void> {
  await Deno.writeTextFile(`${directory}/f`, "x");
  const { uid, gid } = await Deno.stat(`${directory}/f`);
  assertEquals([uid, gid], [1234, 4321]);
  assertEquals((await Deno.stat(directory)).uid, 1234);
  const made = files.statSync("/f");
  assertEquals([made.uid, made.gid], [1234, 4321]);
  assertEquals(await shell(`chown 1234 ${directory}/f`), 0);
  assert(await shell(`chown 1 ${directory}/f 2>/dev/null`) !== 0);
}

async function waitForLock({ directory }: Mounted): Promise<void> {
  const lock = `${directory}/lock`;
  // Nobody gets it while it is held; a signal ends the wait; who waits gets it in the end.
  const held = `flock ${lock} sh -c 'touch ${directory}/held; sleep 1' & `;
  const isHeld = `until [ -e ${directory}/held ]; do :; done; `;
  const tried = `flock -n ${lock} true && exit 1; `;
  const interrupted = `timeout -s INT 0.1 flock ${lock} true && exit 2; `;
  assertEquals(await shell(`${held}${isHeld}${tried}${interrupted}flock ${lock} true`), 0);
}

async function standInNothing({ directory, system }: Mounted): Promise<void> {
  const made = `mkdir ${directory}/d && cd ${directory}/d && rmdir ../d && `;
  const looked = '[ $(stat -c %h .) = 0 ] && [ -z "$(ls -A)" ] && ! touch x 2>/dev/null';
  const child = shell(`${made}${looked} && sleep 0.3 && ${looked}`);
  system.terminate("mount");
  assertEquals(await child, 0);
}

async function writeNothing({ directory }: Mounted): Promise<void> {
  assert(await shell(`touch ${directory}/x 2>/dev/null`) !== 0);
  assertEquals(await shell(`ls -la ${directory} > /dev/null`), 0);
}

async function loseIt({ directory, unmounted }: Mounted): Promise<void> {
  await Deno.writeTextFile(`${directory}/f`, "x");
  assertEquals(await shell(`fusermount3 -u ${directory}`), 0);
  await unmounted;
}

async function haltBusy({ directory, system, files }: Mounted): Promise<void> {
  const wrote = `${directory}/wrote`;
  const busy = shell(
    `cd ${directory}; exec 5>f; echo busy >&5; echo x > ${wrote}; sleep 0.5; echo on >&5`,
  );
  await until(() => exists(wrote));
  const halted = system.halt();
  assertEquals(await busy, 0);
  await halted;
  assert(files !== undefined);
}

async function upgradeAll({ directory, system }: Mounted): Promise<void> {
  const [file, stop] = [`${directory}/f`, `${directory}/stop`];
  const steps = [
    `set -e; cd ${directory}; n=0; exec 5>>f; touch started`,
    `until [ -e ${stop} ]; do n=$((n+1)); echo $n >&5; echo $n >g; mv g h; [ $(cat h) = $n ]; done`,
    `[ $(wc -l <${file}) = $n ]; [ $(tail -n 1 ${file}) = $n ]`,
  ];
  const busy = shell(steps.join("\n"));
  await until(() => exists(`${directory}/started`));
  const domains = mountedImage({ path: "/x", directory: "/y", libc: LIBC });
  for (const [name, { module }] of Object.entries(domains)) {
    // The same program by another address: loaded anew, as a new one would be.
    await system.upgrade(name, `${module}?next`);
  }
  await Deno.writeTextFile(stop, "");
  assertEquals(await busy, 0);
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const limitMs = performance.now() + LIMIT_MS;
  while (!await isSo()) {
    assert(performance.now() < limitMs, `not in time: ${isSo}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

async function shell(command: string): Promise<number> {
  return (await new Deno.Command("sh", { args: ["-c", command], stdin: "null" }).output()).code;
}

async function main(name: string, path: string, directory: string): Promise<void> {
  const { options = {}, body } = CASES[name]!;
  const mounted = Promise.withResolvers<void>();
  const unmounted = Promise.withResolvers<void>();
  const image = { path, directory, libc: LIBC, createBytes: 32 * MiB };
  const domains = mountedImage({ ...image, ...options });
  const system = await boot(defineSystem({ base: import.meta.url, domains }), {
    onEvent(event) {
      if (event.type !== "report" || event.domain !== "mount") return;
      const { mounted: isMounted } = event.value as Readonly<Record<string, unknown>>;
      (isMounted === undefined ? unmounted : mounted).resolve();
    },
  });
  await mounted.promise;
  const endpoint = await system.connect(FileSystem, "files");
  const files = new FileSystemClient(endpoint, await system.window(4 * MiB));
  await body({ system, directory, files, unmounted: unmounted.promise });
  await system.halt();
  console.log("ok");
  Deno.exit(0);
}

if (import.meta.main) await main(Deno.args[0]!, Deno.args[1]!, Deno.args[2]!);

/** What can be looked at. */
export const CASE_NAMES: readonly string[] = Object.keys(CASES);
