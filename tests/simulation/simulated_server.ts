/**
 * The storage server in a simulated world: its real code, one incarnation after the other.
 *
 * An incarnation dies at a named point, or at any instant at which it waits for a disk or for
 * requests. Its successor is given a copy of its keep, and every request that it took and did not
 * answer.
 *
 * @module
 */

import { type Later, OsError } from "@hako/ipc";
import type { IntegrityDevice } from "../../storage-server/integrity/integrity_device.ts";
import type { StoredVolume } from "../../storage-server/volume.ts";
import type { Upkeep } from "../../storage-server/upkeep.ts";
import type { Chance } from "./chance.ts";
import { Violation } from "./ledger.ts";
import type { WorldPlan } from "./plan.ts";
import type { PostedRequest, ReplyValues, Requests } from "./requests.ts";
import type { Scheduler } from "./scheduler.ts";
import type { SimulatedDisk } from "./simulated_disk.ts";
import { openServer, type StorageCode } from "./storage_code.ts";

/** The death of an incarnation, thrown through its code. */
export class Death extends Error {
  /** The class name, as `Error` wants it. */
  override readonly name = "Death";
}

/** A death without a stack, which would take longer than the life. */
function deathOf(why: string): Death {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  const death = new Death(why);
  Error.stackTraceLimit = limit;
  return death;
}

/** What a server is made of. */
export interface ServerParts {
  /** Time. */
  readonly scheduler: Scheduler;
  /** When it dies. */
  readonly chance: Chance;
  /** What it is asked. */
  readonly requests: Requests;
  /** What it stands on. */
  readonly disks: readonly SimulatedDisk[];
  /** The code under test. */
  readonly code: StorageCode;
  /** The world. */
  readonly plan: WorldPlan;
  /** Hears of each death. */
  readonly died: () => void;
}

const SCRATCH_BYTES = 224 * 1024;

/** How much faster the server's clock goes: its upkeep thinks in seconds, a world lasts some of them. */
const CLOCK_RATE = 100;

/** Microseconds between two looks at what an integrity layer has to do. */
const LOOK_US = 1_000;

/** Most requests that it takes in one turn. */
const TURN_BUDGET = 4;

/** Deaths of one boot after which it dies no more: recovery must come to an end. */
const DEATHS_MAX = 60;

/** The storage server. */
export class SimulatedServer {
  /** Deaths so far. */
  deaths = 0;
  /** Whether it may die. */
  isMortal = true;
  /** Death points passed. */
  readonly passed: Set<string> = new Set();
  readonly #parts: ServerParts;
  readonly #scratch = new Uint8Array(new SharedArrayBuffer(SCRATCH_BYTES));
  #keep: Uint8Array;
  #otherKeep: Uint8Array;
  #epoch = 0;
  #deathsOfBoot = 0;
  #state: "off" | "starting" | "serving" | "failed" = "off";
  #failure: OsError | undefined;
  #upkeep: Upkeep | undefined;
  #layer: IntegrityDevice | undefined;
  #byIndex: StoredVolume[] = [];
  #isBusy = false;
  #isTurnPlanned = false;

  /** Off. */
  constructor(parts: ServerParts) {
    this.#parts = parts;
    const byteLength = 20_480 + parts.plan.tailImages * 4_224;
    this.#keep = new Uint8Array(new SharedArrayBuffer(byteLength));
    this.#otherKeep = new Uint8Array(new SharedArrayBuffer(byteLength));
    parts.requests.onPosted = () => this.#wake();
  }

  /** Whether it answers requests. */
  get isServing(): boolean {
    return this.#state === "serving";
  }

  /** Whether every leg that it stands on holds everything. */
  get isInStep(): boolean {
    if (!this.isServing) return false;
    return this.#layer === undefined || this.#layer.report().legs.every((state) => state === "in");
  }

  /** Whether it can do without a disk: it has another leg that holds everything. */
  canSpare(disk: number): boolean {
    const legs = this.isServing ? this.#layer?.report().legs : undefined;
    return legs !== undefined && legs[disk ^ 1] === "in";
  }

  /** Why it could not open its volumes, if it could not. */
  get failure(): OsError | undefined {
    return this.#failure;
  }

  /** Starts after a boot: its keep is blank. */
  boot(): void {
    this.#keep.fill(0);
    this.#deathsOfBoot = 0;
    this.#failure = undefined;
    this.#start();
  }

