/**
 * Files of which one knows what must be left of them whenever the power fails: those who write them
 * note how much had been written to the disk when each thing began, and when it was synced.
 *
 * ```text
 *   document   replaced whole, again and again: written beside, synced, renamed over the old one
 *   log        grows entry by entry, synced now and then
 *   note-N     made, and removed when there are newer ones; the file system is synced now and then
 * ```
 *
 * @module
 */

import type { FileSystemClient, FsFile } from "@hako/fs-server";
import type { Random } from "../random.ts";
import { firstDifference } from "./file_work.ts";

/** How far each of them is: the number of the last version, entry, note made, note removed. */
export interface Extent {
  /** The document's version; 0 for none. */
  readonly document: number;
  /** Entries of the log. */
  readonly log: number;
  /** Notes made. */
  readonly made: number;
  /** Notes removed: the oldest. */
  readonly removed: number;
}

/** Something that was true when there were so many events on the disk's tape. */
export interface Noted {
  /** How many. */
  readonly at: number;
  /** What. */
  readonly extent: Extent;
}

/** What must be left. */
export interface Promises {
  /** Where the files are. */
  readonly directory: string;
  /** What had been begun: nothing beyond it has reached the disk before. */
  readonly begun: readonly Noted[];
  /** What had been synced: all of it survives from then on. */
  readonly synced: readonly Noted[];
}

/** Notes that are there at a time. */
const NOTES_KEPT = 6;

const ENTRY_BYTES = 301;
const DOCUMENT_BYTES_MAX = 40_000;
const NOTE_BYTES_MAX = 15_000;

/** Whoever writes them. */
export class SyncedFiles {
  readonly #fs: FileSystemClient;
  readonly #directory: string;
  readonly #random: Random;
  readonly #events: () => number;
  readonly #log: FsFile;
  readonly #begun: Noted[] = [];
  readonly #synced: Noted[] = [];
  #extent: Extent = { document: 0, log: 0, made: 0, removed: 0 };

  /**
   * Makes the directory, and opens the log in it.
   *
   * @param events How many events there are on the tape of the disk.
   */
  constructor(fs: FileSystemClient, directory: string, random: Random, events: () => number) {
    this.#fs = fs;
    this.#directory = directory;
    this.#random = random;
    this.#events = events;
    fs.mkdirSync(directory);
    this.#log = fs.openSync(`${directory}/log`, { write: true, append: true, createNew: true });
    this.#sync();
  }

  /** What must be left. */
  get promises(): Promises {
    return { directory: this.#directory, begun: this.#begun, synced: this.#synced };
  }

  /** One operation of chance. */
  step(): void {
    const chance = this.#random();
    if (chance < 0.35) this.#append();
    else if (chance < 0.8) this.#note();
    else if (chance < 0.92) this.#replace();
    else this.#sync();
  }

  /** Closes what is open. */
  finish(): void {
    this.#log.close();
  }

  #append(): void {
    const log = this.#extent.log + 1;
    this.#begin({ log });
    this.#log.writeAllSync(content("log", log, ENTRY_BYTES));
    if (this.#random() < 0.15) {
      this.#log.syncDataSync();
      this.#keep({ log });
    }
  }

  #replace(): void {
    const document = this.#extent.document + 1;
    const path = `${this.#directory}/document`;
    this.#begin({ document });
    {
      using file = this.#fs.createSync(`${path}.new`);
      file.writeAllSync(documentOf(document));
      file.syncSync();
    }
    this.#fs.renameSync(`${path}.new`, path);
    if (this.#random() < 0.3) this.#sync();
  }

