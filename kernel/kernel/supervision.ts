/**
 * Supervision: notices deaths, fences, replaces, hands over.
 *
 * The order is always the same. **Fence**: the domain's fence word is set and the epoch in every
 * slot of the channels it serves is raised, so that no step of the old incarnation counts; what it
 * had taken is posted again. Channels in which it was the client are closed at their servers.
 * **Wait until it is gone**: at once if it was asleep, in microseconds if it runs a healthy loop,
 * up to a limit otherwise. **Replace**: the successor gets the same channels to serve, fresh ones
 * to call, and its keeps and windows - the same memory if the predecessor is gone, else a copy of
 * each keep and new windows, so that a zombie scribbles where nobody reads. **Recover** is the
 * successor's own work, before it serves.
 *
 * What was decided is in the tables before it happens, so each step may be taken again by the next
 * kernel: `takeUp` begins with those that the last one may have left out.
 *
 * @module
 */

import { assert, EPOCH_MAX, ERRNO, type Errno, PROGRESS } from "@hako/ipc";
import { ACTIVITY, BOOT, EXIT, exitText, SAID } from "../layouts/boot.ts";
import {
  ABUSES_MAX,
  FAILED_STARTS_MAX,
  FENCE_MS_MAX,
  FLOODS_MAX,
  HALT_MS_MAX,
  LEASE_MS,
  START_MS_MAX,
  TICK_MS,
} from "../limits.ts";
import type { Death, WorkerPlan } from "../messages.ts";
import type { Phases } from "./phases.ts";
import { backoffMs, mayRestart, type Verdict } from "./restart_policy.ts";
import { type Quarantine, quarantine } from "./quarantine.ts";
import { type DomainEntry, isGone } from "./tables.ts";
import { MODULE_BYTES_MAX } from "./tables_schema.ts";

const FENCE = BOOT.at.fence >> 2;
const STATE = BOOT.at.activity >> 2;
const HEARTBEAT = BOOT.at.heartbeat >> 2;
const EXIT_WORD = BOOT.at.exit >> 2;
const SAID_WORD = BOOT.at.said >> 2;
const PROGRESS_AT = BOOT.at.progress >> 2;

/** Looks at a domain within the time for which it may hang. */
const HANG_LOOKS = 50;

/** By how much the host lengthens a wait in the event loop: measured on Deno 2.9. */
const WAIT_EXCESS_MS = 1;

/** How long an app that does not listen may go on after it was told to halt. */
const DEAF_HALT_MS = 200;

/** What supervision asks of the kernel whose domains it keeps alive. */
export interface Supervised extends Quarantine {
  readonly phases: Phases;
  /** Gives a domain its next life. */
  start(entry: DomainEntry): void;
  /** Has the machine start the worker of a life that the tables know of. */
  launch(entry: DomainEntry): void;
  /** Takes from a domain what it holds: it will not live again. */
  disown(entry: DomainEntry): void;
}

/** Keeps the domains of one kernel alive. */
export class Supervision {
  readonly #kernel: Supervised;

  /** Supervises the domains of `kernel`. */
  constructor(kernel: Supervised) {
    this.#kernel = kernel;
  }

  /** Does again what the last kernel decided and may not have done. */
  takeUp(): void {
    for (const entry of this.#domains()) {
      const { state } = entry.row;
      entry.lastBeatAtMs = this.#kernel.nowMs(); // This kernel has seen nobody be silent yet.
      if (state === "fencing") this.#enforceFence(entry);
      if (state === "gave-up") this.#closeAll(entry, ERRNO.EHOSTDOWN);
      // The machine starts each life once, however often it is told.
      if (state === "starting" && entry.port === undefined) this.#kernel.launch(entry);
    }
    this.#kernel.phases.proceed();
  }

  /** Looks at every domain: deaths, leases, hangs, limits. */
  tick(): void {
    const nowMs = this.#kernel.nowMs();
    for (const entry of this.#domains()) {
      const { state } = entry.row;
      if (state === "starting" || state === "ready") this.#inspect(entry, nowMs);
    }
    const { tables } = this.#kernel;
    for (const zombie of tables.zombies) {
      if (!isGone(zombie.boot)) continue;
      const { domain, boot } = zombie.row;
      tables.removeZombie(zombie);
      this.#rousePeers(domain);
      this.#kernel.effect(() => tables.release(boot));
    }
  }

