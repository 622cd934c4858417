import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { canRun, runHako, runProgram } from "../command_line/test_hako.ts";
import { SCENARIOS } from "../scenarios/library.ts";
import { type Shell, SHELLS } from "./command.ts";
import { commandOffers } from "./offers.ts";
import { completionScript } from "./script.ts";
import { type Case, CASES, FILES, KNOWN, PROGRAM } from "./test_completion.ts";

const CAN_RUN: Readonly<Record<Shell, boolean>> = {
  bash: canRun("bash"),
  zsh: canRun("zsh"),
  fish: canRun("fish"),
};

/** A test in a directory with files, and a script for the shell; skipped by name without the shell. */
function shellTest(shell: Shell, name: string, run: (directory: string) => Promise<void>): void {
  Deno.test({ name: `${shell}: ${name}`, ignore: !CAN_RUN[shell] }, async () => {
    const root = Deno.makeTempDirSync();
    const directory = join(root, "home");
    Deno.mkdirSync(directory);
    for (const file of FILES) {
      if (file.endsWith("/")) Deno.mkdirSync(join(directory, file));
      else Deno.writeTextFileSync(join(directory, file), "");
    }
    const script = completionScript(shell, PROGRAM, KNOWN);
    Deno.writeTextFileSync(join(root, "script"), script);
    try {
      await run(directory);
    } finally {
      Deno.removeSync(root, { recursive: true });
    }
  });
}

/** What bash would do at a press of the key: it takes = for a word of its own. */
const BASH = `
source ../script
COMP_WORDS=(demo "$@")
COMP_CWORD=$#
_demo
for offer in "\${COMPREPLY[@]}"; do
  if [[ -d $offer ]]; then offer+=/; fi
  echo "$offer"
done
`;

async function offeredByBash(words: readonly string[], directory: string): Promise<string[]> {
  const split = words.flatMap((word) => word.split(/(=)/).filter((part, index) => part || !index));
  const args = ["--norc", "--noprofile", "-c", BASH, "bash", ...split];
  const { code, stdout, stderr } = await runProgram("bash", args, { directory });
  assertEquals([code, stderr], [0, ""]);
  return sorted(stdout);
}

function sorted(lines: string): string[] {
  return lines.split("\n").filter((line) => line !== "").sort();
}

shellTest("bash", "offers commands, flags, values and files", async (directory) => {
  for (const { words, offered } of CASES) {
    // The flags of the program itself are told apart by their hyphens.
    const found = await offeredByBash(words, directory);
    const expected = words.length === 1 && words[0] === ""
      ? ["--help", "--version", ...offered]
      : offered;
    assertEquals(found, expected, words.join(" "));
  }
});

shellTest("bash", "offers values behind an equals sign, and flags until --", async (directory) => {
  const cases: readonly Case[] = [
    { words: ["show", "--format="], offered: ["json", "text"] },
    { words: ["show", "--format=j"], offered: ["json"] },
    { words: ["show", "--output=di"], offered: ["disk.img"] },
    { words: ["show", "--count=3", "di"], offered: ["disk"] },
    { words: ["show", "--", "--fo"], offered: [] },
    { words: ["show", "--", "disk", "my"], offered: ["my disk.img"] },
  ];
  for (const { words, offered } of cases) {
    assertEquals(await offeredByBash(words, directory), offered, words.join(" "));
  }
});

shellTest("zsh", "takes the script", async (directory) => {
  const { code, stderr } = await runProgram("zsh", ["-f", "-n", "../script"], { directory });
  assertEquals([code, stderr], [0, ""]);
});

shellTest("fish", "offers commands, flags, values and files", async (directory) => {
  for (const { words, offered } of CASES) {
    const line = `demo ${words.join(" ")}`;
    const args = ["--no-config", "-c", 'source ../script; complete -C "$argv"', line];
    const { stdout, stderr } = await runProgram("fish", args, { directory });
    assertEquals(stderr, "");
    const found = sorted(stdout).map((text) => text.split("\t", 1)[0]!.replaceAll("\\ ", " "));
    assertEquals(found, offered, line);
  }
});

Deno.test("commandOffers() gives a flag's letter, and what its value is", () => {
  const [show] = commandOffers(PROGRAM);
  assertEquals(show!.flags.map(({ name, letter, value }) => [name, letter, value?.offer.kind]), [
    ["all", "a", undefined],
    ["format", "F", "words"],
    ["output", "o", "files"],
    ["into", undefined, "directories"],
    ["count", undefined, "nothing"],
    ["fault", undefined, "nothing"],
    ["help", "h", undefined],
  ]);
  assertEquals(show!.arguments.map(({ offer }) => offer.kind), [
    "words",
    "files",
    "words",
    "files",
  ]);
  assertEquals(show!.goesOn, true);
});

for (const shell of SHELLS) {
  Deno.test(`hako completion ${shell} knows every command, and every scenario`, async () => {
    const { code, stdout, stderr } = await runHako(["completion", shell], { directory: "/tmp" });
    assertEquals([code, stderr], [0, ""]);
    for (const name of ["mkfs", "umount", "completion", ...SCENARIOS.map(({ name }) => name)]) {
      assertStringIncludes(stdout, name);
    }
  });
}
