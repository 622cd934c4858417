import { assert, assertEquals } from "@std/assert";

const ROOT = new URL("../../", import.meta.url).pathname;

/** Files of the package's tests on functions of `node:fs`. */
const FILES_MIN = 20;

/** Tests that must have run: a run that skips them all is none. */
const TESTS_MIN = 180;

/** The import map of the workspace, and what the tests import besides, in the versions of the lock. */
function importMap(): Record<string, string> {
  const imports: Record<string, string> = {};
  const config = JSON.parse(Deno.readTextFileSync(`${ROOT}deno.json`));
  for (const member of config.workspace as string[]) {
    const { name, exports } = JSON.parse(Deno.readTextFileSync(`${ROOT}${member}/deno.json`));
    const entries = typeof exports === "string" ? { ".": exports } : exports;
    for (const [entry, file] of Object.entries(entries as Record<string, string>)) {
      imports[`${name}${entry.slice(1)}`] = `file://${ROOT}${member}/${file.slice(2)}`;
    }
  }
  const { npm } = JSON.parse(Deno.readTextFileSync(`${ROOT}deno.lock`));
  for (const name of ["@zenfs/core", "kerium", "utilium"]) {
    const locked = Object.keys(npm).find((key) => key.startsWith(`${name}@`))!;
    imports[name] = `npm:${locked}`;
  }
  return imports;
}

/** Copies the package's tests, by a process that may read where Deno keeps packages. */
function copyTests(core: string, target: string): void {
  // Nothing that the tests import has brought it here, and what it needs.
  const { success } = new Deno.Command(Deno.execPath(), {
    args: ["cache", "--quiet", core],
    cwd: ROOT,
    stderr: "inherit",
  }).outputSync();
  assert(success, "the package is there");
  const version = core.split("@").at(-1);
  const program = `
    const info = new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).outputSync();
    const { npmCache } = JSON.parse(new TextDecoder().decode(info.stdout));
    const copy = (source, target) => {
      Deno.mkdirSync(target);
      for (const { name, isDirectory } of Deno.readDirSync(source)) {
        const [from, to] = [source + "/" + name, target + "/" + name];
        if (isDirectory) copy(from, to);
        else Deno.writeFileSync(to, Deno.readFileSync(from));
      }
    };
    for (const { name } of Deno.readDirSync(npmCache)) {
      const source = npmCache + "/" + name + "/@zenfs/core/${version}/tests";
      try { Deno.statSync(source) } catch { continue }
      copy(source, ${JSON.stringify(target)});
      break;
    }
  `;
  const { stderr } = new Deno.Command(Deno.execPath(), { args: ["eval", program] }).outputSync();
  assertEquals(new TextDecoder().decode(stderr), "");
}

/** How the package's tests ended. */
interface Ended {
  readonly failed: readonly string[];
  readonly passedCount: number;
  readonly output: string;
}

/** Runs tests of the package on Hako. Those below a temporary directory may do anything. */
async function runZenfs(files: RegExp, env: Record<string, string> = {}): Promise<Ended> {
  const directory = Deno.makeTempDirSync();
  using _removal = { [Symbol.dispose]: () => Deno.removeSync(directory, { recursive: true }) };
  const imports = importMap();
  const tests = `${directory}/tests`;
  copyTests(imports["@zenfs/core"]!, tests);
  const config = {
    unstable: ["sloppy-imports", "worker-options"],
    nodeModulesDir: "none",
    imports,
  };
  Deno.writeTextFileSync(`${directory}/deno.json`, JSON.stringify(config));
  const names = [...Deno.readDirSync(`${tests}/fs`)].map(({ name }) => name).filter((name) => {
    return name.endsWith(".test.ts") && files.test(name);
  });
  assert(names.length > 0, "tests are there");
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["test", "--quiet", "--allow-all", "--no-check", "--no-lock"],
      ...["--config", `${directory}/deno.json`, "--reporter=tap"],
      ...names.map((name) => `${tests}/fs/${name}`),
    ],
    env: {
      ...{ SETUP: new URL("./zenfs_setup.ts", import.meta.url).pathname, ZENFS_TESTS: tests },
      ...{ NO_COLOR: "1", ...env },
    },
    stdout: "piped",
    stderr: "piped",
  });
  const { stdout, stderr } = await child.output();
  const output = new TextDecoder().decode(stdout);
  const lines = output.split("\n").map((line) => line.trim());
  const named = (start: RegExp) =>
    lines.filter((line) => start.test(line)).map((line) => line.replace(start, ""));
  return {
    failed: named(/^not ok \d+ - /),
    passedCount: named(/^ok \d+ - /).filter((name) => !/# SKIP/i.test(name)).length,
    output: output + new TextDecoder().decode(stderr),
  };
}

Deno.test("ZenFS's own tests of node:fs pass on Hako", async () => {
  const { failed, passedCount, output } = await runZenfs(/./);
  assertEquals(failed, [], output);
  assert(passedCount >= TESTS_MIN, `${passedCount} tests\n${output}`);
  assert(output.match(/^# Subtest|\.test\.ts/gm)!.length >= FILES_MIN, output);
});

Deno.test("ZenFS's own tests of streams pass with the adapter's own classes", async () => {
  const { failed, passedCount, output } = await runZenfs(/^streams/, { ZENFS_OWN_STREAMS: "1" });
  assertEquals(failed, [], output);
  assert(passedCount >= 16, `${passedCount} tests\n${output}`);
});
