/**
 * The completion script of a program for a shell.
 *
 * @module
 */

import type { Program } from "../command_line/command_table.ts";
import { bashScript } from "./bash_script.ts";
import type { Shell } from "./command.ts";
import { fishScript } from "./fish_script.ts";
import { commandOffers, type KnownValues } from "./offers.ts";
import { zshScript } from "./zsh_script.ts";

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

/**
 * The script.
 *
 * @param known Values that the program's table does not know.
 */
export function completionScript(shell: Shell, program: Program, known: KnownValues = {}): string {
  return SCRIPTS[shell](program.name, commandOffers(program, known));
}
