/**
 * The program that mounts an image, lets programs work on it while its servers and the gateway die,
 * unmounts it in order, and has the image judged. Started in a mount namespace of its own.
 *
 * It is told on its command line, as JSON, a {@linkcode HostOrder}, and says {@linkcode HostLine}s.
 *
 * @module
 */

import { boot, type SystemEvent } from "@hako/kernel";
import { KERNEL } from "../../kernel/manifest.ts";
import { Executioner } from "./executioner.ts";
import { Lanes } from "./lanes.ts";
import { gatewayFaults, mountedSystem } from "./mounted_system.ts";
import type { HostLine, HostOrder } from "./protocol.ts";
import { runScript, succeed } from "./scripts.ts";

/** What is copied: real source, and more of it if there is more to do. */
const sourceOf = (scale: number): string =>
  new URL(scale > 1 ? "../../ipc" : "../../ipc/queue", import.meta.url).pathname;

/** The exit code of a host that was too late. */
const EXIT_LATE = 3;

if (import.meta.main) await main(JSON.parse(Deno.args[0]!) as HostOrder);

async function main(order: HostOrder): Promise<void> {
  const tree = `${order.scratch}/tree`;
  await succeed("tree", tree, sourceOf(order.scale));
  const executioner = new Executioner(order.victims, order.seed);
  const lanes = new Lanes(order, {
    tree,
    wantsMore: () => executioner.deathsMin < order.deathsMin,
    onEnd: say,
  });
  const { image } = order;
  if (image === undefined) await lanes.run();
  else await onMount(image, order, { executioner, lanes });
  Deno.exit(0);
}

interface Cast {
  readonly executioner: Executioner;
  readonly lanes: Lanes;
}

async function onMount(image: string, order: HostOrder, cast: Cast): Promise<void> {
  const { executioner, lanes } = cast;
  const { directory, scratch } = order;
  let connection = "";
  const limit = setTimeout(async () => {
    say({ late: [...lanes.running] });
    if (connection !== "") await runScript("abort", [connection]);
    Deno.exit(EXIT_LATE);
  }, order.limitMs);
  const mounted = Promise.withResolvers<void>();
  const system = await boot(mountedSystem(image, order), {
    faults: gatewayFaults(order),
    onEvent(event) {
      if (event.type === "report" && event.domain === "mount") mounted.resolve();
      executioner.hear(event);
      tell(event);
    },
  });
  await mounted.promise; // Ready is who hears; until then, programs would use what is below.
  connection = (await succeed("connection", directory)).trim();
  say({ mounted: directory, connection });
  executioner.begin(system, order.killEveryMs);
  await lanes.run();
  executioner.end();
  const list = `${scratch}/list`;
  Deno.writeTextFileSync(list, await succeed("list", directory));
  const startMs = performance.now();
  await system.halt();
  say({ unmounted: Math.round(performance.now() - startMs) });
  const { code, stdout, stderr } = await runScript("judge", [image, directory, list]);
  say({ judged: code, said: stdout + stderr });
  clearTimeout(limit);
}

function tell(event: SystemEvent): void {
  if (event.type === "died") say({ died: event.domain, why: event.why });
  if (event.type === "kernel-died") say({ died: KERNEL, why: event.why });
  if (event.type === "gave-up") say({ gaveUp: event.domain, why: event.why });
  if (event.type === "stopped") say({ gaveUp: "the system", why: event.why });
}

function say(line: HostLine): void {
  const bytes = new TextEncoder().encode(`${JSON.stringify(line)}\n`);
  for (let at = 0; at < bytes.byteLength;) at += Deno.stdout.writeSync(bytes.subarray(at));
}
