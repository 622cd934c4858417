/**
 * For tests: a worker that serves `Adder`.
 *
 * @module
 */

import { serve, serveSync } from "./standalone.ts";
import { Adder, type AdderOrder } from "./standalone_adder.ts";

globalThis.addEventListener("message", (event) => {
  const { channels, loop, hangAt } = (event as MessageEvent<AdderOrder>).data;
  let count = 0;
  const hung = new Int32Array(new SharedArrayBuffer(4));
  const handlers = {
    add({ a, b }: { readonly a: number; readonly b: number }) {
      while (a === hangAt) Atomics.wait(hung, 0, 0, 100);
      return a + b;
    },
    count: ({ by }: { readonly by: number }) => void (count += by),
    counted: () => count,
  };
  if (loop === "blocking") serveSync(Adder, channels, handlers);
  else serve(Adder, channels, handlers);
});
