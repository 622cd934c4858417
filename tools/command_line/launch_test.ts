import { assertEquals, assertThrows } from "@std/assert";
import { type Command, UsageError } from "./command.ts";
import { permissionFlags, programArguments } from "./launch.ts";

Deno.test("permissionFlags() grants what is listed, made absolute, and nothing else", () => {
  const permissions = { read: ["a", "/b", "/b"], run: ["e2fsck"], ffi: ["/lib/libc.so.6"] };
  assertEquals(permissionFlags(permissions, "/home"), [
    "--allow-read=/home/a,/b",
    "--allow-run=e2fsck",
    "--allow-ffi=/lib/libc.so.6",
  ]);
});

Deno.test("permissionFlags() never grants everything for an empty list", () => {
  assertEquals(permissionFlags({ read: [], write: [], net: [] }, "/home"), []);
});

Deno.test("permissionFlags() refuses a comma in a path: it would grant two", () => {
  const flags = () => permissionFlags({ write: ["/a,/b"] }, "/");
  assertThrows(flags, UsageError, 'Cannot grant "/a,/b"');
});

Deno.test("programArguments() starts the program with its own permissions and the user's words", () => {
  const command: Command = {
    name: "demo",
    summary: "",
    flags: {},
    examples: [],
    module: "tools/demo/main.ts",
    permissions: (_invocation, { sourceRoot }) => ({ read: [sourceRoot] }),
  };
  const place = { sourceRoot: "/hako", directory: "/home", temporaryDirectory: "/tmp" };
  const invocation = { arguments: ["x"], flags: {} };
  const args = programArguments(command, invocation, place, ["x"]);
  assertEquals(args.slice(-4), [
    "--allow-read=/hako",
    "--allow-env=INIT_CWD,TMPDIR",
    "/hako/tools/demo/main.ts",
    "x",
  ]);
  assertEquals(args.filter((arg) => arg === "-A" || arg === "--allow-all"), []);
});
