import { assert } from "@std/assert";
import { workOnMemfs } from "./memfs.ts";
import type { PeerWork } from "./peer_works.ts";
import { workOnZenfs } from "./zenfs.ts";

/** Work that a cache in the caller's thread would spare the worker. */
const CACHEABLE: readonly PeerWork[] = ["stat", "seq-read-1m", "seq-write-1m", "read-file-4k"];

/** More calls than the file has MiB, so that some bytes are read twice. */
const CALL_COUNT = 40;

/** Counts what is posted to workers, until it is disposed of. */
class PostCounter implements Disposable {
  count = 0;
  readonly #post = Worker.prototype.postMessage;

  constructor() {
    const counted = (worker: Worker, args: unknown[]) => {
      this.count++;
      Reflect.apply(this.#post, worker, args);
    };
    Worker.prototype.postMessage = function (this: Worker, ...args: unknown[]) {
      counted(this, args);
    };
  }

  [Symbol.dispose](): void {
    Worker.prototype.postMessage = this.#post;
  }
}

for (const [peer, open] of Object.entries({ ZenFS: workOnZenfs, memfs: workOnMemfs })) {
  for (const work of CACHEABLE) {
    Deno.test(`${peer} asks its worker at each call of ${work}`, async () => {
      using posted = new PostCounter(); // Before it opens: ZenFS keeps the function.
      const contestant = await open(work);
      assert("run" in contestant);
      const before = posted.count;
      await contestant.run(CALL_COUNT);
      const crossings = posted.count - before;
      await contestant.close?.();
      assert(crossings >= CALL_COUNT, `${crossings} messages for ${CALL_COUNT} calls`);
    });
  }
}
