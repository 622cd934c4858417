import { assert, assertEquals } from "@std/assert";
import { FileSystem, FileSystemClient } from "@hako/fs-server";
import { boot, defineSystem, type PointFault, type System } from "@hako/kernel";
import { filesOnImage } from "@hako/tools";

const MiB = 1024 * 1024;

/** The named points of taking a lease back. */
const POINTS = [
  "fs.session.locked",
  "fs.session.written-back",
  "fs.session.before-downgrade",
  "fs.session.before-revoke",
] as const;

interface Booted extends AsyncDisposable {
  readonly system: System;
  readonly deaths: string[];
  connect(): Promise<FileSystemClient>;
}

async function bootFiles(faults: readonly PointFault[] = []): Promise<Booted> {
  const directory = Deno.makeTempDirSync();
  const image = { path: `${directory}/disk.img`, createBytes: 32 * MiB };
  const domains = filesOnImage({ ...image, restart: { limit: 100, windowMs: 1000 } });
  const deaths: string[] = [];
  const system = await boot(defineSystem({ base: import.meta.url, domains }), {
    faults,
    onEvent: (event) => void (event.type === "died" && deaths.push(event.domain)),
  });
  return {
    system,
    deaths,
    connect: async () => {
      const client = await system.connect(FileSystem, "files");
      return new FileSystemClient(client, await system.window(2 * MiB));
    },
    [Symbol.asyncDispose]: async () => {
      await system.halt();
      Deno.removeSync(directory, { recursive: true });
    },
  };
}

function bytesOf(byteLength: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(byteLength);
  for (let index = 0; index < byteLength; index++) bytes[index] = index * 31 + seed * 7;
  return bytes;
}

const HOW = { read: true, write: true, create: true };

/** Two programs that write and read one file by turns; what each has written the other reads. */
async function takeTurns({ connect }: Booted): Promise<void> {
  const [one, other] = [await connect(), await connect()];
  using mine = one.openSync("/f", HOW);
  mine.writeSync(bytesOf(20_000, 1));
  using theirs = other.openSync("/f", HOW);
  const model = bytesOf(20_000, 1);
  for (let round = 0; round < 40; round++) {
    const [writer, reader] = round % 4 < 2 ? [mine, theirs] : [theirs, mine];
    const bytes = bytesOf(500 + round, round);
    assertEquals(writer.writeSync(bytes, round * 400), bytes.byteLength);
    model.set(bytes, round * 400);
    const target = new Uint8Array(20_000);
    assertEquals(reader.readSync(target, 0), 20_000);
    assertEquals(target, model, `round ${round}`);
    if (round % 10 === 9) writer.truncateSync(20_000);
  }
  mine.syncSync();
  assertEquals(one.readFileSync("/f"), model);
}

Deno.test("two programs with leases of one file see what the other wrote", async () => {
  await using booted = await bootFiles();
  await takeTurns(booted);
  assertEquals(booted.deaths, []);
});

for (const [index, point] of POINTS.entries()) {
  Deno.test(`the same when the file server dies at ${point}`, async () => {
    const kind = (["exit", "terminate"] as const)[index % 2]!;
    await using booted = await bootFiles([1, 2, 5].map((visit) => {
      return { domain: "fs", point, kind, visit };
    }));
    await takeTurns(booted);
    assert(booted.deaths.length >= 1, "it died");
  });
}

Deno.test("the server dies again and again while only its clients know what was written", async () => {
  await using booted = await bootFiles();
  const fs = await booted.connect();
  using file = fs.openSync("/f", HOW);
  const model = new Uint8Array(100_000);
  for (let round = 0; round < 5; round++) {
    for (let piece = 0; piece < 50; piece++) {
      const bytes = bytesOf(300, round * 50 + piece);
      const offset = (piece * 1999 + round * 17) % 99_000;
      file.writeSync(bytes, offset);
      model.set(bytes, offset);
    }
    booted.system.terminate("fs");
    const target = new Uint8Array(100_000);
    const count = file.readSync(target, 0);
    assertEquals(target.subarray(0, count!), model.subarray(0, count!));
    if (round % 2 === 1) file.syncSync();
  }
  const other = await booted.connect();
  const found = other.readFileSync("/f");
  assertEquals(found, model.subarray(0, found.byteLength));
});

Deno.test("a program that dies has lost nothing that it had written", async () => {
  const directory = Deno.makeTempDirSync();
  const image = { path: `${directory}/disk.img`, createBytes: 32 * MiB };
  const reports = { written: Promise.withResolvers<void>(), again: Promise.withResolvers<void>() };
  const system = await boot(
    defineSystem({
      base: import.meta.url,
      domains: {
        ...filesOnImage(image),
        writer: {
          kind: "app",
          module: "./domains/writer.ts",
          uses: ["files"],
          windows: { bytes: 1 * MiB },
        },
      },
    }),
    {
      onEvent: (event) => {
        if (event.type !== "report" || event.domain !== "writer") return;
        reports[event.value as "written" | "again"].resolve();
      },
    },
  );
  await reports.written.promise;
  system.terminate("writer");
  await reports.again.promise;
  const client = await system.connect(FileSystem, "files");
  const fs = new FileSystemClient(client, await system.window(2 * MiB));
  const lines = fs.readTextFileSync("/log").trimEnd().split("\n");
  assertEquals([lines.length, lines.at(-1)], [5000, "004999"]);
  await system.halt();
  Deno.removeSync(directory, { recursive: true });
});
