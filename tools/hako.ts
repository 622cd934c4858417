/**
 * The launcher: reads the command line, and starts the command's program in a process that has the
 * permissions of that command and no others. It never hosts a domain itself.
 *
 * `deno task hako` may read where it was typed; a launcher that `deno install` has made may not, for
 * it is where it was typed.
 *
 * @module
 */

import { resolve } from "node:path";
import { hakoProgram } from "./command_line/hako_program.ts";
import { launch, programArguments } from "./command_line/launch.ts";
import { placeOf, readRequest } from "./command_line/program.ts";
import { runMain } from "./command_line/run_main.ts";

await runMain("hako", async () => {
  const isTask = environment("INIT_CWD") !== undefined;
  const program = hakoProgram(isTask ? "deno task hako" : "hako");
  const request = readRequest(program, Deno.args);
  if (request.kind === "text") {
    console.log(request.text);
    return 0;
  }
  const general = placeOf(resolve(import.meta.dirname ?? ".", ".."), { get: environment });
  // The program may write a directory of its own there, which it makes and removes; not all of it.
  const temporaryDirectory = `${general.temporaryDirectory}/hako-${crypto.randomUUID()}`;
  const place = { ...general, temporaryDirectory };
  const { command, invocation, args } = request;
  return await launch(programArguments(command, invocation, place, args), place);
});

/** A variable of the environment, if this process may read it. */
function environment(name: string): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  return state === "granted" ? Deno.env.get(name) : undefined;
}
