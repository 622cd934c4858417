/**
 * The program of `hako completion`: prints the script for a shell.
 *
 * @module
 */

import { hakoProgram } from "../command_line/hako_program.ts";
import { parseCommand } from "../command_line/parse.ts";
import { runMain } from "../command_line/run_main.ts";
import { SCENARIOS } from "../scenarios/library.ts";
import { completionCommand, type Shell } from "./command.ts";
import { completionScript } from "./script.ts";

await runMain("hako completion", () => {
  const { arguments: [shell] } = parseCommand(completionCommand, Deno.args);
  const scenarios = { SCENARIO: SCENARIOS.map(({ name }) => name) };
  const script = completionScript(shell as Shell, hakoProgram("hako"), { scenarios });
  Deno.stdout.writeSync(new TextEncoder().encode(script));
  return 0;
});
