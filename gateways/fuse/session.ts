/**
 * The part of the gateway's window in which the file server tells it of changes and leases: what
 * `places` has behind the places themselves (`fs-server/layouts/session.ts`).
 *
 * @module
 */

import { PageCache, SESSION_BYTES_MAX, SESSION_BYTES_MIN } from "@hako/fs-server";
import { OsError } from "@hako/ipc";
import type { FilesClient } from "./files.ts";
import { PLACES_BYTES } from "./node_paths.ts";

/** A session is whole pages. */
const PAGE_BYTES = 4096;

/** Begins a session, if there is room for one and the file server has it; else all is asked for. */
export function beginSession(client: FilesClient, places: Uint8Array): PageCache | undefined {
  const left = Math.min(SESSION_BYTES_MAX, places.byteLength - PLACES_BYTES);
  const byteLength = left - left % PAGE_BYTES;
  if (byteLength < SESSION_BYTES_MIN) return undefined;
  const session = places.subarray(PLACES_BYTES, PLACES_BYTES + byteLength);
  try {
    client.callSync("attach", { session });
  } catch (error) {
    if (!(error instanceof OsError)) throw error; // Everything works without.
    return undefined;
  }
  const cache = new PageCache(session);
  return cache.isAttached ? cache : undefined;
}
