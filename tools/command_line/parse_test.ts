import { assertEquals, assertThrows } from "@std/assert";
import { type Flags, type Syntax, UsageError } from "./command.ts";
import { asksForHelp, parseCommand } from "./parse.ts";

const flags = {
  list: { summary: "list" },
  seed: { value: "N", kind: "count", summary: "seed" },
  json: { value: "FILE", kind: "path", letter: "j", summary: "results" },
} as const satisfies Flags;

const command: Syntax<typeof flags> = {
  name: "demo",
  summary: "show",
  flags,
  arguments: {
    placeholder: "NAME",
    countMin: 0,
    countMax: 2,
    choices: ["copy", "kill"],
    summary: "what to run",
  },
  examples: [],
};

Deno.test("parseCommand() gives every flag its declared type", () => {
  assertEquals(parseCommand(command, ["copy", "--seed", "7", "-j", "a.json", "--list"]), {
    arguments: ["copy"],
    flags: { list: true, seed: 7, json: "a.json" },
  });
  assertEquals(parseCommand(command, []).flags, { list: false, seed: undefined, json: undefined });
  assertEquals(parseCommand(command, ["--json=a=b"]).flags.json, "a=b");
});

const REFUSED: readonly (readonly [args: readonly string[], message: string])[] = [
  [["--sead", "7"], 'Cannot run demo with --sead: no such flag; did you mean "--seed"?'],
  [["--verbose=1"], "Cannot run demo with --verbose: no such flag"],
  [["-x"], "Cannot run demo with -x: no such flag"],
  [["--seed"], "Cannot run demo with --seed: N is missing"],
  [["--seed", "--list"], "Cannot run demo with --seed: N is missing"],
  [["--json="], "Cannot run demo with --json: FILE is missing"],
  [["--seed", "soon"], "Cannot run demo with --seed soon: N is a whole number from 0"],
  [["--seed=-1"], "Cannot run demo with --seed -1: N is a whole number from 0"],
  [["--seed", "9007199254740992"], "N is a whole number from 0"],
  [["coppy"], 'Cannot run demo with "coppy": no such name; did you mean "copy"?'],
  [["copy", "kill", "copy"], 'Cannot run demo with "copy": it takes at most 2'],
];

for (const [args, message] of REFUSED) {
  Deno.test(`parseCommand() refuses ${args.join(" ")}`, () => {
    assertThrows(() => parseCommand(command, args), UsageError, message);
  });
}

Deno.test("parseCommand() refuses arguments too many and too few", () => {
  const none: Syntax = { name: "demo", summary: "", flags: {}, examples: [] };
  const one: Syntax = {
    ...none,
    arguments: { placeholder: "FILE", countMin: 1, countMax: 1, summary: "" },
  };
  assertThrows(() => parseCommand(none, ["x"]), UsageError, "it takes no arguments");
  assertThrows(() => parseCommand(one, []), UsageError, "Cannot run demo: FILE is missing");
});

Deno.test("asksForHelp() sees --help and -h, but not after --", () => {
  assertEquals(asksForHelp(["copy", "--help"]), true);
  assertEquals(asksForHelp(["-h"]), true);
  assertEquals(asksForHelp(["--", "--help"]), false);
});
