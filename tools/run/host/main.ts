/**
 * The host: the process in which a system lives. It is started by `hako run` with the permissions
 * that the manifest comes to, and hears on its standard input what to host.
 *
 * @module
 */

import { boot } from "@hako/kernel";
import { OsError } from "@hako/ipc";
import type { HostOrder } from "../host_order.ts";
import { host } from "../hosted_system.ts";

/** The exit codes after a second signal, as sh has them. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

const interruption = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  Deno.addSignalListener(signal, () => {
    // Who asks twice does not want to wait for what may never halt.
    if (interruption.signal.aborted) Deno.exit(EXIT_CODES[signal]);
    console.error("hako run: halting in order; once more ends it at once");
    interruption.abort();
  });
}

const order = JSON.parse(await new Response(Deno.stdin.readable).text()) as HostOrder;
try {
  const write = (line: string): void => console.log(line);
  Deno.exit(await host(order, { boot, write, interruption: interruption.signal }));
} catch (error) {
  if (!(error instanceof OsError)) throw error; // A fault of ours shows its stack.
  console.error(`hako run: ${error.message}`);
  Deno.exit(1);
}
