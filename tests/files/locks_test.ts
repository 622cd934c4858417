import { assertEquals } from "@std/assert";
import { FileSystem, LOCK, OPEN, WATCH_EVENT } from "@hako/fs-server";
import type { Client } from "@hako/ipc";
import { boot, defineSystem, type DomainManifest, type System } from "@hako/kernel";
import { filesOnImage } from "@hako/tools";

const MiB = 1024 * 1024;

interface Booted extends AsyncDisposable {
  readonly system: System;
  /** Settles when the app's life of that number has said so. */
  lives(life: number): Promise<void>;
}

async function bootFiles(apps: Record<string, DomainManifest> = {}): Promise<Booted> {
  const directory = Deno.makeTempDirSync();
  const image = { path: `${directory}/disk.img`, createBytes: 32 * MiB };
  const domains = { ...filesOnImage(image), ...apps };
  const lives = [1, 2, 3].map(() => Promise.withResolvers<void>());
  const system = await boot(defineSystem({ base: import.meta.url, domains }), {
    onEvent: (event) => {
      if (event.type === "report" && event.domain === "locker") {
        lives[Number(event.value) - 1]?.resolve();
      }
    },
  });
  return {
    system,
    lives: (life) => lives[life - 1]!.promise,
    [Symbol.asyncDispose]: async () => {
      await system.halt();
      Deno.removeSync(directory, { recursive: true });
    },
  };
}

/** A bare client, and a way to open files by it. */
class Caller {
  readonly client: Client<FileSystem>;
  readonly window: Uint8Array;

  constructor(client: Client<FileSystem>, window: Uint8Array) {
    this.client = client;
    this.window = window;
  }

  static async of({ system }: Booted): Promise<Caller> {
    return new Caller(await system.connect(FileSystem, "files"), await system.window(64 * 1024));
  }

  path(text: string): Uint8Array {
    const path = this.window.subarray(0, text.length);
    path.set(new TextEncoder().encode(text));
    return path;
  }

  open(text: string): number {
    const how = { flags: OPEN.readWrite | OPEN.create, mode: 0o644, as: 0, leaseSlot: 0, umask: 0 };
    return this.client.callSync("open", { at: 0, path: this.path(text), ...how }).handle;
  }

  flock(handle: number, kind: number): Promise<number> {
    return this.client.call("flock", { handle, kind, wait: true });
  }
}

Deno.test("locks and files without a name end with the life of the program that had them", async () => {
  await using booted = await bootFiles({
    locker: {
      kind: "app",
      module: "./domains/locker.ts",
      uses: ["files"],
      windows: { bytes: 1 * MiB },
      restart: { limit: 5, windowMs: 1000 },
    },
  });
  await booted.lives(1);
  const caller = await Caller.of(booted);
  const handle = caller.open("/locked");
  const { inodesFree } = caller.client.callSync("statfs", {});
  const waiting = caller.flock(handle, LOCK.exclusive);
  booted.system.terminate("locker");
  assertEquals(await waiting, 0);
  // The inode of the removed file is free again: its last handle went with the program.
  assertEquals(caller.client.callSync("statfs", {}).inodesFree, inodesFree + 1);
});

Deno.test("who waits for a lock while the server dies is given it by the successor", async () => {
  await using booted = await bootFiles();
  const [one, other] = [await Caller.of(booted), await Caller.of(booted)];
  const held = one.open("/f");
  const wanted = other.open("/f");
  assertEquals(await one.flock(held, LOCK.exclusive), 0);
  const waiting = other.flock(wanted, LOCK.exclusive);
  const range = { handle: held, owner: 1, kind: LOCK.exclusive, offset: 10, byteLength: 10 };
  assertEquals(one.client.callSync("lock", { ...range, wait: false }), 0);
  booted.system.terminate("fs");
  // The successor still knows both locks, and the request that waits.
  const asked = { handle: wanted, owner: 1, kind: LOCK.shared, offset: 0, byteLength: 0 };
  const { kind, offset } = other.client.callSync("testLock", asked);
  assertEquals([kind, offset], [LOCK.exclusive, 10]);
  one.client.callSync("close", { handle: held });
  assertEquals(await waiting, 0);
  assertEquals(other.client.callSync("testLock", asked).kind, LOCK.none);
});

Deno.test("a watcher is told of what other programs do, and of an overflow after a death", async () => {
  await using booted = await bootFiles();
  const [one, other] = [await Caller.of(booted), await Caller.of(booted)];
  one.client.callSync("mkdir", { at: 0, path: one.path("/d"), mode: 0o755, as: 0, umask: 0 });
  const how = { flags: OPEN.directory, mode: 0, as: 0, leaseSlot: 0, umask: 0 };
  const { handle } = one.client.callSync("open", { at: 0, path: one.path("/d"), ...how });
  const target = one.window.subarray(4096, 8192);
  const view = new DataView(target.buffer, target.byteOffset);
  const told = one.client.call("watch", { handle, after: 0, target });
  one.client.callSync("statfs", {}); // Behind the watch, which is under way then.
  other.open("/d/new");
  assertEquals(await told > 0, true);
  assertEquals(view.getUint32(8, true), WATCH_EVENT.rename);
  const after = view.getFloat64(0, true);
  const next = one.client.call("watch", { handle, after, target });
  booted.system.terminate("fs");
  assertEquals(await next > 0, true);
  assertEquals(view.getUint32(8, true), WATCH_EVENT.overflow);
});
