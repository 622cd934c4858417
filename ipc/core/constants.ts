/**
 * The constants of the wasm core, generated from the layout declarations, so that no offset is
 * written twice.
 *
 * @module
 */

import { CHANNEL, DOORBELL, PHASE, SLOT } from "../layouts/channel.ts";
import { SLOT_COUNT } from "../limits.ts";

/** The text of `assembly/constants.ts`. */
export function assemblyConstants(): string {
  const lines = [
    "// Generated from ipc/layouts by `deno task build`. Do not edit.",
    ...constants().map(([name, value]) => `export const ${name}: u32 = ${value};`),
  ];
  return lines.join("\n") + "\n";
}

function constants(): [string, number][] {
  return [
    ["SLOT_COUNT", SLOT_COUNT],
    ["SLOTS_AT", CHANNEL.byteLength],
    ["SLOT_BYTES", SLOT.byteLength],
    ["CLIENT_BELL_AT", CHANNEL.at.clientBell],
    ["CLIENT_SLEEPERS_AT", CHANNEL.at.clientSleepers],
    ["BELL_AT", DOORBELL.at.bell],
    ["SLEEPERS_AT", DOORBELL.at.sleepers],
    ["FREE", PHASE.FREE],
    ["POSTED", PHASE.POSTED],
    ["TAKEN", PHASE.TAKEN],
    ["DONE", PHASE.DONE],
  ];
}
