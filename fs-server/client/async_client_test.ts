import { assert, assertEquals, assertRejects } from "@std/assert";
import { OsError } from "@hako/ipc";
import { AsyncFileSystemClient } from "./async_client.ts";
import { FileSystemClient } from "./client.ts";
import { clientOfRig } from "./test_rig_client.ts";
import { sharedBytes } from "../ext4/test_images.ts";
import { pattern, Rig } from "../server/test_rig.ts";

function clients(): { sync: FileSystemClient; fs: AsyncFileSystemClient } {
  const client = clientOfRig(new Rig());
  const window = sharedBytes(1 << 20);
  return {
    sync: new FileSystemClient(client, window),
    fs: new AsyncFileSystemClient(client, window),
  };
}

Deno.test("what is promised together is done in order, and does not get mixed up", async () => {
  const { fs, sync } = clients();
  const contents = Array.from({ length: 8 }, (_, index) => pattern(40_000 + index, index + 1));
  const all = contents.map((content, index) => fs.writeFile(`/f${index}`, content));
  sync.writeTextFileSync("/sync", "meanwhile");
  await Promise.all(all);
  const read = await Promise.all(contents.map((_, index) => fs.readFile(`/f${index}`)));
  assertEquals(read, contents.map((content) => content.slice()));
  assertEquals(await fs.readTextFile("/sync"), "meanwhile");
  const names = await Array.fromAsync(fs.readDir("/"), ({ name }) => name);
  assertEquals(names.length, 10);
  const error = await assertRejects(() => fs.stat("/none"), OsError);
  assertEquals(error.message, "ENOENT: no such file or directory, stat '/none'");
});

Deno.test("streams carry a file, and close it", async () => {
  const { fs } = clients();
  const content = pattern(300_000).slice();
  const source = await fs.create("/source");
  await ReadableStream.from([content.subarray(0, 100_000), content.subarray(100_000)])
    .pipeTo(source.writable);
  const from = await fs.open("/source");
  const to = await fs.create("/target");
  await from.readable.pipeTo(to.writable);
  assertEquals(await fs.readFile("/target"), content);
  await assertRejects(() => from.stat(), OsError, "EBADF");
});

Deno.test("an open file has a position, and is closed behind its last use", async () => {
  const { fs } = clients();
  const buffer = new Uint8Array(50);
  {
    await using file = await fs.open("/f", { read: true, write: true, create: true });
    const writing = file.write(pattern(100).slice());
    const moving = writing.then(() => file.seek(-10, 1));
    assertEquals([await writing, await moving], [100, 90]);
    assertEquals(await file.read(buffer), 10);
    assertEquals(await file.read(buffer), null);
    assertEquals((await file.stat()).size, 100);
    await file.truncate(7);
    await file.sync();
  }
  assertEquals((await fs.stat("/f")).size, 7);
  await fs.rename("/f", "/g");
  assert(!(await fs.exists("/f")), "it has moved");
  await fs.remove("/g");
});
