/**
 * The kernel's worker: waits for the machine to say what to boot, then looks after it.
 *
 * @module
 */

import { TICK_MS } from "../limits.ts";
import type { MachineMessage } from "../messages.ts";
import { Kernel } from "./kernel.ts";

globalThis.addEventListener("message", (event) => {
  const machine = (event as MessageEvent<MessagePort>).data;
  let kernel: Kernel | undefined;
  machine.onmessage = (received: MessageEvent<MachineMessage>) => {
    const message = received.data;
    if (kernel !== undefined) return kernel.receive(message);
    if (message.type !== "boot") return;
    kernel = new Kernel(machine, message, () => performance.now());
    look(kernel);
  };
}, { once: true });

/** Looks on every ring of the kernel's bell, and every {@linkcode TICK_MS} without one. */
async function look(kernel: Kernel): Promise<never> {
  for (;;) {
    const announced = kernel.bell.announce();
    kernel.tick();
    await kernel.bell.waitAsync(announced, TICK_MS);
  }
}