  /** Goes on with what waits for an end or for its time. */
  proceed(): void {
    const nowMs = this.#kernel.nowMs();
    for (const entry of this.#domains()) {
      if (entry.row.state === "fencing") this.#awaitGone(entry, nowMs);
      if (entry.row.state !== "backing-off" || nowMs < entry.row.notBeforeMs) continue;
      this.#kernel.start(entry);
    }
  }

  /** How long nothing is due. */
  get quietMs(): number {
    let untilMs = TICK_MS;
    const nowMs = this.#kernel.nowMs();
    for (const { row, plan: { hangMs }, lastBeatAtMs } of this.#domains()) {
      if (row.state === "ready" && hangMs > 0) {
        // A sign of life is seen so much later at most, and its lack just when it counts as a hang.
        const leftMs = lastBeatAtMs + hangMs - nowMs - WAIT_EXCESS_MS;
        const isLast = leftMs > -WAIT_EXCESS_MS; // Asleep, it may be silent for longer.
        untilMs = Math.min(untilMs, Math.max(1, hangMs / HANG_LOOKS));
        if (isLast) untilMs = Math.min(untilMs, Math.max(0, leftMs));
      }
      if (row.state !== "backing-off") continue;
      untilMs = Math.min(untilMs, Math.max(1, row.notBeforeMs - nowMs));
    }
    return untilMs;
  }

  /** What the worker of a domain's next life is made from. */
  workerPlan({ plan, row }: DomainEntry): WorkerPlan {
    const { module, permissions, memoryLimitMb } = plan;
    const limit = memoryLimitMb === undefined ? {} : { memoryLimitMb };
    return { module: row.module === "" ? module : row.module, permissions, ...limit };
  }

  /** The domain serves its endpoints, or an app has entered. */
  ready(entry: DomainEntry): void {
    const { row, plan: { name, spare } } = entry;
    if (row.state !== "starting") return;
    row.state = "ready";
    row.failedStarts = 0;
    entry.lastBeatAtMs = this.#kernel.nowMs(); // However long it took to start: it may hang from here.
    const tookMs = this.#kernel.nowMs() - row.startedAtMs;
    this.#kernel.event({ type: "ready", domain: name, epoch: row.epoch, tookMs });
    if (row.upgradeCall !== 0) this.#kernel.answer(row.upgradeCall);
    row.upgradeCall = 0;
    row.moduleBefore = row.module;
    this.#kernel.tables.changed(entry);
    if (spare) this.#prepare(entry);
    this.#kernel.phases.settled();
  }

  /** An app's work is done. */
  finished(entry: DomainEntry): void {
    if (entry.row.state === "starting") this.ready(entry);
    if (entry.row.state !== "ready") return;
    entry.row.state = "finished";
    this.#kernel.tables.changed(entry);
  }

  /** The domain says that no restart would mend it. If it is a new module, the one before goes on. */
  failed(entry: DomainEntry, code: Errno, what: string): void {
    this.#setWhy(entry, what);
    if (this.#rollBack(entry)) return this.died(entry, { why: what, ordered: true });
    this.#endForGood(entry, code);
  }

  /** An incarnation is dead, or is to be treated so. Later news of the same death is ignored. */
  died(entry: DomainEntry, { why, gone = false, ordered = false }: Death): void {
    const { row, number, plan: { name } } = entry;
    if (gone && !row.isGone) {
      row.isGone = true;
      this.#kernel.tables.changed(entry);
    }
    if (row.state !== "starting" && row.state !== "ready") return;
    this.#setWhy(entry, why);
    row.deaths++;
    if (row.state === "starting" && !ordered) row.failedStarts++;
    const atMs = this.#kernel.nowMs();
    this.#kernel.tables.addDeath({ domain: number, atMs, isCounted: true });
    this.#kernel.event({ type: "died", domain: name, epoch: row.epoch, why });
    if (!ordered) this.#blame(entry, why);
    this.#fence(entry);
  }

  /** Replaces a domain as if it had died. A domain in its fence is left to it. */
  restart(entry: DomainEntry): void {
    this.died(entry, { why: "restarted on request", ordered: true });
  }

  /** Ends a domain for good. */
  retire(entry: DomainEntry, why: string): void {
    const { state } = entry.row;
    if (state === "gave-up" || state === "halted") return;
    this.#setWhy(entry, why);
    this.#endForGood(entry, "EHOSTDOWN");
  }

  #endForGood(entry: DomainEntry, code: Errno): void {
    this.#fence(entry);
    this.#terminate(entry);
    this.#giveUp(entry, code);
  }

