import { assert, assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../command_line/command.ts";
import { commandHelp } from "../command_line/help.ts";
import { parseCommand } from "../command_line/parse.ts";
import { dashCommand } from "./command.ts";

const PLACE = { sourceRoot: "/hako", directory: "/home", temporaryDirectory: "/tmp/hako-1" };

function permissions(...words: string[]) {
  return dashCommand.permissions(parseCommand(dashCommand, words), PLACE);
}

Deno.test("the program that serves the page writes nothing, and reaches one port of this machine", () => {
  assertEquals(permissions(), {
    read: ["/hako"],
    run: [Deno.execPath()],
    net: ["127.0.0.1:0"],
  });
  assertEquals(permissions("system.json", "--port", "8080"), {
    read: ["/hako", "/home/system.json"],
    run: [Deno.execPath()],
    net: ["127.0.0.1:8080"],
  });
});

Deno.test("a port that there is not is a misuse", () => {
  assertThrows(() => permissions("--port", "65536"), UsageError, "ports are up to 65535");
});

Deno.test("hako dash tells what it does, with examples", () => {
  const help = commandHelp("deno task hako", dashCommand);
  for (const word of ["[MANIFEST]", "--port N", "--chaos", "--seed N", "--duration TIME"]) {
    assert(help.includes(word), `${word} in ${help}`);
  }
  assert(help.includes("deno task hako dash --chaos --seed 7 --duration 1min"), help);
  assert(help.split("\n").every((line) => line.length <= 100), help);
});
