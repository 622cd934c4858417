/**
 * Who asks: every operation is told by whom, under what number and on whose authority.
 *
 * @module
 */

import { NO_REQUEST, type RequestTag } from "../disk/disk.ts";
import { type Credential, ROOT } from "./permissions.ts";

/** A request's tag, the client that it came from, and whose rights count. */
export interface Caller extends RequestTag {
  /** The number of the client's life: what one life opened and locked is not another's. */
  readonly client: number;
  /** The number of the credential, as the request names it. */
  readonly as: number;
  /** What that is. */
  readonly credential: Credential;
}

/** The file server itself. */
export const NOBODY: Caller = { ...NO_REQUEST, client: 0, as: 0, credential: ROOT };
