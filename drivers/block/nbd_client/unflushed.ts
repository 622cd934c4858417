/**
 * What may be lost with a connection: writes that were acknowledged and not flushed.
 *
 * A server may keep what it has acknowledged in its own memory until it is asked to flush. A
 * connection that breaks does not tell whether the server has died, and its memory with it. So whoever
 * has unflushed writes then is owed an error: the next flush fails, once, and does not say that they
 * are on stable storage. The layer above knows what to do: it takes the medium for what it finds
 * there.
 *
 * The first word of a keep says over the death of this driver that there is something to lose.
 *
 * @module
 */

/** Owes to whoever flushes first: the incarnation that knew to whom is dead. */
const ANYBODY = 0;

/** So many clients are known by badge; one that is forgotten counts as new. */
const KNOWN_MAX = 4096;

/** Keeps account of it, by the badges of clients. */
export class Unflushed {
  readonly #word: Int32Array;
  readonly #trusted: boolean;
  /** When each client's last write was acknowledged, by the count of all. */
  readonly #acknowledged: Map<number, number> = new Map();
  readonly #owed: Set<number> = new Set();
  #known: Set<number> = new Set();
  #count = 0;

  /**
   * Goes on from what the keep says.
   *
   * @param word One word, zero at first.
   * @param how `trusted`: what was acknowledged survives the server's death and the connection's.
   */
  constructor(word: Int32Array, how: { readonly trusted: boolean }) {
    this.#word = word;
    this.#trusted = how.trusted;
    if (word[0] !== 0 && !how.trusted) this.#owed.add(ANYBODY);
    this.#note();
  }

  /** A write is about to be acknowledged to a client. Hot path. */
  acknowledge(badge: number): void {
    if (this.#trusted) return;
    this.#acknowledged.set(badge, ++this.#count);
    this.#word[0] = 1;
  }

  /** Whether a client's flush is to fail, because of what may be lost. Then that is settled. */
  settle(badge: number): boolean {
    const isNew = !this.#known.has(badge);
    if (this.#known.size >= KNOWN_MAX) this.#known = new Set();
    this.#known.add(badge);
    if (this.#owed.size === 0) return false;
    const [oldest] = this.#owed;
    // A client that nobody has seen may be the successor of one that is owed, and is dead.
    const owes = this.#owed.delete(badge) || this.#owed.delete(ANYBODY) ||
      (isNew && this.#owed.delete(oldest!));
    this.#note();
    return owes;
  }

  /** What a flush that is sent now will cover. */
  mark(): number {
    return this.#count;
  }

  /** The server has flushed what was acknowledged before the mark. */
  flushed(mark: number): void {
    for (const [badge, count] of this.#acknowledged) {
      if (count <= mark) this.#acknowledged.delete(badge);
    }
    this.#note();
  }

  /** What was acknowledged and not flushed may be gone. */
  lose(): void {
    for (const badge of this.#acknowledged.keys()) this.#owed.add(badge);
    this.#acknowledged.clear();
    this.#note();
  }

  #note(): void {
    this.#word[0] = this.#acknowledged.size + this.#owed.size === 0 ? 0 : 1;
  }
}
