/**
 * News of what a client has changed: for those who watch a file or a directory, and for those who
 * want to hear of everything. All calls are cheap where nobody does.
 *
 * @module
 */

import { CHANGE } from "../protocol.ts";
import type { ChangeFeed } from "./change_feed.ts";
import type { FoundPlace, Watches } from "./watches.ts";

/** Tells what has happened, once it is committed. */
export class News {
  readonly #watches: Watches;
  readonly #feed: ChangeFeed;

  /** Tells these. */
  constructor(watches: Watches, feed: ChangeFeed) {
    this.#watches = watches;
    this.#feed = feed;
  }

  /** A name in a directory has come, gone, or leads elsewhere. Hot path. */
  renamed(directory: number, name: string, badge: number): void {
    this.#watches.renamed(directory, name);
    this.#feed.note(CHANGE.name, directory, name, badge);
  }

  /** A file has lost a name. */
  removed(inode: number, badge: number): void {
    this.#watches.removed(inode);
    this.#feed.note(CHANGE.attributes, inode, "", badge);
  }

  /** A file has got another name. */
  moved(inode: number, { directory, name }: FoundPlace, badge: number): void {
    this.#watches.moved(inode, directory, name);
    this.#feed.note(CHANGE.attributes, inode, "", badge);
  }

  /** What is in a file has changed. Hot path. */
  written(inode: number, badge: number): void {
    this.#watches.changed(inode);
    this.#feed.note(CHANGE.data, inode, "", badge);
  }

  /** What is told of a file has changed; it was found at this place, if that is known. */
  changed(inode: number, badge: number, place?: FoundPlace): void {
    this.#watches.changed(inode, place);
    this.#feed.note(CHANGE.attributes, inode, "", badge);
  }
}
