/**
 * The launcher: reads the command line, and starts the command's program in a process that has the
 * permissions of that command and no others. It never hosts a domain itself.
 *
 * @module
 */

import { resolve } from "node:path";
import { launch, programArguments } from "./command_line/launch.ts";
import { placeOf, type Program, readRequest } from "./command_line/program.ts";
import { runMain } from "./command_line/run_main.ts";
import metadata from "./deno.json" with { type: "json" };
import { benchCommand } from "./bench/command.ts";
import { checkCommand } from "./check_manifest/command.ts";
import { fsCommand } from "./fs/command.ts";
import { journalCommand } from "./journal/command.ts";
import { mkfsCommand } from "./mkfs/command.ts";
import { mountCommand } from "./mount/command.ts";
import { runCommand } from "./run/command.ts";
import { scenariosCommand } from "./scenarios/command.ts";
import { serveCommand } from "./serve_nbd/command.ts";
import { topCommand } from "./top/command.ts";
import { traceCommand } from "./trace/command.ts";
import { umountCommand } from "./umount/command.ts";

const PROGRAM: Program = {
  name: "hako",
  call: "deno task hako",
  version: metadata.version,
  commands: [
    checkCommand,
    runCommand,
    topCommand,
    traceCommand,
    mountCommand,
    umountCommand,
    fsCommand,
    mkfsCommand,
    journalCommand,
    serveCommand,
    scenariosCommand,
    benchCommand,
  ],
};

await runMain(PROGRAM.name, async () => {
  const request = readRequest(PROGRAM, Deno.args);
  if (request.kind === "text") {
    console.log(request.text);
    return 0;
  }
  const general = placeOf(resolve(import.meta.dirname ?? ".", ".."), Deno.env);
  // The program may write a directory of its own there, which it makes and removes; not all of it.
  const temporaryDirectory = `${general.temporaryDirectory}/hako-${crypto.randomUUID()}`;
  const place = { ...general, temporaryDirectory };
  const { command, invocation, args } = request;
  return await launch(programArguments(command, invocation, place, args), place);
});