  /** Replaces a domain by one that runs another module; goes back if that one does not start. */
  upgrade(entry: DomainEntry, call: number, module: string): void {
    const { row, plan: { name } } = entry;
    const isLive = row.state === "starting" || row.state === "ready";
    if (!isLive || row.upgradeCall !== 0) {
      const why = row.upgradeCall !== 0 ? "the last upgrade is under way" : `it is ${row.state}`;
      return this.#kernel.refuse(call, "EBUSY", `upgrade ${name}: ${why}`);
    }
    if (new TextEncoder().encode(module).byteLength > MODULE_BYTES_MAX) {
      return this.#kernel.refuse(call, "ENAMETOOLONG", `upgrade ${name} to that module`);
    }
    row.moduleBefore = row.module;
    row.module = module;
    row.upgradeCall = call;
    row.failedStarts = 0;
    this.#kernel.tables.changed(entry);
    this.#prepare(entry);
    this.died(entry, { why: `upgraded to ${module}`, ordered: true });
  }

  /** Starts a domain that waits to be asked, or an app that has finished, again; if it does. */
  startOnRequest(entry: DomainEntry): boolean {
    const { row } = entry;
    if (row.state === "waiting") this.#kernel.start(entry);
    else if (row.state === "finished") {
      row.isAgain = true;
      this.#fence(entry);
    } else return false;
    return true;
  }

  /** A domain has told more than was read in its turn; of too many such turns in a row it is ended. */
  flooded(entry: DomainEntry): void {
    if (++entry.floods > FLOODS_MAX) this.died(entry, { why: "it floods the kernel" });
  }

  /** A domain has told the kernel what has no meaning; of too much of that it is ended. */
  abused(entry: DomainEntry): void {
    if (++entry.abuses > ABUSES_MAX) this.died(entry, { why: "it tells the kernel no sense" });
  }

