/**
 * The gap that a client in a closed loop sees when its server dies. Client and server are domains;
 * the client takes the time, so nothing but the two and the kernel is in it.
 *
 * @module
 */

import type { SelfMeasuring } from "@hako/tools/bench";
import { boot } from "../machine/system.ts";
import { defineSystem, type SystemManifest } from "../manifest.ts";
import { DEATH, HANG_BEYOND_MS, Victim, Witness } from "./failover_protocol.ts";
import { NS_PER_MS, pause, SETTLE_MS } from "./sample.ts";

/** How long the victim may compute: far longer than the scheduler keeps it from a core. */
const HANG_MS = 100;

/** Deaths per measurement: of the slow kind fewer, since each leaves a thread that computes on. */
const SAMPLE_COUNT = { THROW: 25, TERMINATE: 25, HANG: 12 } as const;

/** Deaths that the victim's policy allows within a second. */
const DEATHS_MAX = 100;

/** Fail-over, with a spare at hand or without one, after the given death; less the hang limit. */
export async function failingOver(
  spare: "warm" | "cold",
  death: keyof typeof DEATH,
): Promise<SelfMeasuring> {
  const system = await boot(failoverSystem(spare === "warm"), {
    // The witness reports that it calls in its loop.
    onEvent: ({ type }) => type === "report" && system.terminate("victim"),
  });
  const witness = await system.connect(Witness, "witness");
  const sample = async () => {
    await pause(death === "HANG" ? SETTLE_MS + HANG_BEYOND_MS : SETTLE_MS);
    const { gapMs } = await witness.call("watch", { death: DEATH[death] });
    return (gapMs - (death === "HANG" ? HANG_MS : 0)) * NS_PER_MS;
  };
  return { sample, sampleCount: SAMPLE_COUNT[death], close: () => system.halt() };
}

function failoverSystem(spare: boolean): SystemManifest {
  const restart = { limit: DEATHS_MAX, windowMs: 1_000 };
  return defineSystem({
    base: import.meta.url,
    domains: {
      victim: {
        kind: "server",
        module: "./victim_main.ts",
        serves: { victim: Victim },
        options: { hangMs: HANG_MS },
        hangMs: HANG_MS,
        spare,
        restart,
      },
      witness: {
        kind: "server",
        module: "./witness_main.ts",
        serves: { witness: Witness },
        uses: ["victim"],
      },
    },
  });
}
