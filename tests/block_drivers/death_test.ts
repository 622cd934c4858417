import { assert, assertEquals, assertRejects } from "@std/assert";
import { Block, BLOCK_BYTES } from "@hako/drivers/block";
import { type Client, OsError } from "@hako/ipc";
import type { System } from "@hako/kernel";
import { mayOpen } from "../../drivers/block/host_file/test_loop_device.ts";
import { bootDisks, hostDisk, remoteDisk } from "./disk_domains.ts";
import { ForeignServer, isMissing, type ServerName } from "./foreign_server.ts";
import { settledStatus } from "../../tools/systems/settled_status.ts";

const BLOCKS = 256;
const RUN_BLOCKS_MAX = 8;
const IN_FLIGHT = 16;
const SERVERS: readonly ServerName[] = ["qemu-nbd", "nbdkit"];

/** What is to happen after so many answers, again and again. */
interface Disturbance {
  readonly every: number;
  readonly happen: () => void | Promise<void>;
}

/**
 * Writes, zeroes and reads runs of blocks, many at once, each block by one writer at a time; every
 * read must answer what was acknowledged last. Answers what each block is to hold.
 */
class Workload {
  readonly #client: Client<Block>;
  readonly #window: Uint8Array;
  readonly #values: Uint32Array = new Uint32Array(BLOCKS);
  #answers = 0;
  #next = 1;

  constructor(client: Client<Block>, window: Uint8Array) {
    this.#client = client;
    this.#window = window;
  }

