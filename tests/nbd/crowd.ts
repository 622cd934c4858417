/**
 * A thousand clients of one socket in one program: most are idle, some never shake hands, some say
 * garbage, and a hundred work. It fails if one of those sees anything but what it wrote.
 *
 * @module
 */

import { COMMAND } from "@hako/drivers/nbd";
import { assert, assertEquals } from "@std/assert";
import { TestClient } from "../../gateways/nbd/test_client.ts";

const IDLE = 700;
const SILENT = 100;
const HOSTILE = 100;
const WORKERS = 100;
const ROUNDS = 10;
const KiB = 1024;

if (import.meta.main) await main(Deno.args[0]!);

async function main(path: string): Promise<void> {
  const connect = () => Deno.connect({ transport: "unix", path });
  const silent = await Promise.all(Array.from({ length: SILENT }, connect));
  const idle = await Promise.all(Array.from({ length: IDLE }, () => transmitting(path)));
  const hostile = Array.from({ length: HOSTILE }, async (_, index) => {
    const connection = await connect();
    const garbage = crypto.getRandomValues(new Uint8Array(256 + index));
    await connection.write(garbage).catch(() => {});
    return connection;
  });
  await Promise.all(Array.from({ length: WORKERS }, (_, index) => work(path, index)));
  for (const { client } of idle) {
    assertEquals((await client.call({ command: COMMAND.FLUSH, cookie: 1 })).error, 0);
  }
  for (const { connection } of idle) connection.close();
  for (const connection of [...silent, ...await Promise.all(hostile)]) connection.close();
}

async function work(path: string, index: number): Promise<void> {
  const { client, connection } = await transmitting(path);
  for (let round = 0; round < ROUNDS; round++) {
    const offset = (index * ROUNDS + round) * 8 * KiB;
    const payload = crypto.getRandomValues(new Uint8Array(8 * KiB));
    const written = await client.call({ command: COMMAND.WRITE, cookie: 1, offset, payload });
    assertEquals(written.error, 0);
    const read = { command: COMMAND.READ, cookie: 2, offset, byteLength: payload.byteLength };
    const { data } = await client.call(read);
    assert(data.get(offset)?.every((byte, at) => byte === payload[at]), "a worker reads its own");
  }
  connection.close();
}

async function transmitting(path: string) {
  const connection = await Deno.connect({ transport: "unix", path });
  const client = new TestClient(connection);
  await client.go("hako");
  return { client, connection };
}
