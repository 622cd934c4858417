import {
  BASE_ALLOCATION,
  COMMAND,
  encodeContextQuery,
  encodeExportQuery,
  encodeOption,
  HANDSHAKE_FLAG,
  INFO,
  OPTION,
  OPTION_REPLY,
} from "@hako/drivers/nbd";
import { assert, assertEquals } from "@std/assert";
import { rig, type RigOptions, TestClient, VOLUME_BYTES } from "./test_client.ts";

const SIZE_HEX = VOLUME_BYTES.toString(16).padStart(16, "0");

function shaking(
  name: string,
  talk: (client: TestClient) => Promise<void>,
  options?: RigOptions,
): void {
  Deno.test(name, async () => {
    const made = rig(options);
    const { stream, served } = made.connect();
    const client = new TestClient(stream);
    await talk(client);
    client.close();
    await served;
    made.assertIdle();
  });
}

shaking("LIST names every export, and refuses data", async (client) => {
  await client.greet();
  assertEquals(await client.option(OPTION.LIST), [
    [OPTION_REPLY.SERVER, "00000004" + "6469736b"],
    [OPTION_REPLY.ACK, ""],
  ]);
  const [refused] = await client.option(OPTION.LIST, new Uint8Array(1));
  assertEquals(refused, [OPTION_REPLY.ERR_INVALID, ""]);
});

shaking("INFO tells size, flags, sizes of requests, and the name if asked", async (client) => {
  await client.greet();
  const query = encodeExportQuery({ name: "", infos: [INFO.NAME, 999] });
  assertEquals(await client.option(OPTION.INFO, query), [
    [OPTION_REPLY.INFO, "0000" + SIZE_HEX + "0ded"],
    [OPTION_REPLY.INFO, "0003" + "00000200" + "00001000" + "02000000"],
    [OPTION_REPLY.INFO, "0001" + "6469736b"],
    [OPTION_REPLY.ACK, ""],
  ]);
});

shaking(
  "a volume that is read-only is told as such, and has neither trim nor zeroes",
  async (client) => {
    await client.greet();
    const query = encodeExportQuery({ name: "disk", infos: [] });
    const [info] = await client.option(OPTION.INFO, query);
    assertEquals(info, [OPTION_REPLY.INFO, "0000" + SIZE_HEX + "058f"]);
  },
  { volumeFlags: 1 },
);

shaking(
  "INFO and GO of an export that is not there are refused, and another may be chosen",
  async (client) => {
    await client.greet();
    for (const option of [OPTION.INFO, OPTION.GO]) {
      const query = encodeExportQuery({ name: "nothing", infos: [] });
      assertEquals(await client.option(option, query), [[OPTION_REPLY.ERR_UNKNOWN, ""]]);
    }
    await client.choose();
    assertEquals((await client.call({ command: COMMAND.FLUSH, cookie: 1 })).error, 0);
  },
);

shaking(
  "options that are not known, or malformed, are refused and the next is heard",
  async (client) => {
    await client.greet();
    for (const option of [4, OPTION.STARTTLS, OPTION.EXTENDED_HEADERS, 0xffff_ffff]) {
      assertEquals(await client.option(option, new Uint8Array(9)), [[OPTION_REPLY.ERR_UNSUP, ""]]);
    }
    const malformed = [OPTION.INFO, OPTION.GO, OPTION.SET_META_CONTEXT, OPTION.LIST_META_CONTEXT];
    for (const option of [...malformed, OPTION.STRUCTURED_REPLY]) {
      const garbage = new Uint8Array(11).fill(0xff);
      assertEquals(await client.option(option, garbage), [[OPTION_REPLY.ERR_INVALID, ""]]);
    }
    const long = new Uint8Array(1 << 20);
    const [refused] = await client.option(OPTION.INFO, long);
    assertEquals(refused, [OPTION_REPLY.ERR_TOO_BIG, ""]);
    await client.choose();
  },
);

