/**
 * Reads a command line by its declaration. Whatever is not declared is refused, with the nearest
 * valid name.
 *
 * @module
 */

import { type Args, parseArgs } from "@std/cli/parse-args";
import type { Flag, Flags, FlagValue, FlagValues, Invocation } from "./command.ts";
import { type Syntax, UsageError } from "./command.ts";
import { readDuration } from "./duration.ts";
import { noSuch } from "./nearest.ts";

/**
 * The arguments and flags of a command line.
 *
 * @param syntax What the command line may say.
 * @param args The words after the command's name, as `Deno.args` of its program has them.
 * @throws {UsageError} A flag is unknown, lacks its value or has a wrong one; there are too many or
 * too few arguments; an argument is none of the choices.
 */
export function parseCommand<F extends Flags>(
  syntax: Syntax<F>,
  args: readonly string[],
): Invocation<F> {
  const found = split(syntax, args);
  const flags: Record<string, FlagValue<Flag>> = {};
  for (const [name, flag] of Object.entries(syntax.flags)) {
    const value = found[name];
    if (flag.value === undefined) flags[name] = value === true;
    else if (!flag.isRepeatable) flags[name] = valueOf(syntax, name, flag, value);
    else flags[name] = (value as unknown[] ?? []).map((one) => textOf(syntax, name, flag, one));
  }
  return {
    arguments: checkedArguments(syntax, found._.map(String)),
    flags: flags as FlagValues<F>,
  };
}

/** Whether a command line asks for help: `--help` or `-h` before any `--`. */
export function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  const own = end < 0 ? args : args.slice(0, end);
  return own.includes("--help") || own.includes("-h");
}

function split<F extends Flags>(syntax: Syntax<F>, args: readonly string[]): Args {
  const entries = Object.entries(syntax.flags);
  const switches = entries.filter(([, flag]) => flag.value === undefined);
  const valued = entries.filter(([, flag]) => flag.value !== undefined);
  const letters = entries.flatMap(([name, { letter }]) => letter ? [[name, letter]] : []);
  return parseArgs([...args], {
    boolean: switches.map(([name]) => name),
    string: ["_", ...valued.map(([name]) => name)],
    collect: valued.filter(([, { isRepeatable }]) => isRepeatable).map(([name]) => name),
    alias: Object.fromEntries(letters),
    unknown: (arg, key) => {
      if (key !== undefined) refuseFlag(syntax, arg, key);
    },
  });
}

function refuseFlag(syntax: Syntax, arg: string, key: string): never {
  const written = arg.split("=", 1)[0] ?? arg;
  const names = Object.keys(syntax.flags);
  const reason = noSuch("flag", key, names).replace('mean "', 'mean "--');
  throw new UsageError(`Cannot run ${syntax.name} with ${written}: ${reason}`);
}

function valueOf(
  syntax: Syntax,
  name: string,
  flag: Flag,
  value: unknown,
): string | number | undefined {
  if (value === undefined) return undefined;
  const text = textOf(syntax, name, flag, value);
  checkChoice(syntax, name, flag, text);
  if (flag.kind !== "count" && flag.kind !== "duration") return text;
  const number = flag.kind === "count" ? countOf(text) : readDuration(text);
  if (number !== undefined) return number;
  const reason = flag.kind === "count" ? "a whole number from 0" : "a time, as 500ms, 30s or 2min";
  const what = `${flag.value} is ${reason}`;
  throw new UsageError(`Cannot run ${syntax.name} with --${name} ${text}: ${what}`);
}

function textOf(syntax: Syntax, name: string, flag: Flag, value: unknown): string {
  if (typeof value === "string" && value !== "") return value;
  throw new UsageError(`Cannot run ${syntax.name} with --${name}: ${flag.value} is missing`);
}

function checkChoice(syntax: Syntax, name: string, flag: Flag, text: string): void {
  if (flag.choices === undefined || flag.choices.includes(text)) return;
  const reason = noSuch(flag.value!.toLowerCase(), text, flag.choices);
  throw new UsageError(`Cannot run ${syntax.name} with --${name} ${text}: ${reason}`);
}

function countOf(text: string): number | undefined {
  const count = /^\d+$/.test(text) ? Number(text) : -1;
  return Number.isSafeInteger(count) && count >= 0 ? count : undefined;
}

function checkedArguments(syntax: Syntax, given: readonly string[]): readonly string[] {
  const { placeholder, countMin, countMax, choices } = syntax.arguments ?? NO_ARGUMENTS;
  const extra = given[countMax];
  if (extra !== undefined) {
    const limit = countMax === 0 ? "it takes no arguments" : `it takes at most ${countMax}`;
    throw new UsageError(`Cannot run ${syntax.name} with "${extra}": ${limit}`);
  }
  if (given.length < countMin) {
    throw new UsageError(`Cannot run ${syntax.name}: ${placeholder} is missing`);
  }
  for (const name of choices ? given : []) {
    if (choices?.includes(name)) continue;
    const reason = noSuch(placeholder.toLowerCase(), name, choices ?? []);
    throw new UsageError(`Cannot run ${syntax.name} with "${name}": ${reason}`);
  }
  return given;
}

const NO_ARGUMENTS = { placeholder: "", countMin: 0, countMax: 0, choices: undefined };
