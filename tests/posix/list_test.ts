import { assert, assertEquals } from "@std/assert";
import { DIFFERENCES } from "./differences.ts";
import { type Comparison, differencesOf, missingForList, runList } from "./posix_list.ts";

/** How often somebody dies. */
const KILL_EVERY_MS = 1_000;

const ABSENT = missingForList();
const EXPLAINED = new Set(DIFFERENCES.flatMap(({ lines }) => lines.map(textOf)));

function textOf(parts: readonly string[]): string {
  return JSON.stringify(parts);
}

function listTest(name: string, run: () => Promise<void>): void {
  const skipped = ABSENT.length === 0 ? "" : ` (skipped: no ${ABSENT.join(", ")})`;
  Deno.test(`${name}${skipped}`, { ignore: ABSENT.length > 0 }, run);
}

function unexplained(comparison: Comparison): string[] {
  return differencesOf(comparison).map(textOf).filter((text) => !EXPLAINED.has(text));
}

listTest("a mount answers as the host's ext4 does, but for what is explained", async () => {
  const comparison = await runList(0);
  assert(comparison.ext4.length > 150, "the whole list was run");
  assertEquals(unexplained(comparison), []);
  const found = new Set(differencesOf(comparison).map(textOf));
  const gone = [...EXPLAINED].filter((text) => !found.has(text));
  assertEquals(gone, [], "what is explained differs no longer");
});

listTest("a mount answers the same while its servers and the gateway die", async () => {
  assertEquals(unexplained(await runList(KILL_EVERY_MS)), []);
});
