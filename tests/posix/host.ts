/**
 * The program that mounts an image of Hako, runs the list there, and unmounts it; meanwhile it kills
 * servers and the gateway if it is told to. Started by `compare.sh`.
 *
 * @module
 */

import { boot, defineSystem, type SystemEvent, type SystemManifest } from "@hako/kernel";
import { existingImage } from "../../tools/systems/existing_image.ts";
import { mountedImage } from "../../tools/systems/mounted_image.ts";
import { Executioner } from "../fuse/executioner.ts";
import { LIBC, VICTIMS } from "../fuse/mounted_system.ts";

/** What it is told on its command line, as JSON. */
export interface ListOrder {
  /** Where `hako.img` and the directory `hako` are. */
  readonly directory: string;
  /** The program that runs the list. */
  readonly runner: string;
  /** Milliseconds between deaths; nobody dies if 0. */
  readonly killEveryMs: number;
  /** In which order. */
  readonly seed: number;
}

if (import.meta.main) Deno.exit(await main(JSON.parse(Deno.args[0]!) as ListOrder));

async function main({ directory, runner, killEveryMs, seed }: ListOrder): Promise<number> {
  const executioner = new Executioner(VICTIMS, seed);
  const mounted = `${directory}/hako`;
  const ready = Promise.withResolvers<void>();
  const system = await boot(mountedSystem(`${directory}/hako.img`, mounted), {
    onEvent(event) {
      executioner.hear(event);
      complain(event);
      if (isMounted(event)) ready.resolve();
      if (event.type === "gave-up") ready.reject(new Error(`${event.domain} was given up`));
    },
  });
  await ready.promise; // The system runs before its gateway has mounted.
  executioner.begin(system, killEveryMs);
  const { code, stdout } = await new Deno.Command(runner, { args: [mounted], stdin: "null" })
    .output();
  executioner.end();
  Deno.writeFileSync(`${directory}/hako.json`, stdout);
  await system.halt();
  return code;
}

/** An image that another tool made, for every user. */
function mountedSystem(path: string, directory: string): SystemManifest {
  const image = existingImage(path) ?? { path };
  const domains = mountedImage({ ...image, directory, libc: LIBC, allowOther: true });
  return defineSystem({ base: import.meta.url, domains });
}

function isMounted(event: SystemEvent): boolean {
  if (event.type !== "report" || event.domain !== "mount") return false;
  return (event.value as { readonly mounted?: string }).mounted !== undefined;
}

/** Tells what nobody ordered. */
function complain(event: SystemEvent): void {
  if (event.type === "gave-up") console.error(`${event.domain} was given up: ${event.why}`);
  if (event.type === "stopped") console.error(`the system stopped: ${event.why}`);
}