shaking(
  "contexts are listed by name and by namespace, and set after structured replies",
  async (client) => {
    await client.greet();
    const listed = "00000000" + new TextEncoder().encode(BASE_ALLOCATION).toHex();
    for (const queries of [[], ["base:"], [BASE_ALLOCATION], ["qemu:", BASE_ALLOCATION]]) {
      const query = encodeContextQuery({ name: "disk", queries });
      assertEquals(await client.option(OPTION.LIST_META_CONTEXT, query), [
        [OPTION_REPLY.META_CONTEXT, listed],
        [OPTION_REPLY.ACK, ""],
      ]);
    }
    const other = encodeContextQuery({ name: "disk", queries: ["qemu:dirty-bitmap:b0"] });
    assertEquals(await client.option(OPTION.LIST_META_CONTEXT, other), [[OPTION_REPLY.ACK, ""]]);
    const set = encodeContextQuery({ name: "disk", queries: [BASE_ALLOCATION] });
    const tooEarly = await client.option(OPTION.SET_META_CONTEXT, set);
    assertEquals(tooEarly, [[OPTION_REPLY.ERR_INVALID, ""]]);
    await client.wantStructured();
    assertEquals((await client.option(OPTION.SET_META_CONTEXT, set)).map(([kind]) => kind), [
      OPTION_REPLY.META_CONTEXT,
      OPTION_REPLY.ACK,
    ]);
  },
);

shaking("the last SET_META_CONTEXT counts", async (client) => {
  await client.greet();
  await client.wantStructured();
  const set = encodeContextQuery({ name: "disk", queries: [BASE_ALLOCATION] });
  await client.option(OPTION.SET_META_CONTEXT, set);
  await client.option(OPTION.SET_META_CONTEXT, encodeContextQuery({ name: "disk", queries: [] }));
  await client.choose();
  const asked = { command: COMMAND.BLOCK_STATUS, cookie: 1, byteLength: 4096 };
  assertEquals((await client.call(asked)).error, 22);
});

shaking("EXPORT_NAME begins transmission, with zeroes for those who want them", async (client) => {
  await client.greet(HANDSHAKE_FLAG.FIXED_NEWSTYLE);
  await client.send(encodeOption(OPTION.EXPORT_NAME, new TextEncoder().encode("disk")));
  const reply = await client.read(134);
  assertEquals(reply.slice(0, 10).toHex(), SIZE_HEX + "0ded");
  assert(reply.slice(10).every((byte) => byte === 0));
  assertEquals((await client.call({ command: COMMAND.FLUSH, cookie: 1 })).error, 0);
});

shaking("EXPORT_NAME of an export that is not there ends the connection", async (client) => {
  await client.greet();
  await client.send(encodeOption(OPTION.EXPORT_NAME, new TextEncoder().encode("nothing")));
  assert(await client.isLeft());
});

shaking("ABORT is acknowledged and ends the connection", async (client) => {
  await client.greet();
  assertEquals(await client.option(OPTION.ABORT), [[OPTION_REPLY.ACK, ""]]);
  assert(await client.isLeft());
});

for (
  const [what, garbage] of [
    ["flags that nobody knows", Uint8Array.fromHex("ffffffff")],
    ["no option", Uint8Array.fromHex("00000003" + "ff".repeat(40))],
    ["an option of 4 GB", Uint8Array.fromHex("00000003" + "49484156454f505400000006ffffffff")],
  ] as const
) {
  shaking(`a client that says ${what} is left`, async (client) => {
    await client.read(18);
    await client.send(garbage);
    assert(await client.isLeft());
  });
}

Deno.test("a client that does not shake hands is left after a while, one that has is not", async () => {
  const made = rig();
  const [silent, slow, idle] = [made.connect(), made.connect(), made.connect()];
  const idler = new TestClient(idle.stream);
  await idler.go();
  const client = new TestClient(slow.stream);
  await client.greet();
  for (let tick = 0; tick < 3; tick++) made.server.tick();
  await Promise.all([silent.served, slow.served]);
  assertEquals(made.server.connectionCount, 1);
  for (let tick = 0; tick < 100; tick++) made.server.tick();
  assertEquals((await idler.call({ command: COMMAND.FLUSH, cookie: 1 })).error, 0);
  made.server.close();
  await idle.served;
  made.assertIdle();
});
