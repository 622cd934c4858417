/**
 * One workload, and the power cut after each of its device events, in every way in which the writes
 * that no flush covered may survive: all subsets of up to twelve, samples beyond, each of them torn.
 * What is left is recovered, sometimes cut again inside recovery, and judged.
 *
 * @module
 */

import { type CutOptions, PowerCut } from "../../storage-server/power_cut.ts";
import type { DeviceEvent } from "../../storage-server/simulated_device.ts";
import {
  SimulatedVolume,
  type SimulatedVolumeOptions,
  survive,
} from "../../storage-server/simulated_volume.ts";
import { VolumeModel, type Wholeness } from "../../storage-server/volume_model.ts";
import { type Operation, randomWorkload, seededRandom } from "../../storage-server/workload.ts";
import { Violation } from "./ledger.ts";

/** All subsets are tried of so many unflushed writes. */
const SUBSETS_MAX = 12;

/** Ways that are tried of one event at most: more come by chance. */
const WAYS_MAX = 5_000;

/** One in so many cuts is followed by cuts inside the recovery from it. */
const AGAIN_SHARE = 1 / 40;

/** Blocks in use: few, so that images, writes and records meet. */
const SPAN = 14;

const VOLUME_BLOCKS = 20;

interface Disk extends SimulatedVolumeOptions {
  /** How often the server dies, at each death point. */
  readonly deaths: number;
  /** What a torn write in a volume leaves whole. */
  readonly sectorBytes: 512 | 4096;
}

interface Progress {
  readonly operation: Operation;
  readonly started: number;
  readonly acknowledged: number;
}

interface Recording {
  readonly start: Uint8Array;
  readonly events: readonly DeviceEvent[];
  readonly progress: readonly Progress[];
  readonly base: Uint32Array;
}

/** A round under way. */
export class PowerCutRound {
  /** Cuts judged so far. */
  cuts = 0;
  /** Most writes that were unflushed at once. */
  unflushedMost = 0;
  readonly #disk: Disk;
  readonly #random: () => number;
  readonly #operations: readonly Operation[];
  readonly #tears: CutOptions;

  /** Draws a disk and a workload. */
  constructor(seed: number) {
    const random = this.#random = seededRandom(Math.imul(seed, 0x9e3779b1));
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
    const ringLength = pick([8, 10, 14, 24]);
    const atomicWrites = pick(["device", "device", "journal"] as const);
    this.#disk = {
      deviceBlocks: VOLUME_BLOCKS + ringLength + 2,
      ringLength,
      keepBytes: 20_480 + pick([6, 12]) * 4_224,
      atomicWrites,
      deaths: pick([0, 0, 0.01, 0.03]),
      sectorBytes: pick([512, 4096]),
    };
    const fineFrom = VOLUME_BLOCKS * 4096;
    const { sectorBytes } = this.#disk;
    this.#tears = { sectorBytes, ringFrom: fineFrom, fineFrom, subsetsMax: SUBSETS_MAX };
    this.#operations = randomWorkload(random, 20 + Math.floor(random() * 40), { blockCount: SPAN });
  }

  /** The round in a few words. */
  get what(): string {
    const { ringLength, deaths, sectorBytes, atomicWrites } = this.#disk;
    const by = atomicWrites === "journal" ? " by the journal" : "";
    return `${this.#operations.length} operations, ring ${ringLength}, torn at ${sectorBytes}, ` +
      `blocks whole${by}${deaths > 0 ? ", deaths" : ""}`;
  }

  /**
   * Judges the cuts of one event after the other, and yields between.
   *
   * @throws {Violation} If what is left is not legal.
   */
  *play(): Generator<void> {
    const recording = this.#record();
    const cut = new PowerCut(recording.start, recording.events, this.#tears);
    for (let end = 0; end <= recording.events.length; end++) {
      cut.advance(end);
      this.unflushedMost = Math.max(this.unflushedMost, cut.unflushedCount);
      const model = modelAt(recording, end);
      let way = 0;
      for (const survival of cut.survivals(this.#random, 50)) {
        if (way >= WAYS_MAX) break;
        const image = cut.image(survival);
        const where = `after device event ${end} of ${recording.events.length}, way ${way++}`;
        if (this.#random() < AGAIN_SHARE) this.#cutAgain(model, image, where);
        else this.#judge(model, image, where);
        if (way % 100 === 0) yield;
      }
      yield;
    }
  }

  #record(): Recording {
    const start = new SimulatedVolume(this.#disk).open().device.bytes;
    const simulated = new SimulatedVolume(this.#disk, start.slice()).open();
    const { device } = simulated;
    const base = simulated.readSectors();
    device.chance = this.#random;
    simulated.dies = () => this.#random() < this.#disk.deaths;
    const progress = this.#operations.map((operation, index) => {
      const started = device.events.length;
      survive(() => {
        const result = simulated.execute(operation, index + 1);
        if (result < 0) throw new Violation(`${operation.kind} answers ${result}`);
      }, () => simulated.open());
      return { operation, started, acknowledged: device.events.length };
    });
    return { start, events: device.events, progress, base };
  }

  /** Cuts the power at every event of the recovery, too. */
  #cutAgain(model: VolumeModel, image: Uint8Array, where: string): void {
    const { events } = new SimulatedVolume(this.#disk, image.slice()).open().device;
    const cut = new PowerCut(image, events, { ...this.#tears, subsetsMax: 3 });
    for (let end = 0; end <= events.length; end++) {
      cut.advance(end);
      for (const survival of cut.survivals(this.#random, 2)) {
        this.#judge(model, cut.image(survival), `${where}, again at event ${end} of recovery`);
      }
    }
  }

  #judge(model: VolumeModel, image: Uint8Array, where: string): void {
    this.cuts++;
    const simulated = new SimulatedVolume(this.#disk, image);
    simulated.device.records = false;
    simulated.open();
    const { sectorBytes, atomicWrites } = this.#disk;
    const isWhole = sectorBytes === 4096 || atomicWrites === "journal";
    const wholeness: Wholeness = isWhole ? "block" : "sector";
    const wrong = simulated.recovery.damage ?? model.judge(simulated.readSectors(), wholeness);
    if (wrong !== undefined) throw new Violation(`${where}: ${wrong}`);
  }
}

/** The model of a workload that was cut after `end` events. */
function modelAt({ base, progress }: Recording, end: number): VolumeModel {
  const model = new VolumeModel(base);
  for (const { operation, started, acknowledged } of progress) {
    if (started > end) break;
    model.start(operation);
    if (acknowledged <= end) model.end(operation);
  }
  return model;
}
