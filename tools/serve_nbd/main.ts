/**
 * The program of `hako serve`: boots the servers, says where clients can come, and halts in order when
 * it is interrupted.
 *
 * @module
 */

import { resolve } from "node:path";
import { OsError } from "@hako/ipc";
import { boot, defineSystem } from "@hako/kernel";
import { UsageError } from "../command_line/command.ts";
import { interruptedBySignals } from "../command_line/interruption.ts";
import { parseCommand } from "../command_line/parse.ts";
import { placeOf } from "../command_line/program.ts";
import { runMain } from "../command_line/run_main.ts";
import { readServeOrder, serveCommand } from "./command.ts";
import { nbdOnImage, type NbdOnImageOptions } from "./nbd_on_image.ts";
import { ServingLife } from "./serving_life.ts";

/** More deaths than this are no accident: then it ends, and whoever supervises it hears of it. */
const RESTART = { limit: 20, windowMs: 10_000, atLimit: "stop" } as const;

await runMain("hako serve", main);

async function main(): Promise<number> {
  const invocation = parseCommand(serveCommand, Deno.args);
  const place = placeOf(resolve(import.meta.dirname!, "../.."), Deno.env);
  const order = forImage(readServeOrder(invocation, place));
  const interruption = interruptedBySignals("hako serve");
  const life = new ServingLife(order.exportName, invocation.flags.quiet);
  const manifest = defineSystem({
    base: import.meta.url,
    domains: nbdOnImage({ ...order, restart: RESTART }),
  });
  try {
    await using _system = await boot(manifest, {
      onEvent: (event, atUs) => life.hear(event, atUs),
    });
    interruption.addEventListener("abort", () => life.end());
    if (interruption.aborted) life.end();
    await life.over;
  } catch (error) {
    if (!(error instanceof OsError)) throw error; // A fault of ours shows its stack.
    console.error(`hako serve: ${life.why ?? error.message}`);
    return 1;
  }
  if (life.why === undefined) return 0;
  console.error(`hako serve: ${life.why}`);
  return 1;
}

/** `--create` makes an image where there is none; one that is there is served as it is. */
function forImage(order: NbdOnImageOptions): NbdOnImageOptions {
  const { createBytes: _, ...existing } = order;
  try {
    const { isFile, isBlockDevice } = Deno.statSync(order.path);
    if (isFile || isBlockDevice) return existing;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    if (order.createBytes !== undefined) return order;
    throw new UsageError(
      `Cannot serve ${order.path}: there is no such file; --create SIZE makes one`,
    );
  }
  throw new UsageError(`Cannot serve ${order.path}: it is no file`);
}
