/**
 * The system of a mount under fire.
 *
 * ```text
 *   programs ──▶ Linux ──▶ mount ──▶ fs ──▶ storage ──▶ disk ──▶ IMAGE
 * ```
 *
 * @module
 */

import {
  defineSystem,
  type FaultKind,
  faultPlan,
  type PointFault,
  type SystemManifest,
} from "@hako/kernel";
import { DEATH_POINTS } from "../../gateways/fuse/death_points.ts";
import { mountedImage } from "../../tools/systems/mounted_image.ts";
import type { HostOrder } from "./protocol.ts";

/** The domains that die, the gateway among them. */
export const VICTIMS: readonly string[] = ["disk", "storage", "fs", "mount"];

/** The C library, as Debian lays it. */
export const LIBC: string = `/lib/${Deno.build.arch}-linux-gnu/libc.so.6`;

/** A gateway that computes for so long without a beat is taken to hang. */
const HANG_MS = 1_000;

/** The system of an order. */
export function mountedSystem(
  image: string,
  { directory, createBytes, cache, directIo }: HostOrder,
): SystemManifest {
  const appearance = { directory, cache, directIo, libc: LIBC };
  const domains = mountedImage({ path: image, createBytes, ...appearance });
  const mount = { ...domains.mount, hangMs: HANG_MS };
  return defineSystem({ base: import.meta.url, domains: { ...domains, mount } });
}

/**
 * Points that are passed while the gateway starts: lives in a row that end before they serve are given
 * up, as they should be.
 */
const STARTING = /^fuse\.(?:mount|takeover)\./;

/** What ends a life at once. */
const QUICK: readonly FaultKind[] = ["throw", "exit", "terminate", "reject"];

/** What does not end it, so that two lives are there at a time. */
const LASTING: readonly FaultKind[] = ["busy-loop", "blocked", "zombie"];

/** One in so many lasts. */
const LASTING_SHARE = 4;

/** How long a hanging life goes on: as a zombie for most of the time. */
const LASTS_MS = 3_000;

/** The latest visit at which one is drawn, for each of them. */
const VISITS_PER_FAULT = 100;

/** What the gateway does to itself. */
export function gatewayFaults({ seed, gatewayFaults: count }: HostOrder): readonly PointFault[] {
  const lasting = Math.ceil(count / LASTING_SHARE);
  return [...draw(seed, count - lasting, QUICK), ...draw(~seed, lasting, LASTING)];
}

function draw(seed: number, count: number, kinds: readonly FaultKind[]): readonly PointFault[] {
  if (count === 0) return [];
  const mount = DEATH_POINTS.filter((point) => !STARTING.test(point));
  const visitMax = count * VISITS_PER_FAULT;
  return faultPlan({ seed, count, points: { mount }, kinds, visitMax, lastsMs: LASTS_MS });
}
