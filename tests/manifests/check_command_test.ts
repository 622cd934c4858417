import { assertEquals, assertStringIncludes } from "@std/assert";
import { commandTest, hako, ROOT } from "../command_rig.ts";

const COUNTING = `${ROOT}tests/manifests/counting.json`;

commandTest("check shows a system and what its process may do", async (directory) => {
  const { code, stdout, stderr } = await hako(directory, "check", COUNTING);
  assertEquals([code, stderr], [0, ""]);
  assertEquals(stdout.trimEnd().split("\n"), [
    COUNTING,
    "",
    "domain   kind    serves   uses     keeps        restart    permissions",
    "-------  ------  -------  -------  -----------  ---------  -----------",
    "counter  server  counter  -        count 4 KiB  5 in 10 s  none",
    "                                                then stop",
    "errand   app     -        counter  -            5 in 10 s  none",
    "",
    `--allow-read=${ROOT}ipc,${ROOT}kernel,${ROOT}tests`,
  ]);
});

commandTest(
  "check runs a manifest that is a module, and finds the same system",
  async (directory) => {
    const [json, module] = await Promise.all([
      hako(directory, "check", COUNTING),
      hako(directory, "check", COUNTING.replace(".json", ".ts")),
    ]);
    assertEquals(module.code, 0, module.stderr);
    assertEquals(module.stdout.replaceAll(".ts", ".json"), json.stdout);
  },
);

commandTest("check grants a driver's paths and its modules, file by file", async (directory) => {
  Deno.mkdirSync(`${directory}/a b/lib`, { recursive: true });
  Deno.writeTextFileSync(`${directory}/a b/lib/part.ts`, "export const part = 1;\n");
  Deno.writeTextFileSync(`${directory}/a b/lib/part.json`, "{}\n");
  Deno.writeTextFileSync(`${directory}/a b/lib/later.ts`, "export {};\n");
  Deno.writeTextFileSync(`${directory}/a b/lib/types.ts`, "export type T = 1;\n");
  Deno.writeTextFileSync(`${directory}/a b/unused.ts`, "export {};\n");
  Deno.writeTextFileSync(
    `${directory}/a b/disk.ts`,
    `import "./lib/part.ts";
    import "./lib/part.json" with { type: "json" };
    import type { T } from "./lib/types.ts";
    import { ERRNO } from "@hako/ipc";
    await import("./lib/later.ts");
    await import("./lib/missing.ts").catch(() => {});
    await import("/etc/passwd").catch(() => {});
    console.log(ERRNO as unknown as T);
    `,
  );
  const permissions = { read: ["./disk.img", "/dev/null"], write: ["disk.img"], net: ["[::1]:80"] };
  const manifest = { domains: { disk: { kind: "driver", module: "./disk.ts", permissions } } };
  Deno.writeTextFileSync(`${directory}/a b/system.json`, JSON.stringify(manifest));

  const { code, stdout, stderr } = await hako(directory, "check", "a b/system.json");

  assertEquals(code, 0, stderr);
  const here = `${directory}/a b`;
  const read = ["disk.img", "disk.ts", "lib/later.ts", "lib/part.json", "lib/part.ts"]
    .map((name) => `${here}/${name}`);
  const all = ["/dev/null", ...read, `${ROOT}ipc`, `${ROOT}kernel`].sort().join(",");
  assertEquals(
    stdout.trimEnd().split("\n").at(-1),
    `--allow-read='${all}' --allow-write='${here}/disk.img' --allow-net='[::1]:80'`,
  );
});

commandTest("check prints the schema that is published", async (directory) => {
  const { code, stdout } = await hako(directory, "check", "--schema");
  assertEquals(code, 0);
  assertEquals(stdout, Deno.readTextFileSync(`${ROOT}kernel/manifest/schema.json`));
});

commandTest("check judges every manifest, though one is at fault", async (directory) => {
  const { code, stdout, stderr } = await hako(directory, "check", "none.json", COUNTING);
  assertEquals(code, 2);
  assertStringIncludes(stdout, "5 in 10 s");
  assertEquals(stderr, `hako check: ${directory}/none.json: there is no such file\n`);
});

