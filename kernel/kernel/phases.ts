/**
 * From boot to halt: what waits until all domains have started, and the order in which they end.
 *
 * @module
 */

import type { Errno } from "@hako/ipc";
import type { KernelCore } from "./kernel_core.ts";
import type { DomainEntry } from "./tables.ts";

/** The phases of one system. */
export class Phases {
  readonly #kernel: KernelCore;
  readonly #endHalting: (entry: DomainEntry) => void;

  /**
   * The phases in the tables of `kernel`.
   *
   * @param endHalting Ends a domain that is to halt and cannot be asked.
   */
  constructor(kernel: KernelCore, endHalting: (entry: DomainEntry) => void) {
    this.#kernel = kernel;
    this.#endHalting = endHalting;
  }

  /** The program asks whether all have started. */
  awaitBoot(call: number): void {
    const { tables } = this.#kernel;
    tables.system.bootCall = call;
    tables.changedSystem();
    const lost = [...tables.domains.values()].find(({ row }) => row.state === "gave-up");
    if (lost !== undefined) this.fail(lost, "EHOSTDOWN");
    this.settled();
  }

  /** A domain came to serve, or ended: what waited for that goes on. */
  settled(): void {
    const { tables } = this.#kernel;
    if (tables.system.isHalting) return this.proceed();
    if (tables.system.bootCall === 0) return;
    for (const { row: { state }, plan } of tables.domains.values()) {
      const isUnderWay = state === "starting" || state === "fencing" || state === "backing-off";
      if (isUnderWay && plan.start === "boot") return;
    }
    this.#kernel.answer(tables.system.bootCall);
    tables.system.bootCall = 0;
    tables.changedSystem();
  }

  /** A domain will not live: if the boot still waits, it has failed. */
  fail({ plan: { name }, row: { why } }: DomainEntry, code: Errno): void {
    const { tables } = this.#kernel;
    if (tables.system.bootCall !== 0) {
      this.#kernel.refuse(tables.system.bootCall, code, `start ${name}: ${why}`);
      tables.system.bootCall = 0;
      tables.changedSystem();
    }
    this.proceed();
  }

  /** The program asks for an end in order. */
  halt(call: number): void {
    const { tables } = this.#kernel;
    tables.system.haltCall = call;
    tables.system.isHalting = true;
    tables.changedSystem();
    this.proceed();
  }

  /** The system ends in order by itself, since one domain of it may not be missing. */
  stop(why: string): void {
    const { tables } = this.#kernel;
    tables.system.isHalting = true;
    tables.system.stopWhy = why;
    tables.changedSystem();
  }

  /** A domain has closed in order. */
  halted(entry: DomainEntry): void {
    entry.row.state = "halted";
    this.#kernel.tables.changed(entry);
    this.proceed();
  }

  /** Callers halt before those whom they call: the last that lives, by the order, is asked next. */
  proceed(): void {
    const { tables } = this.#kernel;
    if (!tables.system.isHalting) return;
    for (const entry of [...tables.domains.values()].reverse()) {
      const { row } = entry;
      if (row.state === "ready" || row.state === "finished") return this.#haltOne(entry);
      // Who does not serve yet may end anywhere in its start: nothing was promised to anybody.
      if (row.state === "starting") return this.#endHalting(entry);
      if (row.state === "fencing") return;
      if (row.state !== "backing-off") continue;
      row.state = "halted";
      tables.changed(entry);
    }
    if (tables.system.haltCall !== 0) this.#kernel.answer(tables.system.haltCall);
    else this.#kernel.order({ type: "stopped", why: tables.system.stopWhy });
  }

  /** Asks a domain to close in order; one that does not is fenced and ended in time. */
  #haltOne(entry: DomainEntry): void {
    const { row } = entry;
    if (row.haltingSinceMs !== 0) return;
    if (row.state === "finished") row.state = "ready"; // From here on its life is looked at again.
    row.haltingSinceMs = this.#kernel.nowMs();
    this.#kernel.tables.changed(entry);
    this.#kernel.control(entry, { type: "halt" });
  }
}
