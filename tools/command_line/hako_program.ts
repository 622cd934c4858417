/**
 * The program `hako`: all its commands. Help, completion and the reference are made from this table.
 *
 * @module
 */

import metadata from "../deno.json" with { type: "json" };
import { benchCommand } from "../bench/command.ts";
import { checkCommand } from "../check_manifest/command.ts";
import { completionCommand } from "../completion/command.ts";
import { dashCommand } from "../dash/command.ts";
import { fsCommand } from "../fs/command.ts";
import { journalCommand } from "../journal/command.ts";
import { mkfsCommand } from "../mkfs/command.ts";
import { mountCommand } from "../mount/command.ts";
import { newCommand } from "../new_server/command.ts";
import { runCommand } from "../run/command.ts";
import { scenariosCommand } from "../scenarios/command.ts";
import { serveCommand } from "../serve_nbd/command.ts";
import { topCommand } from "../top/command.ts";
import { traceCommand } from "../trace/command.ts";
import { umountCommand } from "../umount/command.ts";
import type { CommandGroup, ExitCode, Program } from "./command_table.ts";

const GROUPS: readonly CommandGroup[] = [
  { title: "Systems", commands: [runCommand, checkCommand, topCommand, traceCommand, dashCommand] },
  {
    title: "Disks and files",
    commands: [mkfsCommand, fsCommand, mountCommand, umountCommand, journalCommand, serveCommand],
  },
  { title: "Evidence", commands: [scenariosCommand, benchCommand] },
  { title: "Yours", commands: [newCommand, completionCommand] },
];

const EXITS: readonly ExitCode[] = [
  { code: "0", meaning: "done; what was looked at is sound" },
  { code: "1", meaning: "not done, or what was looked at is damaged" },
  { code: "2", meaning: "the command line is wrong, or what it names is no such thing" },
  { code: "130", meaning: "Ctrl-C ended it before it was done (129: SIGHUP, 143: SIGTERM)" },
  { code: "137", meaning: "it was killed; in general 128 and the number of the signal" },
];

/**
 * The program.
 *
 * @param call What the user types to start it.
 */
export function hakoProgram(call: string): Program {
  return {
    name: "hako",
    summary:
      "A multiserver operating system in one Deno process. Any of its servers may die in the " +
      "middle of any request: nothing is lost, nothing is done twice.",
    call,
    version: `${metadata.version} (deno ${Deno.version.deno})`,
    groups: GROUPS,
    exits: EXITS,
  };
}
