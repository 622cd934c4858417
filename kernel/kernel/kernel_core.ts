/**
 * What the parts of the kernel stand on: the tables, and effects that wait for their commit.
 *
 * Whatever the kernel does outside its tables is an effect. It is put into a queue while the tables
 * are changed, and runs once they are committed: a successor, which finds the commit, may do it
 * again. So every effect does no harm when it comes twice, or late.
 *
 * @module
 */

import type { Errno } from "@hako/ipc";
import type { ControlMessage, Order, SystemEvent } from "../messages.ts";
import type { DomainEntry, Tables } from "./tables.ts";

/** The ground of one kernel. */
export interface KernelCore {
  /** What it knows, and whoever comes after it. */
  readonly tables: Tables;
  /** A clock that goes on over kernels. */
  nowMs(): number;
  /** Does something outside the tables, once they are committed. */
  effect(act: () => void): void;
  /** Sends the machine an order: an effect. */
  order(order: Order): void;
  /** Tells the program what happened: an effect. */
  event(event: SystemEvent): void;
  /** Answers a call of the program: an effect. */
  answer(call: number, value?: unknown): void;
  /** Answers a call of the program with an error: an effect. */
  refuse(call: number, code: Errno, what: string): void;
  /** Posts a control message to a domain if it lives, and makes it look: an effect. */
  control(entry: DomainEntry, message: ControlMessage): void;
}
