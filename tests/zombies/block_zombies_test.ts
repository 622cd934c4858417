import { assert, assertEquals } from "@std/assert";
import { Block, BLOCK_BYTES } from "@hako/drivers/block";
import type { Client } from "@hako/ipc";
import { boot, defineSystem, type DomainManifest, type System } from "@hako/kernel";
import { Haunted, ZOMBIES } from "./haunted_protocol.ts";
import { Leash } from "./leash.ts";

const BLOCKS = 64;

/** Blocks of which nobody but a zombie writes the rest. */
const BLOCKS_IN_USE = 40;

const restart = { limit: 8, windowMs: 60_000 };

function haunted(leash: Leash): DomainManifest {
  return {
    kind: "server",
    module: "./domains/haunted_disk.ts",
    serves: { haunted: Haunted },
    uses: ["disk"],
    windows: { scratch: 64 * 1024 },
    options: { leash: leash.buffer },
    restart,
    hangMs: 200,
  };
}

/** A disk of a file of the host; the one driver, whose life goes on while its client dies. */
function disk(path: string): DomainManifest {
  return {
    kind: "driver",
    module: import.meta.resolve("@hako/drivers/block/host-file"),
    permissions: { read: [path], write: [path] },
    serves: { disk: Block },
    options: { path, createBytes: BLOCKS * BLOCK_BYTES },
    restart,
  };
}

/** Puts a new value into every block in use, and finds it there; answers the values. */
function rewrite(client: Client<Haunted>, round: number): number[] {
  const values = Array.from({ length: BLOCKS_IN_USE }, (_, block) => 1_000 * round + block);
  for (const [block, value] of values.entries()) client.callSync("put", { block, value });
  assertEquals(read(client), values);
  return values;
}

function read(client: Client<Haunted>): number[] {
  return Array.from({ length: BLOCKS_IN_USE }, (_, block) => client.callSync("get", { block }));
}

/** What the file holds, a value for each block. */
function valuesIn(path: string): (number | undefined)[] {
  const words = new Uint32Array(Deno.readFileSync(path).buffer);
  return Array.from({ length: BLOCKS }, (_, block) => {
    const inBlock = words.subarray(block * BLOCK_BYTES / 4, (block + 1) * BLOCK_BYTES / 4);
    return inBlock.every((word) => word === inBlock[0]) ? inBlock[0] : undefined;
  });
}

async function laidToRest(system: System, client: Client<Haunted>): Promise<void> {
  while ((await system.status()).zombies > 0) client.callSync("get", { block: 0 });
}

for (const into of ZOMBIES) {
  Deno.test(`a zombie, ${into}, writes no block of the disk that it used`, async () => {
    const directory = Deno.makeTempDirSync();
    using _removal = { [Symbol.dispose]: () => Deno.removeSync(directory, { recursive: true }) };
    const path = `${directory}/disk.img`;
    using leash = new Leash();
    const domains = { disk: disk(path), haunted: haunted(leash) };
    const system = await boot(defineSystem({ base: import.meta.url, domains }));
    await using _halted = system;
    const client = await system.connect(Haunted, "haunted");
    await system.restart("haunted"); // The next life finds the channel in its boot message.
    const before = rewrite(client, 1);

    const turned = client.call("turn", { into });
    await leash.turned();
    assertEquals(await turned, 3, "the successor answers");
    assertEquals(read(client), before, "nothing was written between the fence and its successor");
    if (into === "woken late") leash.wake();

    for (let round = 2; round < 12; round++) rewrite(client, round);
    // One that is blocked for good works when its successor is rung.
    await leash.reached(3);
    const rounds = leash.rounds;
    for (let round = 12; round < 30; round++) rewrite(client, round);
    await system.restart("haunted");
    rewrite(client, 30);
    const last = rewrite(client, 31);
    assertEquals((await system.status()).zombies, 1, "it is there still");
    assert(leash.rounds > rounds, "and was at work all the time");
    leash.stop();
    await laidToRest(system, client);
    assertEquals((await system.status()).domains["disk"]!.deaths, 0);
    await system.halt();
    assertEquals(valuesIn(path), [...last, ...Array(BLOCKS - BLOCKS_IN_USE).fill(0)]);
  });
}
