import { OPEN } from "../protocol.ts";
import { pattern, Rig, utf8 } from "./test_rig.ts";

const rig = new Rig({ blockCount: 1 << 18, windowBlocks: 2048, inodeRatioBytes: 4096 });
const small = pattern(4096);
const large = pattern(1 << 20);
rig.answer("mkdir", { path: utf8("/many"), mode: 0o755 });
let made = 0;

function make(): void {
  rig.writeFile(`/many/file-${made++}`, small);
}

for (let count = 0; count < 2000; count++) make();
rig.writeFile("/large", large);
const reader = rig.open("/large") as number;
const writer = rig.open("/large", OPEN.writeOnly) as number;

Deno.bench("create, write 4 KiB, close", { n: 5000 }, make);

Deno.bench("stat of a name in a directory of thousands", { n: 20_000 }, () => {
  rig.stat("/many/file-1000");
});

Deno.bench("read 4 KiB", { n: 20_000 }, () => {
  rig.request("read", { handle: reader, offset: 40_960, target: small });
});

Deno.bench("read 1 MiB", { n: 300 }, () => {
  rig.request("read", { handle: reader, offset: 0, target: large });
});

Deno.bench("write 4 KiB over old bytes", { n: 20_000 }, () => {
  rig.request("write", { handle: writer, offset: 40_960, append: false, source: small });
});

Deno.bench("open, read 4 KiB, close", { n: 10_000 }, () => {
  const handle = rig.open("/many/file-500") as number;
  rig.request("read", { handle, offset: 0, target: small });
  rig.request("close", { handle });
});
