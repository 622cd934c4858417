/**
 * Open files by number, as a process of Unix has them: the smallest number that is free.
 *
 * @module
 */

import { descriptorOf } from "./arguments.ts";
import type { PosixFile } from "./calls.ts";
import { nodeError, systemError } from "./errors.ts";

/** The first number: those below are a process's standard streams. */
const FIRST = 3;

/** Files that may be open at a time. */
const OPEN_MAX = 65_536;

/** An open file with its position. */
export interface Descriptor {
  /** The file. */
  readonly file: PosixFile;
  /** Where the next read or write without a position begins. */
  position: number;
  /** The flags with which it was opened. */
  readonly flags: number;
  /** The path with which it was opened, for messages. */
  readonly path: string;
}

/** The open files of one adapter. */
export class Descriptors {
  readonly #open: (Descriptor | undefined)[] = [];
  /** No number below is free. */
  #lowest = 0;

  /** Gives an open file a number. */
  add(file: PosixFile, options: { flags: number; path: string }): number {
    let index = this.#lowest;
    while (this.#open[index] !== undefined) index++;
    if (index >= OPEN_MAX) {
      file.close();
      throw systemError("EMFILE", { syscall: "open", path: options.path });
    }
    this.#open[index] = { file, position: 0, ...options };
    this.#lowest = index + 1;
    return FIRST + index;
  }

  /** The open file of that number. */
  get(fd: unknown, syscall: string): Descriptor {
    const descriptor = this.#open[descriptorOf(fd) - FIRST];
    if (descriptor === undefined) throw systemError("EBADF", { syscall });
    return descriptor;
  }

  /** Closes a file; its number is free then, whatever the file system says. */
  close(fd: unknown): void {
    const { file } = this.get(fd, "close");
    const index = descriptorOf(fd) - FIRST;
    this.#open[index] = undefined;
    this.#lowest = Math.min(this.#lowest, index);
    try {
      file.close();
    } catch (error) {
      throw nodeError(error, { syscall: "close" });
    }
  }
}
