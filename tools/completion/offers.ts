/**
 * What may follow on a command line, from the same table that it is read by. The scripts for the
 * shells are made from this.
 *
 * @module
 */

import type { Arguments, Command, Flag } from "../command_line/command.ts";
import { commandsOf, type Program } from "../command_line/command_table.ts";

/** What a shell offers for one word. */
export type Offer =
  | { readonly kind: "files" | "directories" | "nothing" }
  | { readonly kind: "words"; readonly words: readonly string[] };

/** A flag. */
export interface FlagOffer {
  /** Its name, without hyphens. */
  readonly name: string;
  /** The letter that also gives it. */
  readonly letter: string | undefined;
  /** What it does. */
  readonly summary: string;
  /** Whether it may be given several times. */
  readonly isRepeatable: boolean;
  /** Its value, if it has one. */
  readonly value: { readonly placeholder: string; readonly offer: Offer } | undefined;
}

/** One argument. */
export interface ArgumentOffer {
  /** Its name in help. */
  readonly placeholder: string;
  /** What it may be. */
  readonly offer: Offer;
}

/** A command. */
export interface CommandOffer {
  /** Its name. */
  readonly name: string;
  /** What it does. */
  readonly summary: string;
  /** Its flags, `--help` among them. */
  readonly flags: readonly FlagOffer[];
  /** Its arguments, in order. */
  readonly arguments: readonly ArgumentOffer[];
  /** Whether the last of them may come again. */
  readonly goesOn: boolean;
}

/** Values that no table knows beforehand: for each command, by placeholder. */
export type KnownValues = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** Placeholders that mean files. */
const FILES: ReadonlySet<string> = new Set(["FILE", "IMAGE", "MANIFEST", "PATH"]);

const HELP: FlagOffer = {
  name: "help",
  letter: "h",
  summary: "show flags and examples",
  isRepeatable: false,
  value: undefined,
};

/** What each command of a program takes, `help` among them. */
export function commandOffers(program: Program, known: KnownValues = {}): CommandOffer[] {
  const commands = commandsOf(program);
  const names = commands.map(({ name }) => name);
  return [...commands.map((command) => commandOffer(command, known[command.name] ?? {})), {
    name: "help",
    summary: "show a command's flags and examples",
    flags: [],
    arguments: [{ placeholder: "COMMAND", offer: { kind: "words", words: names } }],
    goesOn: false,
  }];
}

function commandOffer(command: Command, known: KnownValues[string]): CommandOffer {
  const { name, summary, flags, arguments: declared } = command;
  const words = declared?.placeholder.split(" ") ?? [];
  return {
    name,
    summary,
    flags: [...Object.entries(flags).map(([flag, syntax]) => flagOffer(flag, syntax)), HELP],
    arguments: words.map((word) => ({
      placeholder: word,
      offer: argumentOffer(word, declared!, known[word]),
    })),
    goesOn: declared !== undefined && declared.countMax > words.length,
  };
}

function flagOffer(name: string, flag: Flag): FlagOffer {
  const { letter, value, summary, isRepeatable = false } = flag;
  const described = { name, letter, summary, isRepeatable };
  if (value === undefined) return { ...described, value: undefined };
  return { ...described, value: { placeholder: value, offer: valueOffer(value, flag) } };
}

function valueOffer(placeholder: string, { kind, choices, values = choices }: Flag): Offer {
  if (values !== undefined) return { kind: "words", words: values };
  if (kind !== "path") return { kind: "nothing" };
  return { kind: placeholder === "DIR" ? "directories" : "files" };
}

function argumentOffer(
  placeholder: string,
  { choices, values }: Arguments,
  known: readonly string[] | undefined,
): Offer {
  const words = known ?? values?.[placeholder] ?? choices;
  if (words !== undefined) return { kind: "words", words };
  if (placeholder === placeholder.toLowerCase()) return { kind: "words", words: [placeholder] };
  if (placeholder === "DIR") return { kind: "directories" };
  return { kind: FILES.has(placeholder) ? "files" : "nothing" };
}
