/**
 * An app that kills the counter by a request, and finishes with what became of it.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { enter } from "@hako/kernel/domain";
import { Counter } from "../../domains/counter_protocol.ts";

const domain = await enter();
const counter = domain.connect(Counter, "counter");
try {
  domain.finish(await counter.call("die", { how: 1 }));
} catch (error) {
  if (!(error instanceof OsError)) throw error;
  domain.finish(error.code);
}
