/**
 * Systems of nothing but disks, one for each kind of driver.
 *
 * @module
 */

import type { BlockHandlers } from "../../drivers/block/conformance.ts";
import { Block, BLOCK_BYTES } from "@hako/drivers/block";
import type { Client } from "@hako/ipc";
import {
  boot,
  type BootOptions,
  defineSystem,
  type DomainManifest,
  type System,
} from "@hako/kernel";
import type { ForeignServer } from "./foreign_server.ts";

const restart = { limit: 10_000, windowMs: 1 };

/** A RAM disk. */
export function memoryDisk(blocks: number): DomainManifest {
  return {
    kind: "driver",
    module: import.meta.resolve("@hako/drivers/block/memory"),
    serves: { disk: Block },
    keeps: { disk: blocks * BLOCK_BYTES },
    restart,
  };
}

/** A disk in a file, or a device of the host. */
export function hostDisk(path: string, options: Record<string, unknown> = {}): DomainManifest {
  return {
    kind: "driver",
    module: import.meta.resolve("@hako/drivers/block/host-file"),
    permissions: { read: [path], write: [path] },
    serves: { disk: Block },
    options: { path, ...options },
    restart,
  };
}

/** A disk that stands on `disk`, and fails as it is told. */
export function faultyDisk(faults: readonly unknown[], seed = 1): DomainManifest {
  return {
    kind: "driver",
    module: import.meta.resolve("@hako/drivers/block/faulty"),
    serves: { faulty: Block },
    uses: ["disk"],
    keeps: { plan: 4096 },
    windows: { scratch: 2 * BLOCK_BYTES },
    options: { device: "disk", seed, faults },
    restart,
  };
}

/** A disk behind a server; the domain may reach that one server and nothing else. */
export function remoteDisk(
  { address }: Pick<ForeignServer, "address">,
  options: Record<string, unknown> = {},
): DomainManifest {
  const permissions = "path" in address
    ? { read: [address.path], write: [address.path], net: [`unix:${address.path}`] }
    : { net: [`${address.host}:${address.port}`] };
  return {
    kind: "driver",
    module: import.meta.resolve("@hako/drivers/block/nbd-client"),
    permissions,
    serves: { disk: Block },
    keeps: { unflushed: 4096 },
    options: { ...address, ...options },
    restart,
  };
}

/** Boots some of them. */
export function bootDisks(
  domains: Readonly<Record<string, DomainManifest>>,
  options: BootOptions = {},
): Promise<System> {
  return boot(defineSystem({ base: import.meta.url, domains }), options);
}

/** A client as the conformance suite asks it. */
export function handlersOf(client: Client<Block>): BlockHandlers {
  return {
    stat: () => client.call("stat", {}),
    read: (request) => client.call("read", request),
    write: (request) => client.call("write", request),
    flush: () => client.call("flush", {}),
    zero: (request) => client.call("zero", request),
    discard: (request) => client.call("discard", request),
  };
}
