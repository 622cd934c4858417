import { assertEquals } from "@std/assert";
import { nextTurn, waitInEventLoop } from "./clock.ts";

Deno.test("nextTurn() lets messages and timers through in a worker, and many wait at once", async () => {
  const module = new URL("./test_turning_worker.ts", import.meta.url);
  const worker = new Worker(module, { type: "module" });
  const said: unknown[] = [];
  await new Promise<void>((resolve) => {
    worker.onmessage = ({ data }) => {
      said.push(data);
      if (data === "turning") worker.postMessage("stop");
      else resolve();
    };
  });
  worker.terminate();

  assertEquals(said, ["turning", "done"]);
});

Deno.test("nextTurn() lets messages through on the main thread", async () => {
  const { port1, port2 } = new MessageChannel();
  let isTold = false;
  port1.onmessage = () => isTold = true;
  port2.postMessage("stop");

  while (!isTold) await nextTurn();

  port1.close();
});

Deno.test("waitInEventLoop() tells a change from the end of its time", async () => {
  const words = new Int32Array(new SharedArrayBuffer(4));
  const woken = waitInEventLoop(words, 0, 0, 60_000);
  Atomics.notify(words, 0);

  assertEquals(await woken, false);
  assertEquals(await waitInEventLoop(words, 0, 0, 1), true);
  assertEquals(await waitInEventLoop(words, 0, 1, 60_000), false, "it was not as seen");
});
