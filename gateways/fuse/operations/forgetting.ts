/**
 * What Linux forgets. Nodes are references, so there is nothing to be counted; but a directory that was
 * removed is held until then.
 *
 * @module
 */

import type { Operation } from "../gateway.ts";
import { FORGET_ONE } from "../wire/mod.ts";

/** One node. Never answered. Hot path. */
export const forget: Operation = ({ request }, { held }) => {
  held.forget(request.nodeInode, request.nodeGeneration);
  return 0;
};

/** Many nodes. Never answered. */
export const forgetMany: Operation = ({ request }, { held }) => {
  const end = request.dataAt + request.dataByteLength;
  for (let at = request.dataAt; at < end; at += FORGET_ONE.byteLength) {
    const node = at + FORGET_ONE.at.nodeid;
    held.forget(request.inode(node), request.generation(node));
  }
  return 0;
};
