/**
 * A thread that sleeps until it is rung, and rings back.
 *
 * @module
 */

import { Doorbell } from "@hako/ipc";
import { serveWith } from "../../../ipc/bench/worker.ts";

serveWith((setup: { readonly there: WebAssembly.Memory; readonly back: WebAssembly.Memory }) => {
  const there = new Doorbell(setup.there);
  const back = new Doorbell(setup.back);
  for (;;) {
    const announced = there.announce();
    if (!there.wait(announced, 60_000)) back.core.wake();
  }
});
