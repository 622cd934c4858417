/**
 * The server of the total.
 *
 * @module
 */

import { u64 } from "@hako/ipc";
import { enter } from "../domain/enter.ts";
import { record } from "../keeps/schema.ts";
import { Total } from "./exactly_once_protocol.ts";

const domain = await enter();
const { total } = domain.state("count", { total: record({ value: u64 }) });

domain.serve(Total, {
  once: ({ amount }) => ({ total: add(amount) }),
  again: ({ amount }) => ({ total: add(amount) }),
  nothing: ({ amount }) => ({ total: amount }),
});

function add(amount: number): number {
  const value = total.get().value + amount;
  total.put({ value });
  return value;
}
