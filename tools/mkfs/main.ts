/**
 * The program of `hako mkfs`: makes a file system in an image. It hosts no domain: nobody else can
 * use the image yet, so nothing has to survive anything.
 *
 * @module
 */

import { resolve } from "node:path";
import { OsError } from "@hako/ipc";
import { format } from "../../fs-server/ext4/format.ts";
import { type FormatOptions, type FormatPlan, planFormat } from "../../fs-server/ext4/mkfs/plan.ts";
import { parseCommand } from "../command_line/parse.ts";
import { placeOf } from "../command_line/program.ts";
import { runMain } from "../command_line/run_main.ts";
import { mkfsCommand } from "./command.ts";
import { ImageDisk } from "./image_disk.ts";
import { type MkfsOrder, readMkfsOrder } from "./order.ts";

const WINDOW_BYTES = 2 * 1024 * 1024;

await runMain("hako mkfs", () => {
  const { directory } = placeOf(resolve(import.meta.dirname!, "../.."), Deno.env);
  const invocation = parseCommand(mkfsCommand, Deno.args);
  const order = readMkfsOrder(invocation, directory);
  try {
    const plan = make(order);
    if (!order.quiet) console.log(summary(plan, invocation.arguments[0]!));
    return 0;
  } catch (error) {
    if (!(error instanceof OsError)) throw error; // A fault of ours shows its stack.
    console.error(`hako mkfs: ${error.message}`);
    return 1;
  }
});

function make({ path, byteLength, force, options }: MkfsOrder): FormatPlan {
  const size = byteLength === undefined ? {} : { byteLength };
  using disk = new ImageDisk(path, { force, ...size });
  try {
    return makeOn(disk, options);
  } catch (error) {
    disk.undo();
    throw error;
  }
}

function makeOn(disk: ImageDisk, options: FormatOptions): FormatPlan {
  planFormat(disk.byteLength, options); // What cannot be is refused while nothing is lost yet.
  disk.empty();
  const window = new Uint8Array(new SharedArrayBuffer(WINDOW_BYTES));
  return format(disk, window, { ...options, isBlank: true });
}

/** What was made, in a few lines. */
function summary(
  { type, sizes, journalBlocks, blocksReserved }: FormatPlan,
  image: string,
): string {
  const count = (value: number, what: string) => `${value.toLocaleString("en-US")} ${what}`;
  const uuid = Array.from(sizes.uuid, (byte) => byte.toString(16).padStart(2, "0")).join("")
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  return [
    `${image}: ${type}, ${uuid}`,
    `  ${count(sizes.blockCount, "blocks")} of ${sizes.blockBytes} bytes in ` +
    `${count(sizes.groupCount, sizes.groupCount === 1 ? "group" : "groups")}, ` +
    `${count(blocksReserved, "reserved for root")}`,
    `  ${count(sizes.inodeCount, "inodes")} of ${sizes.inodeBytes} bytes` +
    (journalBlocks > 0 ? `, a journal of ${count(journalBlocks, "blocks")}` : ", no journal"),
  ].join("\n");
}
