/**
 * The start of a system as most have it: a driver, three servers one above the other, an app.
 *
 * @module
 */

import type { SelfMeasuring } from "@hako/tools/bench";
import { boot } from "../machine/system.ts";
import { defineSystem, type DomainManifest, type SystemManifest } from "../manifest.ts";
import { Link } from "./link_protocol.ts";
import { NS_PER_MS, pause, SETTLE_MS } from "./sample.ts";

/** The time from the call of `boot` until every domain is ready. */
export function bootingFiveDomains(sampleCount: number): Promise<SelfMeasuring> {
  const manifest = fiveDomains();
  const sample = async () => {
    const startMs = performance.now();
    const system = await boot(manifest);
    const tookMs = performance.now() - startMs;
    await system.halt();
    await pause(SETTLE_MS);
    return tookMs * NS_PER_MS;
  };
  return Promise.resolve({ sample, sampleCount });
}

function fiveDomains(): SystemManifest {
  return defineSystem({
    base: import.meta.url,
    domains: {
      disk: link("driver", "disk"),
      storage: link("server", "storage", "disk"),
      files: link("server", "files", "storage"),
      names: link("server", "names", "files"),
      shell: {
        kind: "app",
        module: "./app_main.ts",
        uses: ["names"],
        options: { below: "names" },
      },
    },
  });
}

/** A domain that serves an endpoint of its own name and calls the one below. */
function link(kind: "driver" | "server", name: string, below?: string): DomainManifest {
  return {
    kind,
    module: "./link_main.ts",
    serves: { [name]: Link },
    uses: below === undefined ? [] : [below],
    options: below === undefined ? {} : { below },
  };
}
