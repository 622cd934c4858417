import { assertEquals } from "@std/assert";
import { parseArgs } from "@std/cli/parse-args";

Deno.test("parseArgs() gives flags their values and keeps the rest", () => {
  assertEquals(
    parseArgs(["a", "--seed", "7", "--name=x=y", "--list", "3"], {
      string: ["name"],
      boolean: ["list", "quiet"],
    }),
    { _: ["a", 3], seed: 7, name: "x=y", list: true, quiet: false },
  );
});

Deno.test("parseArgs() never takes a flag for the value of the flag before it", () => {
  assertEquals(parseArgs(["--json", "--list"], { string: ["json"], boolean: ["list"] }), {
    _: [],
    json: "",
    list: true,
  });
});

Deno.test("parseArgs() collects, aliases and defaults", () => {
  assertEquals(
    parseArgs(["-f", "1", "--fault", "2"], {
      string: ["fault", "seed"],
      collect: ["fault"],
      alias: { fault: "f" },
      default: { seed: "9" },
    }),
    { _: [], fault: ["1", "2"], f: ["1", "2"], seed: "9" },
  );
  assertEquals(parseArgs([], { string: ["fault"], collect: ["fault"] }), { _: [], fault: [] });
});

Deno.test("parseArgs() takes letters together and a boolean's own value", () => {
  assertEquals(parseArgs(["-qv", "x"], { boolean: ["q", "v"] }), { _: ["x"], q: true, v: true });
  assertEquals(parseArgs(["--q=false", "--v", "false"], { boolean: ["q", "v"] }), {
    _: [],
    q: false,
    v: false,
  });
});

Deno.test("parseArgs() reports unlisted flags, and leaves them out if told so", () => {
  const seen: unknown[] = [];
  const args = parseArgs(["--sead", "7", "x", "-"], {
    boolean: ["list"],
    unknown: (arg, key, value) => {
      seen.push([arg, key, value]);
      return key === undefined;
    },
  });
  assertEquals(args, { _: ["x", "-"], list: false });
  assertEquals(seen, [["--sead", "sead", "7"], ["x", undefined, undefined], [
    "-",
    undefined,
    undefined,
  ]]);
});

Deno.test("parseArgs() leaves alone what follows -- or, with stopEarly, the first argument", () => {
  assertEquals(parseArgs(["a", "--", "--b", "1"]), { _: ["a", "--b", "1"] });
  assertEquals(parseArgs(["a", "--", "--b"], { "--": true }), { _: ["a"], "--": ["--b"] });
  assertEquals(parseArgs(["--q", "run", "--q"], { boolean: ["q"], stopEarly: true }), {
    _: ["run", "--q"],
    q: true,
  });
});
