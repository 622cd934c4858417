/**
 * What the gateway knows of names and attributes, so that it need not ask: what it was told holds for
 * as long as one word in its window does not change (`nameGeneration` of a session), which the file
 * server counts up with every change that could be seen, before it answers that.
 *
 * The word does not say what has changed, so all is void then; unless it was our own doing. Where nobody
 * else may change files, every change of ours that is done counts up at least once, and nothing is lost
 * of that when a server dies: its successor counts up as well. So if the word has been counted up just
 * as often as changes of ours were done, nothing but these has changed, and it is known what they change.
 *
 * ```
 *   word       7        8        9        9        10
 *   changes        create   write                        one more than ours: all is void
 *   known      ........|........|.................|
 * ```
 * A life that is over knows nothing: nobody counts for it any more.
 *
 * @module
 */

import { ATTRIBUTE } from "@hako/fs-server";
import { KnownNames, type Named } from "./known_names.ts";
import { LastSeen, NEVER } from "./last_seen.ts";

/** Where the file server counts changes. */
export interface CountedChanges {
  /** Another number after each change that could be seen. */
  readonly nameGeneration: number;
}

/** What knowledge stands on. */
export interface KnownParts {
  /** None if the file server does not count for us: then nothing is known. */
  readonly changes: CountedChanges | undefined;
  /** Whether nobody but we may change files. */
  readonly isAlone: boolean;
  /** Throws if this life is over. */
  readonly requireLife: () => void;
}

/** Names and attributes that hold. */
export class Known {
  /** What was told last, whether it holds or not. */
  readonly lastSeen: LastSeen = new LastSeen();
  readonly #changes: CountedChanges | undefined;
  readonly #isAlone: boolean;
  readonly #requireLife: () => void;
  readonly #names: KnownNames = new KnownNames();
  /** The number of changes at which all that has the present stamp was told. */
  #generation = 0;
  #stamp = NEVER;
  /** Changes of ours that are under way, and those that were done since nothing was under way. */
  #underWay = 0;
  #doneCount = 0;

  /** Nothing is known yet. */
  constructor({ changes, isAlone, requireLife }: KnownParts) {
    this.#changes = changes;
    this.#isAlone = isAlone;
    this.#requireLife = requireLife;
  }

  /**
   * What is known of the file that a request is about. Hot path.
   *
   * To be asked before the file server is: what that tells then is noted only if nothing has changed
   * since.
   */
  attributesOf({ nodeInode, nodeGeneration }: Named): DataView | undefined {
    if (!this.#look()) return undefined;
    return this.lastSeen.current(nodeInode, nodeGeneration, this.#stamp);
  }

  /** What is known of the file under a request's name; `null` if there is none. Hot path. */
  entryOf(request: Named): DataView | null | undefined {
    if (!this.#look()) return undefined;
    const place = this.#names.find(request, this.#stamp);
    if (place < 0) return undefined;
    const inode = this.#names.inodeAt(place);
    if (inode === 0) return null;
    return this.lastSeen.current(inode, this.#names.generationAt(place), this.#stamp);
  }

  /** Notes what the file server has told of a file. Hot path. */
  note(attributes: Uint8Array, inode: number): void {
    this.lastSeen.note(attributes, inode, this.#holds ? this.#stamp : NEVER);
  }

  /** Notes what the file server has told of the file under a request's name. Hot path. */
  noteEntry(request: Named, attributes: Uint8Array, view: DataView): void {
    const inode = view.getUint32(ATTRIBUTE.inode, true);
    this.note(attributes, inode);
    if (!this.#holds) return;
    this.#names.note(request, inode, view.getUint32(ATTRIBUTE.generation, true), this.#stamp);
  }

  /** Notes that the file server knows of nothing under a request's name. Hot path. */
  noteNothing(request: Named): void {
    if (this.#holds) this.#names.note(request, 0, 0, this.#stamp);
  }

  /** A file was made, as a request asks for; `isNew` if there was none before. Hot path. */
  made(request: Named, attributes: Uint8Array, view: DataView, isNew: boolean): void {
    const inode = view.getUint32(ATTRIBUTE.inode, true);
    this.#names.expire(request);
    this.begun(request.nodeInode);
    const holds = this.ended(isNew);
    this.lastSeen.note(attributes, inode, holds ? this.#stamp : NEVER);
    if (!holds) return;
    this.#names.note(request, inode, view.getUint32(ATTRIBUTE.generation, true), this.#stamp);
  }

  /** A name was removed, as a request asks for. Hot path. */
  removed(request: Named): void {
    const place = this.#names.find(request, this.#stamp);
    const inode = place < 0 ? 0 : this.#names.inodeAt(place);
    this.#names.expire(request);
    this.lastSeen.expire(request.nodeInode);
    this.begun(inode);
    // Of a file that is not known, neither is which attributes have changed.
    const holds = this.ended(inode !== 0);
    if (holds) this.#names.note(request, 0, 0, this.#stamp);
  }

  /** A change of a file is under way. Hot path. */
  begun(inode = 0): void {
    this.#underWay++;
    if (inode !== 0) this.lastSeen.expire(inode);
  }

  /**
   * A change that was under way has come to its end. Hot path.
   *
   * @param isDone Whether it surely was one.
   * @param inode The file that it has changed, if that is not said otherwise.
   * @returns Whether all that is known still holds.
   */
  ended(isDone: boolean, inode = 0): boolean {
    if (inode !== 0) this.lastSeen.expire(inode);
    if (isDone) this.#doneCount++;
    if (--this.#underWay > 0) return false;
    const due = (this.#generation + this.#doneCount) | 0;
    this.#doneCount = 0;
    if (this.#changes === undefined) return false;
    const generation = this.#changes.nameGeneration;
    const holds = generation === due && (this.#isAlone || due === this.#generation);
    if (holds) this.#generation = generation;
    else this.#forget(generation);
    return holds;
  }

  /** Whether what is known holds now. */
  #look(): boolean {
    if (this.#changes === undefined) return false;
    const generation = this.#changes.nameGeneration;
    this.#requireLife(); // Behind the look: it was our life then.
    if (generation === this.#generation && this.#stamp !== NEVER) return true;
    if (this.#underWay > 0) return false; // It may be our own doing.
    this.#forget(generation);
    return true;
  }

  get #holds(): boolean {
    return this.#stamp !== NEVER && this.#changes?.nameGeneration === this.#generation;
  }

  #forget(generation: number): void {
    this.#generation = generation;
    this.#stamp++;
  }
}
