/**
 * An app that makes so many calls, of which every tenth is refused, or goes on for ever.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { enter } from "@hako/kernel/domain";
import { Sum } from "./test_sum_protocol.ts";

const domain = await enter();
const sum = domain.connect(Sum, "sum");
const count = Number(domain.options.calls ?? Infinity);
let refused = 0;
for (let call = 1; call <= count; call++) {
  try {
    await sum.call("add", { amount: call % 10 === 0 ? -1 : 1 });
  } catch (error) {
    if (!(error instanceof OsError && error.code === "EINVAL")) throw error;
    refused++;
  }
  // Others of this small machine have their turn, and no trace is full at once.
  if (call % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
}
domain.finish({ refused });