  async run(count: number, { every, happen }: Disturbance): Promise<void> {
    const end = this.#answers + count;
    const workers = Array.from({ length: IN_FLIGHT }, async (_, worker) => {
      while (this.#answers < end) {
        await this.#step(worker);
        if (++this.#answers % every === 0) await happen();
      }
    });
    await Promise.all(workers);
  }

  /** A worker has a stripe of the disk, and a part of the window. */
  async #step(worker: number): Promise<void> {
    const stripe = BLOCKS / IN_FLIGHT;
    const draw = Math.imul(this.#next++, 0x9e3779b1) >>> 0;
    const count = 1 + draw % RUN_BLOCKS_MAX;
    const first = worker * stripe + (draw >>> 8) % (stripe - count + 1);
    const own = this.#viewOf(worker, count);
    const kind = (draw >>> 16) % 5;
    // One that takes long keeps its slot, and those that come behind it pass only so far.
    while (this.#client.room === 0) await new Promise((resolve) => setImmediate(resolve));
    if (kind === 0) assertEquals(await this.#client.call("zero", { first, count }), count);
    else if (kind < 3) {
      new Uint32Array(own.buffer, own.byteOffset, own.byteLength / 4).fill(draw);
      assertEquals(await this.#client.call("write", { first, count, source: own }), count);
    } else {
      own.fill(0xee);
      assertEquals(await this.#client.call("read", { first, count, target: own }), count);
      this.#judge(first, own);
      return;
    }
    this.#values.fill(kind === 0 ? 0 : draw, first, first + count);
  }

  async flush(): Promise<void> {
    assertEquals(await this.#client.call("flush", {}), 0);
  }

  /** Whether these bytes, of blocks from `first`, are what was acknowledged. */
  #judge(first: number, bytes: Uint8Array): void {
    const words = new Uint32Array(bytes.slice().buffer);
    for (let at = 0; at < words.length; at++) {
      const block = first + Math.floor(at * 4 / BLOCK_BYTES);
      assertEquals(words[at], this.#values[block], `word ${at} from block ${first}`);
    }
  }

  /** Whether a whole image is. */
  judgeImage(path: string): void {
    this.#judge(0, Deno.readFileSync(path));
  }

  #viewOf(worker: number, count: number): Uint8Array {
    const start = worker * RUN_BLOCKS_MAX * BLOCK_BYTES;
    return this.#window.subarray(start, start + count * BLOCK_BYTES);
  }
}

async function workloadOn(system: System): Promise<Workload> {
  const client = await system.connect(Block, "disk");
  return new Workload(client, await system.window(IN_FLIGHT * RUN_BLOCKS_MAX * BLOCK_BYTES));
}

for (const name of SERVERS) {
  Deno.test({
    name: `the driver of an export of ${name} is killed under load, and nobody sees it`,
    ignore: isMissing(name),
    async fn() {
      await using server = await ForeignServer.start({ name, byteLength: BLOCKS * BLOCK_BYTES });
      const disk = remoteDisk(server, { trustReconnect: true });
      await using system = await bootDisks({ disk });
      const workload = await workloadOn(system);
      let kills = 0;
      const kill = () => {
        kills++;
        system.terminate("disk");
      };
      await workload.run(1_500, { every: 150, happen: kill });
      await workload.flush();
      workload.judgeImage(server.image);
      const { domains, slotsInUse } = await settledStatus(system);
      assertEquals([domains.disk?.epoch, slotsInUse], [1 + kills, 0]);
    },
  });

  Deno.test({
    name: `${name} is killed under load and comes back, and nobody sees it`,
    ignore: isMissing(name),
    async fn() {
      await using server = await ForeignServer.start({ name, byteLength: BLOCKS * BLOCK_BYTES });
      const disk = remoteDisk(server, { trustReconnect: true });
      await using system = await bootDisks({ disk });
      const workload = await workloadOn(system);
      const happen = async () => {
        await server.kill();
        await server.start();
      };
      await workload.run(2_000, { every: 300, happen });
      await workload.flush();
      workload.judgeImage(server.image);
      assertEquals((await system.status()).domains.disk?.epoch, 1);
    },
  });
}

Deno.test({
  name: "a flush over the death of a server fails once, and over that of the driver",
  ignore: isMissing("nbdkit"),
  async fn() {
    await using server = await ForeignServer.start({ name: "nbdkit", byteLength: 65_536 });
    await using system = await bootDisks({ disk: remoteDisk(server) });
    const client = await system.connect(Block, "disk");
    const source = await system.window(BLOCK_BYTES);
    const write = () => client.call("write", { first: 0, count: 1, source });
    const flush = () => client.call("flush", {});
    for (
      const happen of [
        async () => {
          await server.kill();
          await server.start();
        },
        () => system.restart("disk"),
      ]
    ) {
      await write();
      await happen();
      await client.call("read", { first: 0, count: 1, target: source });
      const error = await assertRejects(flush, OsError);
      assertEquals(error.code, "EIO");
      await write();
      assertEquals(await flush(), 0);
      await happen();
      assertEquals(await flush(), 0, "nothing was unflushed");
    }
  },
});

Deno.test({
  name: "a server that stands still is waited for, and what it was asked is done once it goes on",
  ignore: isMissing("qemu-nbd"),
  async fn() {
    await using server = await ForeignServer.start({ name: "qemu-nbd", byteLength: 65_536 });
    const disk = remoteDisk(server, { silenceMs: 40, connectMs: 40, trustReconnect: true });
    let losses = 0;
    const lost = Promise.withResolvers<void>();
    await using system = await bootDisks({ disk }, {
      onEvent(event) {
        if (event.type === "report" && ++losses === 1) lost.resolve();
      },
    });
    const client = await system.connect(Block, "disk");
    const source = (await system.window(BLOCK_BYTES)).fill(7);
    server.signal("SIGSTOP");
    const write = client.call("write", { first: 1, count: 1, source });
    await lost.promise;
    server.signal("SIGCONT");
    assertEquals(await write, 1);
    assertEquals(await client.call("flush", {}), 0);
    assertEquals(Deno.readFileSync(server.image)[BLOCK_BYTES], 7);
  },
});

Deno.test({
  name: "a request that no server answers fails when its time is over",
  ignore: isMissing("qemu-nbd"),
  async fn() {
    await using server = await ForeignServer.start({ name: "qemu-nbd", byteLength: 65_536 });
    await using system = await bootDisks({ disk: remoteDisk(server, { giveUpMs: 50 }) });
    const client = await system.connect(Block, "disk");
    const target = await system.window(BLOCK_BYTES);
    const read = () => client.call("read", { first: 0, count: 1, target });
    await server.kill();
    assertEquals((await assertRejects(read, OsError)).code, "EIO");
    await system.restart("disk"); // A successor serves, though it has no server yet.
    assertEquals((await assertRejects(read, OsError)).code, "EIO");
    await server.start();
    let answer = 0;
    while (answer !== 1) answer = await read().catch(() => 0);
  },
});

Deno.test({
  name: "a disk whose server is not there, or not as it should be, is no disk to boot with",
  ignore: isMissing("nbdkit"),
  async fn() {
    await using server = await ForeignServer.start({
      name: "nbdkit",
      byteLength: 65_536,
      onTcp: true,
      args: ["--filter=exportname"],
      parameters: ["exportname-strict=true", "exportname=there"],
    });
    const fails = async (disk: ReturnType<typeof remoteDisk>, code: string, says: string) => {
      const error = await assertRejects(() => bootDisks({ disk }), OsError, says);
      assert(error.message.includes(`${code}: `), error.message);
    };
    await using _there = await bootDisks({ disk: remoteDisk(server, { export: "there" }) });
    await fails(remoteDisk(server, { export: "elsewhere" }), "ENOENT", '"elsewhere"');
    const { permissions: _, ...powerless } = remoteDisk(server, { export: "there" });
    await fails(powerless, "EACCES", "connect to 127.0.0.1:");
    await server.kill();
    await fails(remoteDisk(server), "ENODEV", "connect to 127.0.0.1:");
    using garbage = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = garbage.addr;
    const talk = (async () => {
      using connection = await garbage.accept();
      await connection.write(new TextEncoder().encode("HTTP/1.1 400 Bad Request\r\n\r\n"));
      await connection.read(new Uint8Array(100));
    })();
    await fails(remoteDisk({ address: { host: "127.0.0.1", port } }), "EPROTO", "the greeting");
    await talk;
  },
});

Deno.test({
  name: "a device below /dev is refused in words that help",
  ignore: !mayOpen("/dev/null"), // Only a process that may do everything can give it to a driver.
  async fn() {
    const error = await assertRejects(() => bootDisks({ disk: hostDisk("/dev/disk") }), OsError);
    assert(error.message.includes("EACCES: "), error.message);
    assert(error.message.includes("make a node elsewhere, as with mknod"), error.message);
  },
});
