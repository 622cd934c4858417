/**
 * The kernel's worker: waits for the machine to say what to look after, and looks after it.
 *
 * @module
 */

import { Doorbell } from "@hako/ipc";
import type { KernelBoot, MachineMessage } from "../messages.ts";
import { Kernel } from "./kernel.ts";
import { KernelLife } from "./kernel_life.ts";

globalThis.addEventListener("message", (event) => {
  const boot = (event as MessageEvent<KernelBoot>).data;
  const life = new KernelLife(boot);
  life.guard(() => {
    const kernel = new Kernel(boot, life);
    boot.machine.onmessage = (received: MessageEvent<MachineMessage>) => {
      life.guard(() => kernel.receive(received.data));
    };
    look(kernel, life, new Doorbell(boot.bell));
  });
}, { once: true });

/** Looks on every ring of the kernel's bell, and from time to time without one. */
async function look(kernel: Kernel, life: KernelLife, bell: Doorbell): Promise<never> {
  for (;;) {
    life.beat();
    const announced = bell.announce();
    life.guard(() => kernel.tick());
    await bell.waitAsync(announced, kernel.quietMs);
  }
}
