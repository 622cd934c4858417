/**
 * A client of the file system that works on files until it is told to stop, and finds each as it left
 * it: by the model in its memory, whatever dies below it.
 *
 * @module
 */

import { FileSystem, FileSystemClient } from "@hako/fs-server";
import { enter } from "@hako/kernel/domain";
import { Pulse, toldError } from "../../record/pulse.ts";
import { randomFrom } from "../random.ts";
import { FileWork } from "./file_work.ts";

/** What it finishes with. */
export interface FileWorkerResult {
  /** Operations done. */
  readonly operations: number;
  /** What was not as it should be; empty if nothing was. */
  readonly failure: string;
}

/** How long it leaves the cores to others after each step: workers must be started, too. */
const DOZE_MS = 1;

const domain = await enter();
const { stop, seed, directory } = domain.options as {
  readonly stop: SharedArrayBuffer;
  readonly seed: number;
  readonly directory: string;
};
const stopWord = new Int32Array(stop);
const isOver = () => Atomics.load(stopWord, 0) !== 0;
const pulse = new Pulse(domain);
let operations = 0;
let failure = "";
try {
  const fs = new FileSystemClient(domain.connect(FileSystem, "files"), domain.window("buffers"));
  const files = new FileWork(fs, directory, randomFrom(seed));
  while (!isOver()) {
    pulse.time(() => files.step());
    operations++;
    await new Promise((resolve) => setTimeout(resolve, DOZE_MS));
  }
  pulse.time(() => files.finish());
} catch (error) {
  failure = toldError(error);
}
pulse.flush();
domain.finish({ operations, failure } satisfies FileWorkerResult);
