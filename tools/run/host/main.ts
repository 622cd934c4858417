/**
 * The host: the process in which a system lives. It is started by `hako run` with the permissions
 * that the manifest comes to, and hears on its standard input what to host.
 *
 * @module
 */

import { boot } from "@hako/kernel";
import { OsError } from "@hako/ipc";
import { interruptedBySignals } from "../../command_line/interruption.ts";
import type { HostOrder } from "../host_order.ts";
import { host } from "../hosted_system.ts";

const interruption = interruptedBySignals("hako run");
const order = JSON.parse(await new Response(Deno.stdin.readable).text()) as HostOrder;
try {
  const write = (line: string): void => console.log(line);
  Deno.exit(await host(order, { boot, write, interruption }));
} catch (error) {
  if (!(error instanceof OsError)) throw error; // A fault of ours shows its stack.
  console.error(`hako run: ${error.message}`);
  Deno.exit(1);
}
