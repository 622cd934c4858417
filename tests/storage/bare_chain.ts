/**
 * The least that three threads must do for what a volume's load is given: a client, one in the middle,
 * and one that holds the file, with a ring between each two and nothing else. Nobody checks, decodes,
 * or outlives anybody.
 *
 * ```text
 * client ── requests ──▶ middle ── requests ──▶ disk: seek, then read or write
 *        ◀── answers ───        ◀── answers ───
 * ```
 *
 * Everything is done in order, so answers are no more than a count. Half of what is under way is handed
 * over together, and a thread that sleeps is woken when that half is there: so it is woken least often.
 *
 * @module
 */

import { crc32cBytes } from "@hako/ipc";
import { startWorker } from "../../ipc/bench/worker.ts";

/** What all three threads are given. */
export interface Chain {
  /** The counts, and the places that are asked for. */
  readonly words: Int32Array<SharedArrayBuffer>;
  /** The bytes that are read or written. */
  readonly data: Uint8Array<SharedArrayBuffer>;
  /** The file. */
  readonly path: string;
  /** Which way the bytes go. */
  readonly way: "read" | "write";
  /** Bytes of each transfer. */
  readonly byteLength: number;
  /** How many are under way at a time, at most {@linkcode RING_WORDS}: a power of two. */
  readonly depth: number;
  /** Bytes of each sum that the one in the middle makes of what was read or is written; 0 for none. */
  readonly sumBytes: number;
}

/** Words between two counts: no processor prefetches one with the other. */
const LINE_WORDS = 32;

/** Places in a ring. */
const RING_WORDS = 64;

/** The counts: requests that client and middle have passed on, transfers done, answers given. */
const COUNT = { CLIENT: 0, MIDDLE: 1, DISK: 2, ANSWERED: 3 } as const;

/** Where the places of the transfers lie; as the middle hands them on, in a ring of their own. */
const CLIENT_RING = 8 * LINE_WORDS;
const MIDDLE_RING: number = CLIENT_RING + RING_WORDS;

/** Looks before a sleep. Who holds the file must not wait; the others leave it a core. */
const LOOKS = { CLIENT: 1, MIDDLE: 2_000, DISK: 20_000 } as const;

/** Starts both workers of a chain; this thread is its client. */
export async function startChain(parts: Omit<Chain, "words" | "data">): Promise<ChainClient> {
  const words = new Int32Array(new SharedArrayBuffer((MIDDLE_RING + RING_WORDS) * 4));
  const data = new Uint8Array(new SharedArrayBuffer(parts.depth * parts.byteLength));
  const chain: Chain = { ...parts, words, data };
  const module = new URL("./bare_chain_worker.ts", import.meta.url);
  await startWorker(module, { chain, as: "middle" });
  await startWorker(module, { chain, as: "disk" });
  return new ChainClient(chain);
}

/** Who asks. */
export class ChainClient {
  readonly #words: Int32Array;
  readonly #half: number;
  readonly #depth: number;
  readonly #posted: Count;
  readonly #answered: Count;
  #written = 0;
  #done = 0;

  /** Nothing is asked for yet. */
  constructor({ words, depth }: Chain) {
    this.#words = words;
    this.#depth = depth;
    this.#half = depth / 2;
    this.#posted = new Count(words, COUNT.CLIENT, LOOKS.CLIENT);
    this.#answered = new Count(words, COUNT.ANSWERED, LOOKS.CLIENT);
  }

  /** Does `count` transfers, a multiple of half of the depth, each at the next place. */
  run(count: number, next: () => number): void {
    const end = this.#done + count;
    while (this.#done < end) {
      while (this.#written < end && this.#written - this.#done < this.#depth) {
        for (let left = this.#half; left > 0; left--) this.#write(next());
        this.#posted.reach(this.#written);
      }
      this.#done += this.#half;
      this.#answered.await(this.#done);
    }
  }

  #write(place: number): void {
    this.#words[CLIENT_RING + this.#written++ % RING_WORDS] = place;
  }
}

/** The thread in the middle. */
export function passOn(chain: Chain): never {
  const { words, depth } = chain;
  const client = new Count(words, COUNT.CLIENT, LOOKS.MIDDLE);
  const handed = new Count(words, COUNT.MIDDLE, 0);
  const disk = new Count(words, COUNT.DISK, LOOKS.MIDDLE);
  const answers = new Count(words, COUNT.ANSWERED, 0);
  const sum = summing(chain);
  for (let passed = 0, answered = 0;;) {
    const posted = client.value;
    if (posted > passed) {
      for (; passed < posted; passed++) {
        if (chain.way === "write") sum(passed);
        words[MIDDLE_RING + passed % RING_WORDS] = words[CLIENT_RING + passed % RING_WORDS]!;
      }
      handed.reach(passed);
    } else if (passed > answered) {
      const until = Math.min(passed, answered + depth / 2);
      disk.await(until);
      for (; answered < until; answered++) if (chain.way === "read") sum(answered);
      answers.reach(answered);
    } else client.await(passed + 1);
  }
}

/** The thread that holds the file. */
export function transfer({ words, data, path, way, byteLength, depth }: Chain): never {
  const file = Deno.openSync(path, { read: true, write: true });
  const views = slicesOf(data, byteLength);
  const handed = new Count(words, COUNT.MIDDLE, LOOKS.DISK);
  const done = new Count(words, COUNT.DISK, 0);
  for (let count = 0;;) {
    handed.await(count + 1);
    const view = views[count % depth]!;
    file.seekSync(words[MIDDLE_RING + count % RING_WORDS]! * byteLength, Deno.SeekMode.Start);
    const moved = way === "read" ? file.readSync(view) : file.writeSync(view);
    if (moved !== byteLength) throw new Error(`moved ${moved} of ${byteLength} bytes`);
    done.reach(++count);
  }
}

/** Sums up the bytes of a transfer, or does nothing. */
function summing({ data, byteLength, depth, sumBytes }: Chain): (index: number) => void {
  if (sumBytes === 0) return () => {};
  const slices = slicesOf(data, sumBytes);
  const each = byteLength / sumBytes;
  return (index) => {
    const first = index % depth * each;
    for (let at = first; at < first + each; at++) crc32cBytes(slices[at]!);
  };
}

function slicesOf(data: Uint8Array, byteLength: number): Uint8Array[] {
  return Array.from(
    { length: data.byteLength / byteLength },
    (_, at) => data.subarray(at * byteLength, (at + 1) * byteLength),
  );
}

/** One count that one thread writes and one other waits for. */
class Count {
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #wanted: number;
  readonly #looks: number;

  constructor(words: Int32Array, index: number, looks: number) {
    this.#words = words;
    this.#at = 2 * index * LINE_WORDS;
    this.#wanted = this.#at + LINE_WORDS;
    this.#looks = looks;
  }

  get value(): number {
    return Atomics.load(this.#words, this.#at);
  }

  /** Says that it has come so far; wakes who sleeps until then, and nobody sooner. */
  reach(value: number): void {
    Atomics.store(this.#words, this.#at, value);
    const wanted = Atomics.load(this.#words, this.#wanted);
    if (wanted === 0 || value < wanted) return;
    Atomics.store(this.#words, this.#wanted, 0);
    Atomics.notify(this.#words, this.#wanted);
  }

  /** Waits until it has come so far. */
  await(value: number): void {
    for (let left = this.#looks; left > 0; left--) if (this.value >= value) return;
    while (this.value < value) {
      Atomics.store(this.#words, this.#wanted, value);
      if (this.value < value) Atomics.wait(this.#words, this.#wanted, value);
    }
  }
}
