/**
 * What a system is doing, for whoever asks.
 *
 * @module
 */

import { PROGRESS } from "@hako/ipc";
import { BOOT } from "../layouts/boot.ts";
import type { DomainStatus, SystemStatus } from "../system_status.ts";
import type { DomainEntry, Tables } from "./tables.ts";

const ANSWERED = (BOOT.at.progress >> 2) + PROGRESS.ANSWERED;

/** The status of the system whose tables these are. */
export function statusOf(tables: Tables, kernelEpoch: number): SystemStatus {
  const inFlight = new Map<number, number>();
  let slotsInUse = 0;
  for (const { row: { server }, channel } of tables.connections) {
    const count = channel.slotsInUse();
    slotsInUse += count;
    inFlight.set(server, (inFlight.get(server) ?? 0) + count);
  }
  const domains: Record<string, DomainStatus> = {};
  for (const [name, entry] of tables.domains) {
    domains[name] = statusOfDomain(entry, inFlight.get(entry.number) ?? 0);
  }
  return { domains, kernelEpoch, slotsInUse, zombies: tables.zombies.size };
}

function statusOfDomain({ plan, row, boot }: DomainEntry, inFlight: number): DomainStatus {
  const { epoch, state, deaths, why } = row;
  return { kind: plan.kind, epoch, state, deaths, why, inFlight, answered: boot[ANSWERED]! >>> 0 };
}
