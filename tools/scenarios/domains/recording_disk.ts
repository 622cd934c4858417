/**
 * A disk that passes its requests on to another one and puts down on a tape what is written, and when
 * that is safe. One with a cache that forgets when its power fails can do no worse than the tape says.
 *
 * Options: `device`, the endpoint below; `tape`, the memory of a `DiskTape`.
 *
 * @module
 */

import { Block } from "@hako/drivers/block";
import { enter } from "@hako/kernel/domain";
import { DiskTape } from "./disk_tape.ts";

const domain = await enter();
const { device, tape: memory } = domain.options as {
  readonly device: string;
  readonly tape: SharedArrayBuffer;
};
const below = domain.connect(Block, device);
const stat = await below.call("stat", {});
const tape = new DiskTape(memory);

domain.serve(Block, {
  stat: () => stat,
  read: (request) => below.call("read", request),
  write: (request) => {
    const { first, count, source } = request;
    return written(tape.beginWrite(first, count, source), below.call("write", request));
  },
  zero: (request) => {
    const { first, count } = request;
    return written(tape.beginWrite(first, count), below.call("zero", request));
  },
  discard: (request) => below.call("discard", request),
  async flush() {
    const beganAt = tape.length;
    const answer = await below.call("flush", {});
    tape.flushed(beganAt);
    return answer;
  },
});

async function written(number: number, answer: Promise<number>): Promise<number> {
  const count = await answer;
  tape.endWrite(number);
  return count;
}
