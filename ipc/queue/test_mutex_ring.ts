/**
 * What people write instead: a ring in plain JavaScript behind a mutex of `Atomics.wait`. Whoever
 * dies while holding the mutex stops everybody, and what a dead taker took is gone.
 *
 * @module
 */

const LOCK = 0;
const HEAD = 1;
const TAIL = 2;
const WAITING = 3;
const HEAD_BYTES = 64;

/** A bounded ring that several workers share. */
export class MutexRing {
  readonly #words: Int32Array;
  readonly #lengths: Int32Array;
  readonly #items: Uint8Array[];

  /** Opens a ring on a memory that {@linkcode MutexRing.create} made. */
  constructor(memory: SharedArrayBuffer, items: number, itemBytes: number) {
    this.#words = new Int32Array(memory, 0, HEAD_BYTES >> 2);
    this.#lengths = new Int32Array(memory, HEAD_BYTES, items);
    const at = HEAD_BYTES + items * 4;
    this.#items = Array.from({ length: items }, (_, index) => {
      return new Uint8Array(memory, at + index * itemBytes, itemBytes);
    });
  }

  /** A memory for such a ring. */
  static create(items: number, itemBytes: number): SharedArrayBuffer {
    return new SharedArrayBuffer(HEAD_BYTES + items * (4 + itemBytes));
  }

  /** Copies bytes in; false if the ring is full. */
  push(bytes: Uint8Array): boolean {
    this.#lock();
    const tail = this.#words[TAIL]!;
    const isFull = tail - this.#words[HEAD]! === this.#items.length;
    if (!isFull) {
      const index = tail % this.#items.length;
      this.#items[index]!.set(bytes);
      this.#lengths[index] = bytes.length;
      this.#words[TAIL] = tail + 1;
    }
    this.#unlock();
    if (!isFull && Atomics.exchange(this.#words, WAITING, 0) !== 0) {
      Atomics.notify(this.#words, TAIL);
    }
    return !isFull;
  }

  /** Copies bytes out; answers how many, or -1 if the ring is empty. */
  take(target: Uint8Array): number {
    this.#lock();
    const head = this.#words[HEAD]!;
    let length = -1;
    if (head !== this.#words[TAIL]!) {
      const index = head % this.#items.length;
      target.set(this.#items[index]!);
      length = this.#lengths[index]!;
      this.#words[HEAD] = head + 1;
    }
    this.#unlock();
    return length;
  }

  /** Copies bytes out, and sleeps while there are none. */
  takeSync(target: Uint8Array): number {
    while (true) {
      const found = this.take(target);
      if (found >= 0) return found;
      const tail = Atomics.load(this.#words, TAIL);
      Atomics.store(this.#words, WAITING, 1);
      const late = this.take(target);
      if (late >= 0) return late;
      Atomics.wait(this.#words, TAIL, tail, 50);
    }
  }

  #lock(): void {
    if (Atomics.compareExchange(this.#words, LOCK, 0, 1) === 0) return;
    while (Atomics.exchange(this.#words, LOCK, 2) !== 0) Atomics.wait(this.#words, LOCK, 2);
  }

  #unlock(): void {
    if (Atomics.exchange(this.#words, LOCK, 0) === 2) Atomics.notify(this.#words, LOCK, 1);
  }
}
