import { assertEquals, assertStringIncludes } from "@std/assert";
import { commandsOf } from "./command_table.ts";
import { hakoProgram } from "./hako_program.ts";
import { type Ended, runHako } from "./test_hako.ts";

/** As many programs as run at once. */
const AT_ONCE = 4;

/** What each way to misuse a command is told; all but the flags are found by its own program. */
const MISUSES: readonly (readonly [args: readonly string[], message: string])[] = [
  ...commandsOf(hakoProgram("hako")).map(({ name }) =>
    [[name, "--no-such"], `hako: Cannot run ${name} with --no-such: no such flag`] as const
  ),
  [["no-such"], "hako: Cannot run hako no-such: no such command"],
  [["--no-such"], "hako: Cannot run hako with --no-such: no such flag"],
  [["bench", "--rounds", "0"], "hako bench: Cannot run bench with --rounds 0"],
  [["check"], "hako check: Cannot run check: MANIFEST is missing"],
  [["check", "none.json"], "hako check: /tmp/none.json: there is no such file"],
  [["run", "none.json"], "hako run: /tmp/none.json: there is no such file"],
  [["top", "none.json"], "hako top: /tmp/none.json: there is no such file"],
  [["trace", "none.json"], "hako trace: /tmp/none.json: there is no such file"],
  [["journal", "/tmp"], "hako journal: Cannot read /tmp"],
  [["new", "server", "Tally"], 'hako: Cannot make a server "Tally"'],
];

/** Answers how programs ended, in their order. */
async function endings(commandLines: readonly (readonly string[])[]): Promise<Ended[]> {
  const ends: Ended[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < commandLines.length) {
      const index = next++;
      ends[index] = await runHako(commandLines[index]!, { directory: "/tmp" });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return ends;
}

Deno.test("whoever is misused exits with 2 and says how, in one line", async () => {
  const ends = await endings(MISUSES.map(([args]) => args));
  ends.forEach(({ code, stdout, stderr }, index) => {
    const [args, message] = MISUSES[index]!;
    assertEquals([code, stdout], [2, ""], args.join(" "));
    assertStringIncludes(stderr, message);
    assertEquals(stderr.trimEnd().split("\n").length, 1, stderr);
  });
});

Deno.test("whoever is asked for help, or for the version, exits with 0", async () => {
  const asked = [
    ["--help"],
    ["help"],
    ["help", "mkfs"],
    ["mkfs", "x", "--help"],
    ["new", "-h"],
    ["--version"],
  ];
  const ends = await endings(asked);
  for (const { code, stderr } of ends) assertEquals([code, stderr], [0, ""]);
  assertStringIncludes(ends[5]!.stdout, `(deno ${Deno.version.deno})`);
});
