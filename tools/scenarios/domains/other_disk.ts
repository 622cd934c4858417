/**
 * Another disk driver for the same image, written from the protocol alone: what a running system can be
 * given in place of its own. It counts what it does, and has none of the other's care: it is here to
 * show whose code runs.
 *
 * Options: `path`, the image; `counts`, a word that counts its transfers.
 *
 * @module
 */

import { ERRNO } from "@hako/ipc";
import { Block, BLOCK_BYTES } from "@hako/drivers/block";
import { enter } from "@hako/kernel/domain";

const domain = await enter();
const { path, counts } = domain.options as {
  readonly path: string;
  readonly counts: SharedArrayBuffer;
};
const transfers = new Int32Array(counts);
const file = Deno.openSync(path, { read: true, write: true });
const blockCount = Math.floor(file.statSync().size / BLOCK_BYTES);

domain.serve(Block, {
  stat: () => ({ blockCount, flags: 0 }),
  read({ first, count, target }) {
    if (!exists(first, count) || target.byteLength !== count * BLOCK_BYTES) return -ERRNO.EINVAL;
    return transfer(first, target, (rest) => file.readSync(rest)) ? count : -ERRNO.EIO;
  },
  write({ first, count, source }) {
    if (!exists(first, count) || source.byteLength !== count * BLOCK_BYTES) return -ERRNO.EINVAL;
    return transfer(first, source, (rest) => file.writeSync(rest)) ? count : -ERRNO.EIO;
  },
  zero({ first, count }) {
    if (!exists(first, count)) return -ERRNO.EINVAL;
    const zeroes = new Uint8Array(count * BLOCK_BYTES);
    return transfer(first, zeroes, (rest) => file.writeSync(rest)) ? count : -ERRNO.EIO;
  },
  discard: ({ first, count }) => exists(first, count) ? count : -ERRNO.EINVAL,
  flush() {
    file.syncDataSync();
    return 0;
  },
});

domain.onHalt(() => file.close());

function exists(first: number, count: number): boolean {
  return first <= blockCount && count <= blockCount - first;
}

/** Whether all of it went. */
function transfer(first: number, view: Uint8Array, go: (rest: Uint8Array) => number | null) {
  domain.requireLife(); // One that was held up must not write over its successor's blocks.
  Atomics.add(transfers, 0, 1);
  file.seekSync(first * BLOCK_BYTES, Deno.SeekMode.Start);
  let done = 0;
  while (done < view.byteLength) {
    const more = go(view.subarray(done)) ?? 0;
    if (more === 0) return false;
    done += more;
  }
  return true;
}
