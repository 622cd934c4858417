/**
 * A server that keeps the name of what a client has lent it, through its own death and the client's.
 *
 * @module
 */

import { enter } from "@hako/kernel/domain";
import { Borrower } from "./borrower_protocol.ts";

const domain = await enter();
const [BADGE, LIFE, SEGMENT, OFFSET, LENGTH, GONE, BYTE] = [0, 1, 2, 3, 4, 5, 6] as const;
const words = new Uint32Array(domain.keep("lent").buffer);
const word = (index: number) => words[index] ?? 0;

function firstByte(): number {
  const name = { segment: word(SEGMENT), byteOffset: word(OFFSET), byteLength: word(LENGTH) };
  return domain.windowOf(word(BADGE), name)?.[0] ?? 256;
}

function lenderGone(badge: number, life: number): void {
  if (badge === 0 || badge !== word(BADGE) || life !== word(LIFE)) return;
  words[BYTE] = firstByte();
  words[BADGE] = 0;
  words[GONE] = word(GONE) + 1;
}

domain.onClientGone(lenderGone);
// One that died between two lives of this server is told of by nobody.
if (domain.clients().get(word(BADGE)) !== word(LIFE)) lenderGone(word(BADGE), word(LIFE));

domain.serve(Borrower, {
  lend({ bytes }, { badge }) {
    const { segment, byteOffset, byteLength } = domain.windowName(bytes);
    words.set([badge, domain.clients().get(badge) ?? 0, segment, byteOffset, byteLength]);
    return 0;
  },
  ask: () => ({
    epoch: domain.epoch,
    gone: word(GONE),
    byteThen: word(BYTE),
    byteNow: word(BADGE) === 0 ? 256 : firstByte(),
  }),
});
