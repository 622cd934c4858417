/**
 * The program of `hako mount`: looks whether the host can mount, computes what the servers' process
 * may do, and starts that with exactly this. It hosts nothing itself.
 *
 * @module
 */

import { join, resolve } from "node:path";
import { defineSystem } from "@hako/kernel";
import { processPermissions } from "../../kernel/permissions.ts";
import { resolvedManifest } from "../check_manifest/resolved_manifest.ts";
import type { Place } from "../command_line/command.ts";
import { denoArguments } from "../command_line/launch.ts";
import { parseCommand } from "../command_line/parse.ts";
import { placeOf } from "../command_line/program.ts";
import { runMain } from "../command_line/run_main.ts";
import { mountedImage } from "../systems/mounted_image.ts";
import { runHost } from "../telemetry/host_process.ts";
import { startInBackground } from "./background.ts";
import { mountCommand, type MountOrder, readMountOrder } from "./command.ts";
import { checkHost, MissingRequirement, thisHost } from "./host_checks.ts";
import type { Background, HostOrder } from "./host_order.ts";
import { logDirectory, logPath } from "./mount_log.ts";
import { HAKO_TYPE, mountAt, readMountTable } from "./mount_table.ts";
import { checkPlaces } from "./places.ts";

/** The program that serves. */
const HOST = "tools/mount/host/main.ts";

/** What the workers load: the packages of which the domains are made. */
const ROOMS = ["ipc", "kernel", "drivers", "storage-server", "fs-server", "gateways"];

/** How often, and how soon again, is looked whether a mount is gone. */
const LOOKS_MAX = 20;
const LOOK_MS = 100;

await runMain("hako mount", async () => {
  const place = placeOf(resolve(import.meta.dirname!, "../.."), Deno.env);
  const order = readMountOrder(parseCommand(mountCommand, Deno.args), place);
  try {
    return await mount(order, place);
  } catch (error) {
    if (!(error instanceof MissingRequirement)) throw error;
    console.error(`hako mount: ${error.message}`);
    return 1;
  }
});

async function mount(order: MountOrder, place: Place): Promise<number> {
  const { isForeground, isQuiet, appearance } = order;
  const logs = isForeground || order.log !== undefined ? undefined : logDirectory(Deno.env);
  const logPlace = isForeground ? undefined : logs ?? order.log;
  const { image, directory } = checkPlaces({
    ...{ image: order.image, directory: order.directory, table: readMountTable() },
    needed: [place.sourceRoot, ...logPlace === undefined ? [] : [logPlace]],
  });
  const { allowOther = false } = appearance;
  const libc = checkHost(thisHost(), { allowOther, libc: order.libc });
  const domains = mountedImage({ ...image, directory, libc, ...appearance });
  const manifest = resolvedManifest(defineSystem({ base: "file:///", domains }));
  const served = { manifest, directory, image: image.path, isQuiet };
  if (isForeground) return await inForeground(served, place);
  const background = logs === undefined
    ? { log: order.log!, libc }
    : { log: logPath(directory, logs), logs, libc };
  return await inBackground({ ...served, background }, place);
}

/** What starts the servers' process, which may do what the manifest says, and write its log. */
function hostArguments({ manifest, background }: HostOrder, place: Place): string[] {
  const modules = ROOMS.map((room) => join(place.sourceRoot, room));
  const computed = processPermissions(manifest, modules);
  const { log, logs } = background ?? {};
  const written = [log, logs].filter((path) => path !== undefined);
  const permissions = { ...computed, write: [...computed.write ?? [], ...written] };
  return denoArguments(HOST, permissions, place);
}

async function inForeground(order: HostOrder, place: Place): Promise<number> {
  const args = hostArguments(order, place);
  const code = await runHost({ args, directory: "/", order, isExported: false });
  if (code <= 1) return code;
  const lost = `the servers' process ended with ${code}: what was not yet written is lost`;
  const rest = await isUnmounted(order)
    ? `${order.directory} is unmounted`
    : `hako umount ${order.directory} clears the mount`;
  console.error(`hako mount: ${lost}, and ${rest}`);
  return code;
}

/** Whether a mount is gone whose process has died: `fusermount3` unmounts it, a moment later. */
async function isUnmounted({ directory }: HostOrder): Promise<boolean> {
  for (let look = 0; look < LOOKS_MAX; look++) {
    if (mountAt(readMountTable() ?? [], directory)?.fstype !== HAKO_TYPE) return true;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return false;
}

async function inBackground(
  order: HostOrder & { readonly background: Background },
  place: Place,
): Promise<number> {
  const started = await startInBackground(hostArguments(order, place), order);
  if (started.kind === "failed") {
    console.error(`hako mount: ${started.why}`);
    return 1;
  }
  if (order.isQuiet) return 0;
  const { directory, image, background: { log } } = order;
  console.log(`mounted ${directory}`);
  const process = `process ${started.pid} serves ${image} until hako umount ${directory}`;
  console.error(`hako mount: ${process}; its log: ${log}`);
  return 0;
}
