/**
 * Credentials by number, in a keep: clients name them for as long as the system runs.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import {
  CREDENTIAL,
  CREDENTIAL_STATE,
  CREDENTIAL_WORDS,
  GROUPS_MAX,
  type Region,
} from "./layouts/open_keep.ts";
import type { Credential } from "./permissions.ts";

/** The credentials of a boot. */
export class Credentials {
  /** Whose rights a client has that names none. */
  readonly own: Credential;
  readonly #words: Uint32Array;
  readonly #count: number;
  /** By number, without 0. */
  readonly #known: Credential[] = [];

  /** Takes over what stands in the keep. */
  constructor({ words, count }: Region, own: Credential) {
    this.#words = words;
    this.#count = count;
    this.own = own;
    while (this.#known.length < count) {
      const at = this.#known.length * CREDENTIAL_WORDS;
      const groupCount = words[at + CREDENTIAL.groupCount] ?? 0;
      const commit = words[at + CREDENTIAL.commit] ?? 0;
      if (commit === 0 || groupCount > GROUPS_MAX) break;
      const groups = at + CREDENTIAL.groups;
      this.#known.push({
        uid: words[at + CREDENTIAL.uid] ?? 0,
        gid: words[at + CREDENTIAL.gid] ?? 0,
        groups: [...words.subarray(groups, groups + groupCount)],
        overrides: commit === CREDENTIAL_STATE.overrides,
      });
    }
  }

  /**
   * The credential that a request names: 0 is the client's own. Hot path.
   *
   * @throws {OsError} `EINVAL` if there is none of that number, or this client may name none.
   */
  get(number: number): Credential {
    if (number === 0) return this.own;
    const known = this.own.uid === 0 ? this.#known[number - 1] : undefined;
    if (known === undefined) throw new OsError("EINVAL", `credential ${number}`);
    return known;
  }

  /**
   * The number of a credential, the same for the same one.
   *
   * @throws {OsError} `EPERM` if the client's own user is not root; `ENOMEM` if there is no room.
   */
  numberOf({ uid, gid, groups, overrides = false }: Credential): number {
    if (this.own.uid !== 0) throw new OsError("EPERM", "credential");
    if (groups.length > GROUPS_MAX) throw new OsError("EINVAL", "credential: too many groups");
    const known = this.#known.findIndex((one) =>
      one.uid === uid && one.gid === gid && one.overrides === overrides &&
      one.groups.length === groups.length &&
      one.groups.every((group, index) => group === groups[index])
    );
    if (known >= 0) return known + 1;
    const index = this.#known.length;
    if (index === this.#count) throw new OsError("ENOMEM", "credential");
    const at = index * CREDENTIAL_WORDS;
    this.#words[at + CREDENTIAL.uid] = uid;
    this.#words[at + CREDENTIAL.gid] = gid;
    this.#words[at + CREDENTIAL.groupCount] = groups.length;
    this.#words.set(groups, at + CREDENTIAL.groups);
    const state = overrides ? CREDENTIAL_STATE.overrides : CREDENTIAL_STATE.plain;
    Atomics.store(this.#words, at + CREDENTIAL.commit, state);
    return this.#known.push({ uid, gid, groups: [...groups], overrides });
  }
}

/** Copies groups out of a client's window. @throws {OsError} `EINVAL` if they are no such list. */
export function takeGroups(bytes: Uint8Array): number[] {
  if (bytes.byteLength % 4 !== 0 || bytes.byteLength > GROUPS_MAX * 4) {
    throw new OsError("EINVAL", "groups");
  }
  const own = bytes.slice();
  return [...new Uint32Array(own.buffer, 0, own.byteLength / 4)];
}
