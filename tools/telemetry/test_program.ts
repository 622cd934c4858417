/**
 * Runs the host `test_host.ts` on the system of `test_manifest.ts`, whose app makes as many calls as
 * this program's argument says, and exports what the host tells of it.
 *
 * @module
 */

import { runHost } from "./host_process.ts";
import { wantsTelemetry } from "./metrics.ts";
import { sumSystem } from "./test_manifest.ts";

const { base, domains } = sumSystem({
  options: { calls: Number(Deno.args[0]) },
  start: "request",
});
const sum = { ...domains.sum, serves: { sum: { name: "sum", version: 1 } } };
const root = new URL("../..", import.meta.url).pathname;
const isExported = wantsTelemetry(Deno.env);
const host = new URL("./test_host.ts", import.meta.url).pathname;
// Not `Deno.exit`: under way in an export, which is most of the time here, Deno 2.9 never comes back.
Deno.exitCode = await runHost({
  args: [
    "run",
    "--quiet",
    "--no-prompt",
    "--unstable-worker-options",
    `--allow-read=${root}`,
    host,
  ],
  directory: root,
  order: { manifest: { base, domains: { ...domains, sum } }, isExported },
  isExported,
});
