import { assertEquals } from "@std/assert";
import { FileSystem, LOCK, OPEN } from "@hako/fs-server";
import { OsError } from "@hako/ipc";
import { boot, defineSystem, type DomainManifest } from "@hako/kernel";
import { filesOnImage } from "@hako/tools";

const MiB = 1024 * 1024;

const keeper: DomainManifest = {
  kind: "app",
  module: "./domains/keeper.ts",
  uses: ["files"],
  windows: { bytes: 4096 },
  keeps: { handle: 4096 },
  restart: { limit: 5, windowMs: 60_000 },
};

Deno.test("what a client keeps open outlives it, its server, and both at once", async () => {
  const directory = Deno.makeTempDirSync();
  const image = { path: `${directory}/disk.img`, createBytes: 32 * MiB };
  const reports: ((text: string) => void)[] = [];
  const manifest = defineSystem({
    base: import.meta.url,
    domains: { ...filesOnImage(image), keeper },
  });
  const next = () => new Promise<string>((resolve) => reports.push(resolve));
  let said = next();
  const system = await boot(manifest, {
    onEvent: (event) => {
      if (event.type === "report" && event.domain === "keeper") reports.shift()!(`${event.value}`);
    },
  });
  assertEquals(await said, "1");
  const files = await system.connect(FileSystem, "files");
  const path = await system.window(4096);
  path.set(new TextEncoder().encode("/kept"));
  const own = path.subarray(0, 5);
  const how = { at: 0, path: own, as: 0 };
  const { handle } = files.callSync("open", {
    ...{ ...how, flags: OPEN.readWrite, mode: 0, leaseSlot: 0, umask: 0 },
  });
  const lock = () => {
    try {
      return files.callSync("flock", { handle, kind: LOCK.exclusive, wait: false });
    } catch (error) {
      return error instanceof OsError ? error.code : error;
    }
  };
  files.callSync("unlink", how);
  for (const [dying, heard] of [[["keeper"], "1 2"], [["fs", "keeper"], "1 2 3"]] as const) {
    said = next();
    for (const name of dying) system.terminate(name);
    assertEquals(await said, heard);
    assertEquals(lock(), "EAGAIN");
  }
  said = next();
  for (const name of ["keeper", "fs"]) system.terminate(name);
  assertEquals(await said, "1 2 3 4");
  assertEquals(lock(), 0, "its last life has closed it");
  await system.halt();
  Deno.removeSync(directory, { recursive: true });
});
