/**
 * The shelves.
 *
 * @module
 */

import { ERRNO } from "@hako/ipc";
import { enter } from "@hako/kernel/domain";
import { Shelf } from "./shelf_protocol.ts";

const domain = await enter();
const shelves = new Uint32Array(domain.keep("shelves").buffer);

domain.serve(Shelf, {
  read({ shelf }) {
    return shelf < shelves.length ? shelves[shelf]! : -ERRNO.EINVAL;
  },
  write({ shelf, value }) {
    if (shelf >= shelves.length) return -ERRNO.EINVAL;
    return shelves[shelf] = value;
  },
  toss({ shelf, value }) {
    if (shelf < shelves.length) shelves[shelf] = value;
  },
  who: (_, { badge }) => badge,
  reach({ endpoint, shelf }, { badge }) {
    const granted = domain.accept(endpoint, { badge });
    return domain.connect(Shelf, granted).callSync("read", { shelf });
  },
});
