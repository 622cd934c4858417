import { assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { OsError } from "@hako/ipc";
import { writeProject } from "./written_project.ts";

const FILES = new Map([["a.ts", "a"], ["b.ts", "b"]]);

/** Names in a directory. */
function names(directory: string): string[] {
  return Array.from(Deno.readDirSync(directory), ({ name }) => name).sort();
}

function refused(directory: string, code: string, message: string): void {
  const error = assertThrows(() => writeProject(directory, FILES), OsError, message);
  assertEquals(error.code, code);
}

Deno.test("writeProject() makes the directory and what is missing above, or takes an empty one", () => {
  const root = Deno.makeTempDirSync();
  writeProject(join(root, "x/y"), FILES);
  assertEquals(Deno.readTextFileSync(join(root, "x/y/b.ts")), "b");
  Deno.mkdirSync(join(root, "empty"));
  writeProject(join(root, "empty"), FILES);
  assertEquals(names(join(root, "empty")), ["a.ts", "b.ts"]);
  Deno.removeSync(root, { recursive: true });
});

Deno.test("writeProject() overwrites nothing, and writes nothing beside it", () => {
  const root = Deno.makeTempDirSync();
  Deno.writeTextFileSync(join(root, "b.ts"), "mine");
  refused(root, "EEXIST", "there is something in it already");
  refused(join(root, "b.ts"), "EEXIST", "a file is in its way");
  refused(join(root, "b.ts/c"), "EEXIST", "a file is in its way");
  assertEquals(names(root), ["b.ts"]);
  assertEquals(Deno.readTextFileSync(join(root, "b.ts")), "mine");
  Deno.removeSync(root, { recursive: true });
});

Deno.test("writeProject() takes back what it has written when the rest cannot be", () => {
  const root = Deno.makeTempDirSync();
  const directory = join(root, "half");
  const files = new Map([["a.ts", "a"], ["no/b.ts", "b"]]);
  assertThrows(() => writeProject(directory, files), OsError, "make ");
  assertEquals(names(root), []);
  Deno.removeSync(root, { recursive: true });
});
