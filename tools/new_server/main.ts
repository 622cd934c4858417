/**
 * The program of `hako new`: writes a new server to an empty place. It overwrites nothing.
 *
 * @module
 */

import { join, relative, resolve } from "node:path";
import { OsError } from "@hako/ipc";
import { parseCommand } from "../command_line/parse.ts";
import { placeOf } from "../command_line/program.ts";
import { runMain } from "../command_line/run_main.ts";
import { readCheckout } from "./checkout.ts";
import { newCommand } from "./command.ts";
import { readNewOrder } from "./order.ts";
import { projectFiles } from "./project.ts";
import { writeProject } from "./written_project.ts";

await runMain("hako new", () => {
  const invocation = parseCommand(newCommand, Deno.args);
  const place = placeOf(resolve(import.meta.dirname!, "../.."), Deno.env);
  const { name, directory, sourceRoot } = readNewOrder(invocation, place);
  const files = projectFiles(name, readCheckout(sourceRoot));
  try {
    writeProject(directory, files);
  } catch (error) {
    if (!(error instanceof OsError)) throw error; // A fault of ours shows its stack.
    console.error(`hako new: ${error.message}`);
    return 1;
  }
  if (invocation.flags.quiet) return 0;
  const shown = relative(place.directory, directory);
  for (const path of files.keys()) console.log(join(shown, path));
  console.error(`hako new: now cd ${shown} and deno task test`);
  return 0;
});
