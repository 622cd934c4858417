/**
 * A thread of a bare chain, other than its client.
 *
 * @module
 */

import { serveWith } from "../../ipc/bench/worker.ts";
import { type Chain, passOn, transfer } from "./bare_chain.ts";

serveWith(({ chain, as }: { readonly chain: Chain; readonly as: "middle" | "disk" }) => {
  if (as === "middle") passOn(chain);
  else transfer(chain);
});
