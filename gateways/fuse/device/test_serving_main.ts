/**
 * A process that serves two files: `deno run --allow-ffi=LIBC test_serving_main.ts LIBC DIRECTORY`.
 * It tells what its workers tell, one JSON value a line. A line on its standard input makes a
 * second worker take over from the first, which goes on reading. It ends with the mount.
 *
 * @module
 */

import type { Beginning, Told } from "./test_serving_worker.ts";

const [libc = "", directory = ""] = Deno.args;
let fd = -1;
let running = 0;

start({ libc, directory });
for await (const _ of Deno.stdin.readable) start({ libc, fd });
Deno.exit(0); // Whoever wanted us is gone.

function start(beginning: Beginning): void {
  const permissions = {
    ffi: [beginning.libc],
    env: false,
    import: false,
    net: false,
    read: false,
    run: false,
    sys: false,
    write: false,
  };
  const url = new URL("./test_serving_worker.ts", import.meta.url);
  const worker = new Worker(url, { type: "module", deno: { permissions } } as WorkerOptions);
  running++;
  worker.onmessage = ({ data }: MessageEvent<Told>) => {
    console.log(JSON.stringify(data));
    if ("mounted" in data) fd = data.mounted.fd;
    if ("ended" in data || "failed" in data) running--;
    if (running === 0) Deno.exit(0);
  };
  worker.postMessage(beginning);
}
