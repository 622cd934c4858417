/**
 * The server of the ledger. It counts whom it served, where all can read it.
 *
 * @module
 */

import { type ChannelMemory, serve, serveSync } from "@hako/ipc";
import { Ledger } from "../ledger_protocol.ts";
import { starter } from "./starter.ts";

/** What the server is told. */
export interface LedgerTask {
  /** The channels of all clients. */
  readonly channels: readonly ChannelMemory[];
  /** Requests served, by badge: a word each. */
  readonly served: SharedArrayBuffer;
  /** Balances by badge: a word each. */
  readonly balances: SharedArrayBuffer;
  /** Whether it keeps its thread. */
  readonly blocking: boolean;
}

starter.onmessage = async ({ data }: MessageEvent<LedgerTask>) => {
  const served = new Int32Array(data.served);
  const balances = new Uint32Array(data.balances);
  const count = (badge: number): void => void Atomics.add(served, badge, 1);
  const handlers: Parameters<typeof serveSync<Ledger>>[2] = {
    deposit({ amount }, { badge }) {
      count(badge);
      balances[badge]! += amount;
      return { badge, balance: balances[badge]! };
    },
    echo({ whence, large, raw, text }, { badge }) {
      count(badge);
      return { whence, large, raw, text };
    },
    fill({ value, target }, { badge }) {
      count(badge);
      target.fill(value);
      return target.byteLength;
    },
    note: (_request, { badge }) => count(badge),
  };
  if (data.blocking) serveSync(Ledger, data.channels, handlers);
  else await serve(Ledger, data.channels, handlers);
  starter.postMessage("over");
  self.close();
};
