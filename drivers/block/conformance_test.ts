import { testBlockDevice } from "./conformance.ts";
import { Disk } from "./disk.ts";
import { hostErrno, openImage } from "./host_file/image.ts";
import { MemoryFile } from "./memory/memory_file.ts";

testBlockDevice("a RAM disk", () => ({
  disk: new Disk(new MemoryFile(new Uint8Array(16 * 4096)), () => "EIO"),
  [Symbol.dispose]() {},
}));

testBlockDevice("a disk in a host file", () => {
  const directory = Deno.makeTempDirSync({ prefix: "hako-disk-" });
  const path = `${directory}/image`;
  const image = openImage({ path, createBytes: 16 * 4096 + 100 }, 1); // The rest is no block.
  return {
    disk: new Disk(image, hostErrno),
    [Symbol.dispose]() {
      image.close();
      Deno.removeSync(directory, { recursive: true });
    },
  };
});
