import { assert, assertEquals } from "@std/assert";
import { boot, defineSystem } from "@hako/kernel";
import type { Attempt } from "../../tools/scenarios/domains/hostile.ts";
import { LIMIT_MB } from "./hoarding_system.ts";

/** Runs `test` with the path of a file that says "secret", in a directory of its own. */
async function withSecret(test: (path: string) => Promise<void>): Promise<void> {
  const directory = Deno.makeTempDirSync();
  try {
    Deno.writeTextFileSync(`${directory}/secret`, "secret");
    await test(`${directory}/secret`);
    assertEquals(Deno.readTextFileSync(`${directory}/secret`), "secret");
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

/** Everything that the hostile domain tries, for the process: the domain is to have none of it. */
const PERMISSIONS = ["read", "write", "net", "env", "run", "sys"].map((name) => `--allow-${name}`);

Deno.test("a limited domain escapes in no way, whatever its process may do", () =>
  withSecret(async (secret) => {
    const program = new URL("./escape_program.ts", import.meta.url).pathname;
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--frozen", "--no-prompt", ...PERMISSIONS, program, secret],
      stderr: "inherit",
    }).output();

    const attempts: readonly Attempt[] = JSON.parse(new TextDecoder().decode(stdout));

    assertEquals(attempts.filter(({ denied }) => !denied), []);
    assert(attempts.length > 20, "all of them were tried");
  }));

Deno.test("a limited driver has its own permissions and no others", () =>
  withSecret(async (secret) => {
    const allowed = new URL("./domains/reader.ts", import.meta.url).pathname;
    await using system = await boot(defineSystem({
      base: import.meta.url,
      domains: {
        reader: {
          kind: "driver",
          module: "./domains/reader.ts",
          permissions: { read: [allowed] },
          options: { allowed, denied: secret },
          memoryLimitMb: LIMIT_MB,
        },
      },
    }));

    const read = await system.finished("reader");

    assertEquals(read, [Deno.readTextFileSync(allowed), "NotCapable"]);
  }));