  /**
   * Ends the incarnation, at whatever it is.
   *
   * @throws {Death} If its code is on the stack.
   */
  kill(why: string): void {
    if (!this.isMortal || this.#state === "off" || this.#state === "failed") return;
    if (this.#deathsOfBoot >= DEATHS_MAX) return;
    if (this.#isBusy) throw deathOf(why);
    this.#die(why);
  }

  /**
   * Ends it together with everything else in memory.
   *
   * @throws {Death} If its code is on the stack.
   */
  powerOff(): void {
    this.#state = "off";
    this.#upkeep = undefined;
    if (this.#isBusy) throw deathOf("the power fails");
  }

  #start(): void {
    this.#state = "starting";
    const epoch = ++this.#epoch;
    this.#parts.scheduler.after(this.#parts.chance.between(20, 1_500), () => {
      if (epoch === this.#epoch && this.#state === "starting") this.#run(() => this.#open());
    });
  }

  #open(): void {
    const { code, disks, plan, scheduler } = this.#parts;
    const ports = disks.map((disk) => disk.connect());
    for (const port of ports) port.onEnded = () => this.#wake();
    try {
      const opened = openServer(code, {
        devices: ports,
        scratch: this.#scratch,
        keep: this.#keep,
        epoch: this.#epoch,
        plan,
        nowMs: () => scheduler.nowUs * CLOCK_RATE / 1_000,
        point: (name) => this.#point(name),
      });
      const { how, replayed, damage } = opened.recovery;
      scheduler.note(
        "server",
        this.#epoch,
        () =>
          `${how}, ${replayed} records replayed${
            damage === undefined ? "" : `, damage: ${damage}`
          }`,
      );
      if (damage !== undefined && !plan.mayRefuse) throw new Violation(`damage: ${damage}`);
      this.#upkeep = opened.upkeep;
      this.#layer = opened.layer;
      this.#byIndex = [...opened.volumes.byName.values()];
      this.#state = "serving";
      this.#wake();
    } catch (error) {
      if (!(error instanceof OsError)) throw error;
      if (!plan.mayNotStart) throw new Violation(`it cannot start: ${error.message}`);
      scheduler.note("server", this.#epoch, () => `it cannot start: ${error.message}`);
      this.#failure = error;
      this.#state = "failed";
    }
  }

  /** Runs the incarnation's code, which may die. */
  #run(code: () => void): void {
    this.#isBusy = true;
    try {
      code();
    } catch (error) {
      if (!(error instanceof Death)) throw error;
      this.#isBusy = false;
      this.#die(error.message);
    } finally {
      this.#isBusy = false;
    }
  }

  #die(why: string): void {
    const { scheduler, requests, died } = this.#parts;
    scheduler.note("server", this.#epoch, () => `dies: ${why}`);
    this.#upkeep = undefined;
    if (this.#state === "off") return;
    this.deaths++;
    this.#deathsOfBoot++;
    this.#otherKeep.set(this.#keep); // The dead keep theirs.
    [this.#keep, this.#otherKeep] = [this.#otherKeep, this.#keep];
    requests.requeue();
    this.#start();
    died();
  }

  #point(name: string): void {
    const { plan, chance } = this.#parts;
    this.passed.add(name);
    if (!this.isMortal || this.#deathsOfBoot >= DEATHS_MAX) return;
    if (plan.deathAtPoint > 0 && chance.happens(plan.deathAtPoint)) throw deathOf(`at ${name}`);
  }

  #wake(): void {
    if (this.#state !== "serving" || this.#isTurnPlanned) return;
    this.#isTurnPlanned = true;
    const epoch = this.#epoch;
    this.#parts.scheduler.after(this.#parts.chance.between(1, 30), () => {
      this.#isTurnPlanned = false;
      if (this.#isBusy) return;
      if (epoch === this.#epoch && this.#state === "serving") this.#run(() => this.#turn());
      if (this.#state !== "serving") return;
      if (this.#hasWork) this.#wake();
      else if (this.#parts.plan.layers !== "disk") this.#lookAgain();
    });
  }

  #lookAgain(): void {
    const epoch = this.#epoch;
    this.#parts.scheduler.after(LOOK_US, () => {
      if (epoch === this.#epoch && !this.#isTurnPlanned) this.#wake();
    });
  }

  get #hasWork(): boolean {
    return this.#parts.requests.isAnyPosted || this.#upkeep?.isWaiting === true;
  }

  #turn(): void {
    const upkeep = this.#upkeep!;
    let done = upkeep.turn();
    for (let taken = 0; taken < TURN_BUDGET; taken++) {
      const request = this.#parts.requests.take();
      if (request === undefined) break;
      this.#serve(request);
      done++;
    }
    if (done === 0 && upkeep.isWaiting) upkeep.wait(1);
  }

  #serve(request: PostedRequest): void {
    const { chance, plan, requests, scheduler } = this.#parts;
    const { badge, sequence, operation } = request;
    scheduler.note("server", sequence, () => `takes ${operation} ${badge}.${sequence}`);
    const epoch = this.#epoch;
    const later = (): Later => ({
      answer: (result) => {
        if (epoch !== this.#epoch) throw new Violation("a dead incarnation answers");
        requests.answer(request, result);
      },
      isAbandoned: () => false,
    });
    const answer = call(this.#byIndex[request.volume]!, request, {
      badge,
      sequence,
      isAbandoned: () => false,
      later,
    });
    if (typeof answer === "object" && "answer" in answer) return;
    if (plan.deathAtPoint > 0 && this.isMortal && chance.happens(plan.deathAtPoint / 4)) {
      throw deathOf("before it answers");
    }
    requests.answer(request, answer);
  }
}

interface Context {
  readonly badge: number;
  readonly sequence: number;
  isAbandoned(): boolean;
  later(): Later;
}

function call(
  volume: StoredVolume,
  { operation, values }: PostedRequest,
  context: Context,
): number | ReplyValues | Later {
  if (operation === "lastTag") return volume.lastTag(context.badge);
  if (operation === "flush") return volume.flush();
  const handler = volume[operation] as (request: unknown, context: Context) => number | Later;
  return handler.call(volume, values, context);
}