  #note(): void {
    const made = this.#extent.made + 1;
    this.#begin({ made });
    this.#fs.writeFileSync(`${this.#directory}/note-${made}`, noteOf(made));
    const removed = made - NOTES_KEPT;
    if (removed < 1) return;
    this.#begin({ removed });
    this.#fs.removeSync(`${this.#directory}/note-${removed}`);
  }

  #sync(): void {
    this.#fs.syncSync();
    this.#keep(this.#extent);
  }

  #begin(more: Partial<Extent>): void {
    this.#extent = { ...this.#extent, ...more };
    this.#begun.push({ at: this.#events(), extent: this.#extent });
  }

  #keep(more: Partial<Extent>): void {
    const before = this.#synced.at(-1)?.extent ?? { document: 0, log: 0, made: 0, removed: 0 };
    this.#synced.push({ at: this.#events(), extent: { ...before, ...more } });
  }
}

/** How much two extents are apart at a cut: what is promised, and what may be there as well. */
export function boundsAt({ begun, synced }: Promises, end: number): readonly [Extent, Extent] {
  const none = { document: 0, log: 0, made: 0, removed: 0 };
  const least = synced.findLast(({ at }) => at <= end)?.extent ?? none;
  const most = begun.findLast(({ at }) => at < end)?.extent ?? none;
  return [least, most];
}

/**
 * What of the promises a file system has broken that has come up after a cut; `undefined` if nothing.
 *
 * @param end How many events had happened.
 */
export function brokenPromise(
  fs: FileSystemClient,
  promises: Promises,
  end: number,
): string | undefined {
  const [least, most] = boundsAt(promises, end);
  const { directory } = promises;
  if (promises.synced[0] === undefined || promises.synced[0].at > end) return undefined;
  const read = (name: string) => {
    const path = `${directory}/${name}`;
    return fs.existsSync(path) ? fs.readFileSync(path) : undefined;
  };
  return brokenDocument(read("document"), least.document, most.document) ??
    brokenLog(read("log"), least.log) ??
    brokenNotes(read, least, most);
}

type Read = (name: string) => Uint8Array | undefined;

/** It is one of its versions, whole, and none that had been replaced for good. */
function brokenDocument(found: Uint8Array | undefined, least: number, most: number) {
  if (found === undefined) return least === 0 ? undefined : `document ${least} is gone`;
  for (let version = Math.max(1, least); version <= most; version++) {
    if (firstDifference(found, documentOf(version)) < 0) return undefined;
  }
  return `the document is none of its versions ${least} to ${most}`;
}

/** It begins with all entries that were synced. */
function brokenLog(found: Uint8Array | undefined, least: number): string | undefined {
  if (found === undefined) return "the log is gone";
  for (let entry = 1; entry <= least; entry++) {
    const bytes = found.subarray((entry - 1) * ENTRY_BYTES, entry * ENTRY_BYTES);
    if (firstDifference(bytes, content("log", entry, ENTRY_BYTES)) < 0) continue;
    return `entry ${entry} of ${least} in the log is wrong`;
  }
  return undefined;
}

/** What was removed is gone, what was made is there; what was under way is either. */
function brokenNotes(read: Read, least: Extent, most: Extent): string | undefined {
  for (let note = 1; note <= least.made; note++) {
    const found = read(`note-${note}`);
    if (found === undefined && note > most.removed) return `note ${note} is gone`;
    if (found === undefined) continue;
    if (note <= least.removed) return `note ${note}, which was removed, is there again`;
    if (firstDifference(found, noteOf(note)) >= 0) return `note ${note} is not what it was`;
  }
  return undefined;
}

function documentOf(version: number): Uint8Array {
  return content("document", version, 1 + (version * 7_919) % DOCUMENT_BYTES_MAX);
}

function noteOf(number: number): Uint8Array {
  return content("note", number, 1 + (number * 4_001) % NOTE_BYTES_MAX);
}

/** Bytes that no other thing has. */
function content(what: string, number: number, byteLength: number): Uint8Array {
  const head = new TextEncoder().encode(`${what} ${number}: `);
  const stamp = number * 31 + what.length;
  return Uint8Array.from(
    { length: byteLength },
    (_, i) => head[i] ?? (i * 17 + (i >> 8) * 5 + stamp) & 255,
  );
}
