/**
 * The lives of domains and kernel, found in what is told of them while it happens.
 *
 * @module
 */

import type { SystemEvent } from "@hako/kernel";
import { KERNEL } from "../../kernel/manifest.ts";
import type { LifeRecord } from "./record.ts";

/** A life that may still go on. */
type OpenLife = { -readonly [Name in keyof LifeRecord]: LifeRecord[Name] };

/** Hears events and knows all lives so far. */
export class Lives {
  readonly #lives: OpenLife[] = [];
  /** The life of each domain that was told of last. */
  readonly #last: Map<string, OpenLife> = new Map();
  #deaths = 0;

  /** Begins with the kernel's first life. */
  constructor() {
    this.#begin(KERNEL, 1, 0).readyMs = 0;
  }

  /** Ends of lives so far, the kernel's among them. */
  get deaths(): number {
    return this.#deaths;
  }

  /** The lives in the order of their beginnings. */
  get all(): readonly LifeRecord[] {
    return this.#lives.map((life) => ({ ...life })).toSorted((a, b) => a.startMs - b.startMs);
  }

  /** Hears of an event. A kernel that took over may tell again what the last one told. */
  hear(event: SystemEvent, atMs: number): void {
    switch (event.type) {
      case "ready":
        return this.#ready(event, atMs);
      case "died":
        return this.#died(event.domain, event.epoch, event.why, atMs);
      case "kernel-died":
        this.#died(KERNEL, event.epoch, event.why, atMs);
        this.#begin(KERNEL, event.epoch + 1, atMs);
        return;
      case "fenced": {
        const life = this.#last.get(event.domain);
        if (life === undefined || life.epoch !== event.epoch) return;
        life.endMs ??= atMs;
        life.fencedMs ??= atMs;
        life.isGone ??= event.gone;
        return;
      }
      case "finished": {
        const life = this.#last.get(event.domain);
        if (life !== undefined) life.endMs ??= atMs;
        return;
      }
    }
  }

  /** The kernel has shown that it goes on. */
  kernelGoesOn(atMs: number): void {
    const life = this.#lives.findLast(({ domain, startMs }) =>
      domain === KERNEL && startMs <= atMs
    );
    if (life !== undefined) life.readyMs ??= atMs;
  }

  #ready(event: Extract<SystemEvent, { readonly type: "ready" }>, atMs: number): void {
    const { domain, epoch, tookMs } = event;
    const last = this.#last.get(domain);
    if (last !== undefined && last.epoch >= epoch) return;
    // A kernel may die before it tells of a life's end.
    if (last !== undefined) last.endMs ??= atMs - tookMs;
    const startMs = last?.endMs ?? Math.max(0, atMs - tookMs);
    this.#begin(domain, epoch, startMs).readyMs = atMs;
  }

  #died(domain: string, epoch: number, why: string, atMs: number): void {
    const last = this.#last.get(domain);
    if (last !== undefined && last.epoch > epoch) return;
    if (last?.epoch === epoch && last.why !== undefined) return;
    // One that never served, or whose service a kernel did not live to tell of.
    const life = last?.epoch === epoch ? last : this.#begin(domain, epoch, last?.endMs ?? atMs);
    life.endMs = atMs;
    life.why = why;
    this.#deaths++;
  }

  #begin(domain: string, epoch: number, startMs: number): OpenLife {
    const life: OpenLife = { domain, epoch, startMs };
    this.#lives.push(life);
    this.#last.set(domain, life);
    return life;
  }
}