  #domains(): Iterable<DomainEntry> {
    return this.#kernel.tables.domains.values();
  }

  #setWhy(entry: DomainEntry, why: string): void {
    entry.row.why = clipped(why);
    this.#kernel.tables.changed(entry);
  }

  #inspect(entry: DomainEntry, nowMs: number): void {
    const { row, plan: { kind, serves, hangMs } } = entry;
    const exit = Atomics.load(entry.boot, EXIT_WORD);
    if (exit !== EXIT.NONE) return this.died(entry, { why: exitText(entry.boot), gone: true });
    // Told as well; but the kernel that was told may be dead.
    const said = Atomics.load(entry.boot, SAID_WORD);
    if (said === SAID.HALTED && row.haltingSinceMs !== 0) return this.#kernel.phases.halted(entry);
    if (said === SAID.READY && row.state === "starting") this.ready(entry);
    const deaf = Object.keys(serves).length === 0;
    if (row.haltingSinceMs !== 0) {
      // A gateway has programs outside to take leave of.
      const limitMs = deaf && kind !== "gateway" ? DEAF_HALT_MS : HALT_MS_MAX;
      if (nowMs - row.haltingSinceMs > limitMs) return this.endHalting(entry);
    }
    const beat = Atomics.load(entry.boot, HEARTBEAT);
    if (beat !== entry.lastBeat) {
      entry.lastBeat = beat;
      entry.lastBeatAtMs = nowMs;
      return;
    }
    const silentMs = nowMs - entry.lastBeatAtMs;
    if (row.state === "starting") {
      if (silentMs > START_MS_MAX) this.died(entry, { why: "it did not start in time" });
    } else if (hangMs > 0) {
      const asleep = Atomics.load(entry.boot, STATE) === ACTIVITY.ASLEEP;
      if (asleep && silentMs > LEASE_MS) this.died(entry, { why: "its lease lapsed" });
      if (asleep || silentMs <= hangMs) return;
      entry.isStuck = true;
      this.died(entry, { why: "it hangs" });
    }
  }

  /** Ends a domain that is to halt and does not. */
  endHalting(entry: DomainEntry): void {
    this.#fence(entry);
    this.#terminate(entry);
    this.#kernel.phases.halted(entry);
  }

  /** From here on nothing counts that this incarnation does. */
  #fence(entry: DomainEntry): void {
    const { row } = entry;
    this.#kernel.control(entry, { type: "fence" }); // Told while it still counts as alive.
    row.fencedAtMs = this.#kernel.nowMs();
    row.slotEpoch = this.#nextEpoch(entry);
    row.state = "fencing";
    this.#kernel.tables.changed(entry);
    this.#enforceFence(entry);
  }

  #enforceFence({ boot, row, number }: DomainEntry): void {
    const { connections, tables } = this.#kernel;
    const { slotEpoch } = row;
    const served = connections.ofServer(number).map(({ channel }) => channel);
    const called = connections.ofClient(number);
    const closed = called.map(({ channel }) => channel);
    this.#kernel.effect(() => {
      // What it asks for from here on is taken by nobody: no server lives in the last epoch.
      for (const channel of closed) channel.fence(EPOCH_MAX);
      Atomics.store(boot, FENCE, 1);
      for (const channel of served) channel.fence(slotEpoch);
      for (const channel of closed) channel.close(ERRNO.EPIPE);
    });
    // Its servers are not to take what a zombie goes on posting.
    for (const { row: { server, channel } } of called) {
      this.#kernel.control(tables.domain(server)!, { type: "close", channel });
    }
  }

  /** Ends the worker of a fenced incarnation: after it has had the time to say that it is gone. */
  #terminate({ plan: { name }, row: { epoch } }: DomainEntry): void {
    this.#kernel.order({ type: "terminate", name, epoch });
  }

  #prepare(entry: DomainEntry): void {
    const { name } = entry.plan;
    this.#kernel.order({ type: "prepare", name, plan: this.workerPlan(entry) });
  }

  /**
   * The next epoch, one whose reply areas no living zombie of this domain writes. With zombies of both
   * parities there is none: then that of the life just fenced, which is usually gone by now.
   */
  #nextEpoch({ row, number }: DomainEntry): number {
    const taken = new Set([row.epoch & 1]);
    for (const { row: zombie } of this.#kernel.tables.zombies) {
      if (zombie.domain === number) taken.add(zombie.epoch & 1);
    }
    const next = taken.has((row.epoch + 1) & 1) ? row.epoch + 2 : row.epoch + 1;
    assert(next <= EPOCH_MAX, "an epoch fits its 24 bits of a slot's state");
    return next;
  }

  #awaitGone(entry: DomainEntry, nowMs: number): void {
    const { row, plan: { name, restart } } = entry;
    const gone = isGone(entry.boot) || row.isGone;
    const tookMs = nowMs - row.fencedAtMs;
    // One that has not looked for as long as it may hang will not look now.
    if (!gone && !entry.isStuck && tookMs < FENCE_MS_MAX) return;
    this.#terminate(entry);
    this.#rousePeers(entry.number);
    const verdict = row.isAgain ? "restart" : this.#judge(entry, nowMs);
    if (verdict === "stop") this.#kernel.phases.stop(clipped(`${name} died too often: ${row.why}`));
    if (verdict !== "restart" && verdict !== "escalate") return this.#giveUp(entry, "EHOSTDOWN");
    if (verdict === "escalate") this.#escalate(entry, nowMs);
    this.#kernel.event({ type: "fenced", domain: name, epoch: row.epoch, gone, tookMs });
    if (!gone) {
      const failure = quarantine(this.#kernel, entry);
      if (failure !== undefined) {
        this.#setWhy(entry, failure);
        return this.#giveUp(entry, "EUCLEAN");
      }
    }
    for (const connection of this.#kernel.connections.ofClient(entry.number)) {
      this.#kernel.connections.renew(connection);
    }
    const { number } = entry;
    const deaths = this.#kernel.tables.deathsSince(number, nowMs - restart.windowMs);
    const waitMs = row.isAgain ? 0 : backoffMs(restart, deaths);
    row.isAgain = false;
    row.haltingSinceMs = 0;
    row.notBeforeMs = nowMs + waitMs;
    row.state = "backing-off";
    this.#kernel.tables.changed(entry);
    if (waitMs === 0) this.#kernel.start(entry);
  }

  /**
   * Wakes everybody whom a domain may have been ringing, of which an incarnation has just gone:
   * between the two steps of a ring it may have taken an announcement of sleep with it.
   */
  #rousePeers(number: number): void {
    const { connections, tables } = this.#kernel;
    const served = connections.ofServer(number).map(({ channel }) => channel);
    const called = connections.ofClient(number).map(({ row }) => tables.domain(row.server)!.bell);
    this.#kernel.effect(() => {
      for (const channel of served) channel.core.rouse();
      for (const bell of called) bell.ring();
    });
  }

  /** What is to become of a domain that has died. */
  #judge(entry: DomainEntry, nowMs: number): Verdict {
    const { row, number, plan } = entry;
    const { windowMs } = plan.restart;
    if (row.failedStarts >= FAILED_STARTS_MAX) return this.#rollBack(entry) ? "restart" : "degrade";
    const sinceMs = Math.max(nowMs - windowMs, row.escalatedAtMs);
    const deaths = this.#kernel.tables.deathsSince(number, sinceMs);
    const hasEscalated = row.escalatedAtMs > nowMs - windowMs && row.escalatedAtMs > 0;
    return mayRestart(plan.restart, { deaths, hasEscalated });
  }

  /** A new module that does not start makes way for the one before. */
  #rollBack(entry: DomainEntry): boolean {
    const { row, plan: { name } } = entry;
    if (row.upgradeCall === 0) return false;
    const what = `upgrade ${name}: ${row.why}; it goes on with the module before`;
    this.#kernel.refuse(row.upgradeCall, "EIO", what);
    this.#kernel.event({ type: "rolled-back", domain: name, epoch: row.epoch, why: row.why });
    row.upgradeCall = 0;
    row.module = row.moduleBefore;
    row.failedStarts = 0;
    this.#kernel.tables.changed(entry);
    return true;
  }

  /** All that call a domain get one more life with it, callees first. */
  #escalate(entry: DomainEntry, nowMs: number): void {
    entry.row.escalatedAtMs = nowMs;
    const callers = new Set([entry.number]);
    for (const server of callers) {
      for (const { row } of this.#kernel.connections.ofServer(server)) {
        if (row.client !== 0) callers.add(row.client);
      }
    }
    callers.delete(entry.number);
    for (const caller of this.#domains()) {
      if (!callers.has(caller.number)) continue;
      const why = `${entry.plan.name}, which it calls, has died too often`;
      this.died(caller, { why, ordered: true });
    }
  }

  /** The incarnation died in a handler: of too many such deaths the request is to blame. */
  #blame({ boot, number, plan }: DomainEntry, why: string): void {
    const index = boot[PROGRESS_AT + PROGRESS.CHANNEL]! - 1;
    if (index < 0) return;
    const { connections, tables } = this.#kernel;
    const connection = connections.ofServer(number).find(({ row }) => row.index === index);
    if (connection === undefined) return;
    const { badge, endpoint } = connection.row;
    const sequence = boot[PROGRESS_AT + PROGRESS.SEQUENCE]! >>> 0;
    const suspect = tables.suspect(badge, sequence);
    if (suspect.tries < plan.poisonTries) return;
    tables.poison(suspect);
    const operation = boot[PROGRESS_AT + PROGRESS.CODE]!;
    const { tries } = suspect;
    const domain = plan.name;
    const evidence = { domain, endpoint, operation, badge, sequence, tries, why };
    this.#kernel.event({ type: "poisoned", ...evidence });
  }

  #giveUp(entry: DomainEntry, code: Errno): void {
    const { row, plan: { name } } = entry;
    row.state = "gave-up";
    if (row.upgradeCall !== 0) {
      this.#kernel.refuse(row.upgradeCall, code, `upgrade ${name}: ${row.why}`);
      row.upgradeCall = 0;
    }
    this.#kernel.tables.changed(entry);
    this.#closeAll(entry, ERRNO.EHOSTDOWN);
    this.#kernel.event({ type: "gave-up", domain: name, epoch: row.epoch, why: row.why });
    this.#kernel.disown(entry);
    this.#kernel.phases.fail(entry, code);
  }

  #closeAll({ number }: DomainEntry, errno: number): void {
    for (const { channel } of this.#kernel.connections.ofServer(number)) {
      this.#kernel.effect(() => channel.close(errno));
    }
  }
}

/** A reason of which the rest was cut off, so that it fits its row. */
function clipped(why: string): string {
  return why.length <= 80 ? why : new TextDecoder().decode(
    new TextEncoder().encode(why).subarray(0, 236),
  ).replace(/\uFFFD$/, "…");
}
