/**
 * On whose behalf the file server does what Linux has allowed: nothing is checked again, but what is
 * made belongs to whoever asks.
 *
 * @module
 */

import type { FilesClient } from "./files.ts";
import type { FuseRequest } from "./wire/mod.ts";

/** The numbers of credentials by user and group. */
export class Credentials {
  readonly #client: FilesClient;
  readonly #noGroups: Uint8Array;
  readonly #uid: number | undefined;
  readonly #gid: number | undefined;
  readonly #numbers: Map<number, Map<number, number>> = new Map();
  #lastUid = -1;
  #lastGid = -1;
  #lastNumber = 0;

  /**
   * None yet.
   *
   * @param noGroups No bytes of a window.
   * @param owner To whom everything belongs, if that is one.
   */
  constructor(
    client: FilesClient,
    noGroups: Uint8Array,
    { uid, gid }: { readonly uid: number | undefined; readonly gid: number | undefined },
  ) {
    this.#client = client;
    this.#noGroups = noGroups;
    this.#uid = uid;
    this.#gid = gid;
  }

  /** The number of the credential of who asks. Hot path. */
  of(request: FuseRequest): number {
    const uid = this.#uid ?? request.uid;
    const gid = this.#gid ?? request.gid;
    if (uid === this.#lastUid && gid === this.#lastGid) return this.#lastNumber;
    const number = this.#find(uid, gid);
    this.#lastUid = uid;
    this.#lastGid = gid;
    this.#lastNumber = number;
    return number;
  }

  #find(uid: number, gid: number): number {
    let ofUser = this.#numbers.get(uid);
    if (ofUser === undefined) this.#numbers.set(uid, ofUser = new Map());
    const known = ofUser.get(gid);
    if (known !== undefined) return known;
    const groups = this.#noGroups;
    const number = this.#client.callSync("credential", { uid, gid, groups, overrides: true });
    ofUser.set(gid, number);
    return number;
  }
}