commandTest("check wants a manifest", async (directory) => {
  const { code, stderr } = await hako(directory, "check");
  assertEquals([code, stderr], [2, "hako check: Cannot run check: MANIFEST is missing\n"]);
});

/** Manifests that are refused: the file's name, its text, and what is said. */
const BAD: readonly (readonly [what: string, name: string, text: string, message: string])[] = [
  ["no JSON", "m.json", "{ domains: {} }", "m.json: Expected property name"],
  ["JSON that is null", "m.json", "null", "the manifest: null is no object"],
  [
    "a fault",
    "m.json",
    '{"domains":{"a":{"kind":"sever","module":"./m.ts"}}}',
    'm.json: Cannot boot: domains.a.kind: "sever" is no kind; did you mean "server"?',
  ],
  ["a base of its own", "m.json", '{"base":7,"domains":{}}', "base: 7 is no text"],
  ["another kind of file", "m.yaml", "domains:", "a manifest is a file .json, .ts or .js"],
  [
    "a module that is not there",
    "m.json",
    '{"domains":{"a":{"kind":"app","module":"./nothing.ts"}}}',
    'domains.a.module: Module not found "file:',
  ],
  [
    "a module that is no code",
    "m.json",
    '{"domains":{"a":{"kind":"app","module":"./m.json"}}}',
    "domains.a.module: Expected a JavaScript or TypeScript module",
  ],
  ["no default export", "m.ts", "export const manifest = {};", "it has no default export"],
  [
    "a fault in a module",
    "m.js",
    "export default { base: import.meta.url, domains: [] };",
    "m.js: Cannot boot: domains: a list is no object",
  ],
  [
    "options that are no JSON",
    "m.ts",
    `export default { base: import.meta.url, domains: { a: {
      kind: "app", module: "./m.ts", options: { log: new SharedArrayBuffer(8) } } } };`,
    "domains.a.options.log: an object is no JSON",
  ],
  ["a module that throws", "m.ts", 'throw new Error("by its own fault");', "by its own fault"],
  [
    "a module that wants to know the host",
    "m.ts",
    'export default { base: Deno.readTextFileSync("/etc/passwd"), domains: {} };',
    "NotCapable",
  ],
];

for (const [what, name, text, message] of BAD) {
  commandTest(`check refuses ${what}`, async (directory) => {
    Deno.writeTextFileSync(`${directory}/${name}`, text);
    const { code, stdout, stderr } = await hako(directory, "check", name);
    assertEquals([code, stdout], [2, ""]);
    assertStringIncludes(stderr, `hako check: ${directory}/${name}: `);
    assertStringIncludes(stderr, message);
  });
}

commandTest("check grants nothing that a module imports from elsewhere", async (directory) => {
  Deno.mkdirSync(`${directory}/system`);
  Deno.writeTextFileSync(`${directory}/secret.json`, "{}");
  const grab = 'import secret from "../secret.json" with { type: "json" };\nconsole.log(secret);\n';
  Deno.writeTextFileSync(`${directory}/system/app.ts`, grab);
  const domains = { app: { kind: "app", module: "./app.ts" } };
  Deno.writeTextFileSync(`${directory}/system/m.json`, JSON.stringify({ domains }));
  const wider = JSON.stringify({
    base: "../",
    domains: { app: { kind: "app", module: "./system/app.ts" } },
  });
  Deno.writeTextFileSync(`${directory}/system/wider.json`, wider);

  const [refused, allowed] = await Promise.all([
    hako(directory, "check", "system/m.json"),
    hako(directory, "check", "system/wider.json"),
  ]);

  assertEquals(refused.code, 2);
  assertStringIncludes(refused.stderr, "app.ts imports file://");
  assertStringIncludes(refused.stderr, "secret.json: it lies neither below");
  assertEquals(allowed.code, 0, allowed.stderr);
  assertStringIncludes(allowed.stdout, `${directory}/secret.json`);
});
