/**
 * The program that hosts a volume for NBD clients in the tests, and kills its servers if it is told to.
 *
 * It is told on its command line, as JSON: a {@linkcode HostOrder}. It says, a line of JSON each, where
 * it listens and every death, and halts in order at the end of its standard input.
 *
 * @module
 */

import { boot, defineSystem } from "@hako/kernel";
import { nbdOnImage, type NbdOnImageOptions } from "../../tools/serve_nbd/nbd_on_image.ts";

/** What to host. */
export interface HostOrder extends NbdOnImageOptions {
  /** How often the victims are killed; never if 0. */
  readonly killEveryMs: number;
  /** Who they are. */
  readonly victims: readonly string[];
}

/** What it says. */
export type HostLine =
  | { readonly listening: string }
  | { readonly died: string; readonly why: string }
  | { readonly gaveUp: string };

/** A test's deaths are no reason to give anybody up, nor to call a request poison. */
const RESTART = { limit: 1_000_000, windowMs: 1_000 };
const TRIES = 1_000;

if (import.meta.main) await main(JSON.parse(Deno.args[0]!) as HostOrder);

async function main({ killEveryMs, victims, ...options }: HostOrder): Promise<void> {
  const planned = nbdOnImage({ ...options, restart: RESTART });
  const domains = Object.fromEntries(
    Object.entries(planned).map(([name, domain]) => [name, { ...domain, poisonTries: TRIES }]),
  );
  const ready = new Set<string>();
  const system = await boot(defineSystem({ base: import.meta.url, domains }), {
    onEvent(event) {
      if (event.type === "ready") ready.add(event.domain);
      if (event.type === "died") {
        ready.delete(event.domain);
        say({ died: event.domain, why: event.why });
      }
      if (event.type === "gave-up") say({ gaveUp: event.domain });
      if (event.type === "report" && event.domain === "nbd") say(event.value as HostLine);
    },
  });
  const kill = () => {
    for (const victim of victims) if (ready.has(victim)) system.terminate(victim);
  };
  const killing = killEveryMs === 0 ? 0 : setInterval(kill, killEveryMs);
  for await (const _ of Deno.stdin.readable);
  clearInterval(killing);
  await system.halt();
  Deno.exit(0);
}

function say(line: HostLine): void {
  const bytes = new TextEncoder().encode(`${JSON.stringify(line)}\n`);
  for (let at = 0; at < bytes.byteLength;) at += Deno.stdout.writeSync(bytes.subarray(at));
}
