/**
 * A client that writes files whose state after any power cut is known.
 *
 * @module
 */

import { FileSystem, FileSystemClient } from "@hako/fs-server";
import { enter } from "@hako/kernel/domain";
import { Pulse, toldError } from "../../record/pulse.ts";
import { randomFrom } from "../random.ts";
import { DiskTape } from "./disk_tape.ts";
import { type Promises, SyncedFiles } from "./synced_files.ts";

/** What it is told. */
export interface SyncWorkerOptions {
  /** Operations that it does. */
  readonly steps: number;
  /** The seed of its chance. */
  readonly seed: number;
  /** Where it works. */
  readonly directory: string;
  /** The tape of the disk. */
  readonly tape: SharedArrayBuffer;
}

/** What it finishes with. */
export interface SyncWorkerResult {
  /** What must be left of its files, whenever the power fails. */
  readonly promises: Promises | undefined;
  /** What was not as it should be; empty if nothing was. */
  readonly failure: string;
}

/** A tape that is so full is full enough. */
const TAPE_USED_MAX = 0.9;

/** How long it leaves the cores to others after each step. */
const DOZE_MS = 1;

const domain = await enter();
const { steps, seed, directory, tape: memory } = domain.options as unknown as SyncWorkerOptions;
const tape = new DiskTape(memory);
const pulse = new Pulse(domain);
let files: SyncedFiles | undefined;
let failure = "";
try {
  const fs = new FileSystemClient(domain.connect(FileSystem, "files"), domain.window("buffers"));
  const work = files = new SyncedFiles(fs, directory, randomFrom(seed), () => tape.length);
  for (let step = 1; step <= steps && tape.used < TAPE_USED_MAX; step++) {
    pulse.time(() => work.step());
    pulse.reach(step);
    await new Promise((resolve) => setTimeout(resolve, DOZE_MS));
  }
  files.finish();
} catch (error) {
  failure = toldError(error);
}
pulse.flush();
domain.finish({ promises: files?.promises, failure } satisfies SyncWorkerResult);
