/**
 * Reads what a domain has posted to the kernel: any value that can be posted.
 *
 * @module
 */

import { ERRNO, type Errno } from "@hako/ipc";
import type { DomainMessage } from "../messages.ts";

/** The message that a value is, or `undefined` for what is none. A call is read by whom it is for. */
export function readDomainMessage(value: unknown): DomainMessage | undefined {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, "type")) {
    return undefined;
  }
  const message = value as Readonly<Record<string, unknown>>;
  switch (message.type) {
    case "ready":
    case "halted":
    case "hello":
      return { type: message.type };
    case "failed": {
      const { code, what } = message;
      if (typeof code !== "string" || !Object.hasOwn(ERRNO, code)) return undefined;
      return typeof what === "string" ? { type: "failed", code: code as Errno, what } : undefined;
    }
    case "terminate-here": {
      const { point } = message;
      return typeof point === "string" ? { type: "terminate-here", point } : undefined;
    }
    case "call": {
      const { number, call } = message;
      if (typeof number !== "number" || number >>> 0 !== number) return undefined;
      return { type: "call", number, call };
    }
    default:
      return undefined;
  }
}
