import { assertEquals } from "@std/assert";
import { join } from "node:path";
import type { Command } from "./command.ts";
import { denoProgram } from "./deno_program.ts";
import { programArguments } from "./launch.ts";

const PROBE = `
const states = [
  { name: "read", path: Deno.args[0] },
  { name: "read", path: Deno.args[0] + "/listed" },
  { name: "read", path: "/etc" },
  { name: "write", path: Deno.args[0] },
  { name: "run", command: "e2fsck" },
  { name: "env" },
  { name: "net" },
].map((descriptor) => Deno.permissions.querySync(descriptor).state);
console.log(JSON.stringify(states));
Deno.exit(7);
`;

Deno.test("a command's program has its own permissions, no others, and its own exit code", async () => {
  const directory = await Deno.makeTempDir();
  await Deno.writeTextFile(join(directory, "deno.json"), "{}");
  await Deno.writeTextFile(join(directory, "main.ts"), PROBE);
  const command: Command = {
    name: "probe",
    summary: "",
    flags: {},
    examples: [],
    module: "main.ts",
    permissions: () => ({ read: ["listed"] }),
  };
  const place = { sourceRoot: directory, directory, temporaryDirectory: directory };
  const args = programArguments(command, { arguments: [], flags: {} }, place, [directory]);

  const { code, stdout } = await new Deno.Command(denoProgram(), { args }).output();

  const [above, listed, ...others] = JSON.parse(new TextDecoder().decode(stdout)) as string[];
  assertEquals(listed, "granted");
  for (const state of [above, ...others]) assertEquals(state === "granted", false);
  assertEquals(code, 7);
  await Deno.remove(directory, { recursive: true });
});
