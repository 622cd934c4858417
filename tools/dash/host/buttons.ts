/**
 * What the buttons of a live view do to the system.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { DomainManifest, PointFault, System, SystemManifest } from "@hako/kernel";
import { HANG_MS_DEFAULT, KERNEL_HANG_MS } from "../../../kernel/limits.ts";
import { KERNEL } from "../../../kernel/manifest.ts";
import type { Deed, Press, Target } from "../lines.ts";
import { workersOf } from "./workers_of.ts";

/** How much longer than it may a domain hangs: long enough to be found out, and no longer. */
const HANG_BEYOND_MS = 2_000;

/** A button: whom it befalls, and what it needs to know. */
interface Button extends Target {
  /** Where the fault of a hang stands among the ordered ones. */
  readonly hangIndex: number | undefined;
  /** What an upgrade upgrades to: the same again. */
  readonly module: string | undefined;
}

/** What a press needs of a system. */
export type PressedSystem = Pick<System, "terminate" | "inject" | "upgrade" | "restart">;

/** The buttons of one system. */
export class Buttons {
  /** The faults that must be given to boot. */
  readonly faults: readonly PointFault[];
  /** Who has buttons. */
  readonly targets: readonly Target[];
  readonly #buttons: ReadonlyMap<string, Button>;

  /** Buttons for every server, driver and gateway, and for the kernel. Apps are their own masters. */
  constructor({ domains }: SystemManifest) {
    const faults: PointFault[] = [];
    const buttons = Object.entries(domains)
      .filter(([, { kind }]) => kind !== "app")
      .flatMap(([name, domain]) =>
        workersOf(name, domain).map((worker) => [worker, domain] as const)
      )
      .map(([worker, domain]) => buttonOf(worker, domain, faults));
    const hangIndex = faults.push(kernelHang()) - 1;
    buttons.push({ domain: KERNEL, deeds: ["kill", "hang"], hangIndex, module: undefined });
    this.faults = faults;
    this.targets = buttons.map(({ domain, deeds }) => ({ domain, deeds }));
    this.#buttons = new Map(buttons.map((button) => [button.domain, button]));
  }

  /**
   * Does what was pressed. An upgrade resolves when the new module serves, the others at once.
   *
   * @throws {OsError} `ENOENT` if there is nobody to befall, `EBUSY` if it is being upgraded,
   * `EOPNOTSUPP` if there is no such button.
   */
  press(system: PressedSystem, { deed, domain }: Press): Promise<void> {
    const button = this.#buttons.get(domain);
    if (button === undefined) throw new OsError("ENOENT", `${deed} ${domain}`);
    if (!button.deeds.includes(deed)) throw new OsError("EOPNOTSUPP", `${deed} ${domain}`);
    switch (deed) {
      case "kill":
        system.terminate(domain);
        return Promise.resolve();
      case "hang":
        system.inject(button.hangIndex!);
        return Promise.resolve();
      case "upgrade":
        return system.upgrade(domain, button.module!);
      case "restart":
        return system.restart(domain);
    }
  }
}

function buttonOf(domain: string, manifest: DomainManifest, faults: PointFault[]): Button {
  const { serves = {}, hangMs = HANG_MS_DEFAULT, module } = manifest;
  // Who serves nothing passes no point of a request: there is nothing to stop it at.
  if (Object.keys(serves).length === 0) {
    return { domain, deeds: ["kill", "upgrade", "restart"], hangIndex: undefined, module };
  }
  const lastsMs = hangMs + HANG_BEYOND_MS;
  const fault = { domain, point: "runtime.request", kind: "blocked", lastsMs } as const;
  const hangIndex = faults.push({ ...fault, visit: "ordered" }) - 1;
  const deeds: readonly Deed[] = ["kill", "hang", "upgrade", "restart"];
  return { domain, deeds, hangIndex, module };
}

function kernelHang(): PointFault {
  const lastsMs = KERNEL_HANG_MS + HANG_BEYOND_MS;
  return { domain: KERNEL, point: "kernel.tick", kind: "blocked", visit: "ordered", lastsMs };
}
