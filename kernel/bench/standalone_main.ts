/**
 * Server or client of the null call as a worker without a kernel.
 *
 * @module
 */

import { connect, serveSync } from "@hako/ipc";
import { Adder, adding, Caller, callingAdder, type StandaloneSetup } from "./null_protocol.ts";

globalThis.addEventListener("message", async (event) => {
  const { serves, uses } = (event as MessageEvent<StandaloneSetup>).data;
  if (uses === undefined) serveSync(Adder, serves, adding);
  else serveSync(Caller, serves, callingAdder(await connect(Adder, uses)));
}, { once: true });
