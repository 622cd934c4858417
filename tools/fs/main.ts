/**
 * The program of `hako fs`: boots the servers on an image, does what was asked, and halts in order.
 *
 * @module
 */

import { resolve } from "node:path";
import { OsError } from "@hako/ipc";
import { boot, defineSystem, type System } from "@hako/kernel";
import { FileSystem, FileSystemClient } from "@hako/fs-server";
import { interruptedBySignals } from "../command_line/interruption.ts";
import { parseCommand } from "../command_line/parse.ts";
import { placeOf } from "../command_line/program.ts";
import { runMain } from "../command_line/run_main.ts";
import { existingImage } from "../systems/existing_image.ts";
import { filesOnImage } from "../systems/files_on_image.ts";
import { makeStyle, wantsColour } from "../terminal/style.ts";
import { checkImage } from "./checking.ts";
import { fsCommand } from "./command.ts";
import { obey } from "./obedience.ts";
import { type Order, readOrder } from "./order.ts";

/** The window of the program: room for the chunks that it copies, and for a cache. */
const WINDOW_BYTES = 16 * 1024 * 1024;

/** Servers that die more often than this are no accident. */
const RESTART = { limit: 20, windowMs: 10_000, atLimit: "stop" } as const;

await runMain("hako fs", main);

async function main(): Promise<number> {
  const { directory } = placeOf(resolve(import.meta.dirname!, "../.."), Deno.env);
  const order = readOrder(parseCommand(fsCommand, Deno.args), directory);
  const signal = interruptedBySignals("hako fs");
  try {
    const code = await withServers(order, signal);
    // What is read now is what the servers have left, their journal emptied.
    return order.kind === "check" ? checkImage(order.image, order.flags) : code;
  } catch (error) {
    if (signal.aborted) return 130;
    if (!(error instanceof OsError)) throw error; // A fault of ours shows its stack.
    console.error(`hako fs: ${error.message}`);
    return 1;
  }
}

/** Boots, does what was asked, and halts. */
async function withServers(order: Order, signal: AbortSignal): Promise<number> {
  await using system = await bootOn(order);
  const window = await system.window(WINDOW_BYTES);
  const fs = new FileSystemClient(await system.connect(FileSystem, "files"), window);
  const style = makeStyle({ coloured: wantsColour(Deno.stdout) });
  return await obey(order, { fs, style, signal });
}

async function bootOn(order: Order): Promise<System> {
  const image = existingImage(order.image);
  if (image === undefined) {
    throw new OsError("ENOENT", `use ${order.image} as an image; hako mkfs makes one`);
  }
  const domains = filesOnImage({ ...image, restart: RESTART });
  return await boot(defineSystem({ base: import.meta.url, domains }));
}
