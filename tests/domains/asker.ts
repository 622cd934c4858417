/**
 * An app that adds to a tally once, however often it dies meanwhile: it writes down what the request
 * will be called before it posts it.
 *
 * @module
 */

import { enter } from "@hako/kernel/domain";
import { Tally } from "../kills/tally_protocol.ts";

const domain = await enter();
const [isAsked, name] = [0, 1];
const asked = new Uint32Array(domain.keep("asked").buffer, domain.keep("asked").byteOffset, 2);
const tally = domain.connect(Tally, "tally");

const formerly = asked[isAsked] === 1 ? { formerly: asked[name]! } : {};
if (asked[isAsked] === 0) {
  asked[name] = tally.nextName;
  asked[isAsked] = 1;
}
domain.point("asker.written");
const { sum } = tally.callSync("add", { amount: 1 }, formerly);
domain.point("asker.answered");
domain.finish(sum);
