/**
 * Requests that nobody waits for: closes, and leases given back. Their answers are collected when the
 * next requests are made.
 *
 * @module
 */

import type { Client, Request } from "@hako/ipc";
import type { FileSystem, operations } from "../protocol.ts";

/** The operations that are posted. */
export type PostedName = "close" | "writeBack";

/** Requests under way; a channel has room for 64, and others need some. */
const UNDER_WAY_MAX = 16;

const all = new WeakMap<Client<FileSystem>, Posted>();

/** The posted requests of a channel. */
export class Posted {
  readonly #client: Client<FileSystem>;
  readonly #tickets: number[] = [];

  /** That of a client; all who share the channel share it. */
  static of(client: Client<FileSystem>): Posted {
    let posted = all.get(client);
    if (posted === undefined) all.set(client, posted = new Posted(client));
    return posted;
  }

  private constructor(client: Client<FileSystem>) {
    this.#client = client;
  }

  /** Whether any is under way. */
  get any(): boolean {
    return this.#tickets.length > 0;
  }

  /** Posts a request. What is called later is done later. */
  post<K extends PostedName>(operation: K, request: Request<(typeof operations)[K]>): void {
    this.collect();
    while (this.#tickets.length >= UNDER_WAY_MAX) {
      this.#client.awaitAny();
      this.collect();
    }
    this.#tickets.push(this.#client.post(operation, request));
  }

  /** Takes the answers that are there, so that their slots are free again. Hot path. */
  collect(): void {
    while (this.#tickets.length > 0) {
      if (this.#client.collect(this.#tickets[0]!) === undefined) return;
      this.#tickets.shift();
    }
  }
}
