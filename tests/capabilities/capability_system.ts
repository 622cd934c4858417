/**
 * A shelf, a deputy that calls it, and apps that call both: for the tests of capabilities.
 *
 * @module
 */

import { defineSystem, type DomainManifest, type SystemManifest } from "@hako/kernel";
import { Deputy } from "./domains/deputy_protocol.ts";
import { Shelf } from "./domains/shelf_protocol.ts";

const restart = { limit: 1_000, windowMs: 1_000 };

/** An app of these domains. */
export function app(
  module: string,
  options: Readonly<Record<string, unknown>> = {},
  more: Partial<DomainManifest> = {},
): DomainManifest {
  const uses = ["shelf", "deputy"];
  return { kind: "app", module: `./domains/${module}.ts`, uses, options, restart, ...more };
}

/** The two servers, and some apps. */
export function capabilitySystem(apps: Readonly<Record<string, DomainManifest>>): SystemManifest {
  return defineSystem({
    base: import.meta.url,
    domains: {
      shelf: {
        kind: "server",
        module: "./domains/shelf.ts",
        serves: { shelf: Shelf },
        keeps: { shelves: 4096 },
        restart,
      },
      deputy: {
        kind: "server",
        module: "./domains/deputy.ts",
        serves: { deputy: Deputy },
        uses: ["shelf"],
        restart,
      },
      ...apps,
    },
  });
}
