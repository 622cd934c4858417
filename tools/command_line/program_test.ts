import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { type Command, type Flags, UsageError } from "./command.ts";
import type { Program } from "./command_table.ts";
import { placeOf, readRequest, type Request } from "./program.ts";

const flags = {
  seed: { value: "N", kind: "count", summary: "the seed" },
  quiet: { letter: "q", summary: "results only" },
} as const satisfies Flags;

const demo: Command<typeof flags> = {
  name: "demo",
  summary: "show what there is",
  flags,
  arguments: { placeholder: "NAME", countMin: 0, countMax: 9, summary: "what to show" },
  examples: [{ line: "--seed 7", what: "repeat a run" }],
  module: "demo.ts",
  permissions: () => ({}),
};

const PROGRAM: Program = {
  name: "hako",
  summary: "Shows things.",
  call: "deno task hako",
  version: "1.2.3",
  groups: [{ title: "Shows", commands: [demo] }],
  exits: [{ code: "2", meaning: "wrong" }],
};

Deno.test("readRequest() hands a command its words", () => {
  const request = readRequest(PROGRAM, ["demo", "a", "--seed", "7"]);
  assertEquals(request.kind === "command" && request.args, ["a", "--seed", "7"]);
  assertEquals(request.kind === "command" && request.invocation.flags, { seed: 7, quiet: false });
});

Deno.test("readRequest() shows every command when asked for none", () => {
  for (const args of [[], ["--help"], ["-h"], ["help"], ["help", "help"], ["help", "-h"]]) {
    const shown = textOf(readRequest(PROGRAM, args));
    assertStringIncludes(shown, "Usage: deno task hako COMMAND");
    assertStringIncludes(shown, "\n\nShows:\n  demo          show what there is\n");
    assertStringIncludes(shown, "\n\nExit codes:\n  2             wrong");
  }
  assertEquals(textOf(readRequest(PROGRAM, ["--version"])), "hako 1.2.3");
});

Deno.test("readRequest() shows one command's flags and examples", () => {
  const expected = [
    "Usage: deno task hako demo [FLAGS] [NAME...]",
    "",
    "Show what there is.",
    "",
    "Arguments:",
    "  NAME  what to show",
    "",
    "Flags:",
    "  --seed N     the seed",
    "  -q, --quiet  results only",
    "  -h, --help   show this",
    "",
    "Examples:",
    "  deno task hako demo --seed 7  repeat a run",
  ].join("\n");
  assertEquals(textOf(readRequest(PROGRAM, ["help", "demo"])), expected);
  assertEquals(textOf(readRequest(PROGRAM, ["demo", "--seed", "7", "--help"])), expected);
});

Deno.test("readRequest() refuses an unknown command or flag, with the nearest", () => {
  const refuse = (args: string[], message: string) =>
    assertThrows(() => readRequest(PROGRAM, args), UsageError, message);
  refuse(["dmeo"], 'Cannot run hako dmeo: no such command; did you mean "demo"?');
  refuse(["help", "dem"], 'did you mean "demo"?');
  refuse(["--versoin"], 'Cannot run hako with --versoin: no such flag; did you mean "--version"?');
});

Deno.test("placeOf() takes paths relative to where the task was typed", () => {
  const environment = new Map([["INIT_CWD", "/home"], ["TMPDIR", "/scratch"]]);
  assertEquals(placeOf("/hako", environment), {
    sourceRoot: "/hako",
    directory: "/home",
    temporaryDirectory: "/scratch",
  });
  assertEquals(placeOf("/hako", new Map()).temporaryDirectory, "/tmp");
});

function textOf(request: Request): string {
  return request.kind === "text" ? request.text : "";
}
