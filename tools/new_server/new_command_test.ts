import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { denoProgram } from "../command_line/deno_program.ts";
import { type Ended, runHako, runProgram, SOURCE_ROOT } from "../command_line/test_hako.ts";

/** Runs a test in a directory of its own. */
function newTest(name: string, run: (directory: string) => Promise<void>): void {
  Deno.test(name, async () => {
    const directory = Deno.makeTempDirSync();
    try {
      await run(directory);
    } finally {
      Deno.removeSync(directory, { recursive: true });
    }
  });
}

function hakoNew(directory: string, ...args: string[]): Promise<Ended> {
  return runHako(["new", ...args], { directory });
}

newTest(
  "the project that hako new writes passes its test, and nothing is fetched",
  async (home) => {
    const made = await hakoNew(home, "server", "shopping-cart");
    assertEquals(made.code, 0, made.stderr);
    assertStringIncludes(made.stdout, "shopping-cart/server.ts\n");

    const directory = join(home, "shopping-cart");
    const env = { DENO_DIR: join(home, "cache"), http_proxy: "http://127.0.0.1:9", NO_PROXY: "" };
    const deno = (...args: string[]) => runProgram(denoProgram(), args, { directory, env });
    const tested = await deno("task", "test");
    assertEquals(tested.code, 0, tested.stdout + tested.stderr);
    assertStringIncludes(tested.stdout, "ok | 2 passed | 0 failed");
    const formatted = await deno("fmt", "--check");
    assertEquals(formatted.code, 0, formatted.stderr);
    const started = await deno("task", "start");
    assertStringIncludes(started.stdout, "round 5: the total is 50");

    const checked = await runHako(["check", "system.ts"], { directory });
    assertEquals(checked.code, 0, checked.stderr);
    assertStringIncludes(checked.stdout, "shopping-cart  server  shopping-cart");
  },
);

newTest("hako new overwrites nothing", async (home) => {
  Deno.mkdirSync(join(home, "tally"));
  Deno.writeTextFileSync(join(home, "tally/mine"), "mine");
  const { code, stderr } = await hakoNew(home, "server", "tally");
  assertEquals(code, 1);
  const path = join(home, "tally");
  const why = "there is something in it already";
  assertEquals(stderr, `hako new: EEXIST: file exists, make ${path}: ${why}\n`);
  assertEquals(Array.from(Deno.readDirSync(path), ({ name }) => name), ["mine"]);
});

newTest("hako new writes where it is told, and says nothing if it is told so", async (home) => {
  const made = await hakoNew(home, "server", "tally", "--directory", "a/b", "--quiet");
  assertEquals(made, { code: 0, stdout: "", stderr: "" });
  assertEquals(Deno.statSync(join(home, "a/b/deno.json")).isFile, true);
});

newTest("hako new refuses places and names that cannot work", async (home) => {
  const refused = async (message: string, ...args: string[]) => {
    const { code, stderr } = await hakoNew(home, ...args);
    assertEquals(code, 2);
    assertStringIncludes(stderr, message);
  };
  const inside = join(SOURCE_ROOT, "tools/x");
  await refused("it is inside Hako's own source", "server", "tally", "--directory", inside);
  await refused('no such kind; did you mean "server"?', "sever", "tally");
  await refused("which is something else", "server", "deno");
  assertEquals([...Deno.readDirSync(home)], []);
});
