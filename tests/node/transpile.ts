/**
 * Lays `@hako/ipc` and a program that uses it out as Node wants them: JavaScript, in a directory of
 * its own, the package below `node_modules/`. Types are dropped; nothing else is changed.
 *
 * @module
 */

import { dirname, join, relative } from "node:path";
import ts from "typescript";

const ROOT = join(import.meta.dirname ?? ".", "../..");

/** Where Node looks for the package. */
const PACKAGE = "node_modules/@hako/ipc";

/** Writes the package and all modules of `programs`, a directory of TypeScript, into `target`. */
export async function layOutForNode(programs: string, target: string): Promise<void> {
  const packageJson = { name: "@hako/ipc", type: "module", exports: "./mod.js" };
  await transpileAll(join(ROOT, "ipc"), join(target, PACKAGE), ["mod.ts"]);
  await Deno.writeTextFile(join(target, PACKAGE, "package.json"), JSON.stringify(packageJson));
  const names = (await Array.fromAsync(Deno.readDir(programs))).map(({ name }) => name);
  await transpileAll(programs, target, names);
  await Deno.writeTextFile(join(target, "package.json"), JSON.stringify({ type: "module" }));
}

/** Transpiles some modules of a directory, and whatever they import by a relative path. */
async function transpileAll(source: string, target: string, names: string[]): Promise<void> {
  const found = new Set(names);
  for (const name of found) { // A set goes on to what is added meanwhile.
    const text = await Deno.readTextFile(join(source, name));
    for (const imported of ts.preProcessFile(text).importedFiles) {
      if (!imported.fileName.startsWith(".")) continue;
      found.add(relative(source, join(source, dirname(name), imported.fileName)));
    }
    const path = join(target, name.replace(/\.ts$/, ".js"));
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeTextFile(path, withoutTypes(text));
  }
}

function withoutTypes(text: string): string {
  const compilerOptions = {
    module: ts.ModuleKind.ESNext,
    target: ts.ScriptTarget.ES2022,
    rewriteRelativeImportExtensions: true,
    verbatimModuleSyntax: true,
  };
  return ts.transpileModule(text, { compilerOptions }).outputText;
}
