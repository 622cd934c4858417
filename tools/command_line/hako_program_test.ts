import { assertEquals, assertNotEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { displayWidth } from "../terminal/style.ts";
import { TERMINAL_COLUMNS } from "../terminal/table.ts";
import { buildCommand } from "../build/command.ts";
import { checkCommand } from "../check/command.ts";
import { type Command, type Syntax, UsageError } from "./command.ts";
import { commandsOf } from "./command_table.ts";
import { hakoProgram } from "./hako_program.ts";
import { commandHelp } from "./help.ts";
import { parseCommand } from "./parse.ts";
import { readRequest } from "./program.ts";
import { referenceCommand } from "./reference/command.ts";
import { shellWords } from "./test_words.ts";

/** As it is installed, and as it is typed in a checkout, which is longer. */
const PROGRAMS = ["hako", "deno task hako"].map(hakoProgram);

const COMMANDS: readonly Command[] = commandsOf(PROGRAMS[0]!);

/** Those of `deno task`, which are told in the same way. */
const TASKS: readonly Syntax[] = [checkCommand, buildCommand, referenceCommand];

const PLACE = { sourceRoot: "/hako", directory: "/home", temporaryDirectory: "/tmp/1" };

Deno.test("every command has a name of its own", () => {
  const names = COMMANDS.map(({ name }) => name);
  assertEquals(names, [...new Set(names)]);
  assertEquals(names.includes("help"), false);
});

Deno.test("help fits a terminal, whatever is typed to start the program", () => {
  for (const program of PROGRAMS) {
    for (const args of [[], ...COMMANDS.map(({ name }) => [name, "--help"])]) {
      const request = readRequest(program, args);
      assertFits(request.kind === "text" ? request.text : "", `${program.call} ${args.join(" ")}`);
    }
  }
  for (const task of TASKS) assertFits(commandHelp("deno task", task), task.name);
});

function assertFits(text: string, what: string): void {
  assertNotEquals(text, "", what);
  for (const line of text.split("\n")) {
    assertEquals(displayWidth(line) <= TERMINAL_COLUMNS, true, `${what}: ${line}`);
  }
}

for (const command of [...COMMANDS, ...TASKS]) {
  Deno.test(`${command.name} has examples, and each of them is understood`, () => {
    assertEquals(command.examples.length >= 2, true);
    for (const { line } of command.examples) {
      const words = shellWords(line);
      if (words.includes("--help")) continue;
      const invocation = parseCommand(command, words);
      COMMANDS.find((one) => one === command)?.permissions(invocation, PLACE);
    }
  });

  Deno.test(`${command.name} has no flag twice, and refuses others with the nearest`, () => {
    const letters = Object.values(command.flags).flatMap(({ letter }) => letter ?? []);
    assertEquals(letters, [...new Set(letters)]);
    assertEquals(letters.includes("h") || "help" in command.flags, false);
    for (const name of Object.keys(command.flags)) {
      const misspelt = `--${name}s`;
      const reason = `no such flag; did you mean "--${name}"?`;
      const message = `Cannot run ${command.name} with ${misspelt}: ${reason}`;
      assertThrows(() => parseCommand(command, [misspelt]), UsageError, message);
    }
  });
}

Deno.test("a flag's choices are checked, and offered", () => {
  const run = COMMANDS.find(({ name }) => name === "run")!;
  const misspelt = () => parseCommand(run, ["system.json", "--log", "jsn"]);
  const message = 'Cannot run run with --log jsn: no such format; did you mean "json"?';
  assertThrows(misspelt, UsageError, message);
});

Deno.test("what may be left out is shown in brackets", () => {
  const usage = (name: string): string => {
    const request = readRequest(PROGRAMS[0]!, ["help", name]);
    return request.kind === "text" ? request.text.split("\n", 1)[0]! : "";
  };
  assertEquals(usage("fs"), "Usage: hako fs [FLAGS] IMAGE COMMAND [PATH...]");
  assertEquals(usage("check"), "Usage: hako check [FLAGS] [MANIFEST...]");
  assertEquals(usage("mount"), "Usage: hako mount [FLAGS] IMAGE DIR");
  assertEquals(usage("completion"), "Usage: hako completion SHELL");
});

Deno.test("an example that is too long is broken where it can be pasted", () => {
  const line = `${"--flag 'a b' ".repeat(8)}end`;
  const examples = [{ line, what: "much" }, { line: "", what: "little" }];
  const help = commandHelp("hako", { name: "demo", summary: "show", flags: {}, examples });
  assertFits(help, "demo");
  const shown = help.slice(help.indexOf("# much")).split("\n  #", 1)[0]!;
  assertStringIncludes(shown, " \\\n");
  const pasted = shown.split("\n").slice(1).join("\n").replaceAll(/ \\\n\s*/g, " ").trim();
  assertEquals(pasted, `hako demo ${line}`);
});
