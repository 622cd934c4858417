/**
 * Who may see which memory: a window goes to its owner and to every server that the owner can
 * reach by calls, since a server passes a client's window on to the servers that it calls itself.
 *
 * @module
 */

import type { SegmentGrant } from "../messages.ts";
import type { Connection, Segment } from "./tables.ts";

/** The domains that hold the windows of `owner`. */
export function holders(owner: string, connections: Iterable<Connection>): Set<string> {
  const all = [...connections];
  const found = new Set([owner]);
  for (const holder of found) {
    for (const { client, server } of all) if (client === holder) found.add(server);
  }
  return found;
}

/** The grant of one segment to one holder: which badges may name it there. */
export function grantTo(
  holder: string,
  segment: Segment,
  connections: Iterable<Connection>,
): SegmentGrant {
  const held = holders(segment.owner, connections);
  const badges: number[] = [];
  for (const { client, server, badge } of connections) {
    if (server === holder && held.has(client)) badges.push(badge);
  }
  return { id: segment.id, buffer: segment.buffer, badges };
}
