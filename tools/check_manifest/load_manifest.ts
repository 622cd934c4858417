/**
 * Reads a manifest from a file.
 *
 * @module
 */

import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { SystemManifest } from "@hako/kernel";
import { checkManifest } from "../../kernel/manifest_check.ts";

/** How the name of a module ends whose default export is a manifest. */
const MODULE = /\.[cm]?[jt]s$/;

/**
 * The manifest in a file, checked: a JSON document, whose `base` is its own URL unless it says
 * otherwise, or a module of TypeScript or JavaScript whose default export is the manifest. Such a
 * module is run; `hako check` and `hako run` do that in a process without any permission.
 *
 * @param path The file, relative to the current directory, or its URL.
 * @throws {TypeError} If it is no manifest, or one at fault: with the path of the fault in it.
 * @throws {SyntaxError} If it is no JSON.
 *
 * @example
 * ```ts
 * import { loadManifest } from "./load_manifest.ts";
 *
 * const path = await Deno.makeTempFile({ suffix: ".json" });
 * await Deno.writeTextFile(path, '{ "domains": {} }');
 * const { base } = await loadManifest(path);
 * if (base !== `file://${path}`) throw new Error(base);
 * await Deno.remove(path);
 * ```
 */
export async function loadManifest(path: string | URL): Promise<SystemManifest> {
  const url = path instanceof URL ? path : pathToFileURL(resolve(path));
  const manifest = isModule(url.pathname) ? await importManifest(url) : readManifest(url);
  checkManifest(manifest);
  return manifest;
}

/** Whether a manifest is a module, which is run, or JSON, which is read. */
export function isModule(path: string): boolean {
  if (path.endsWith(".json")) return false;
  if (MODULE.test(path)) return true;
  throw new TypeError(`Cannot load ${path}: a manifest is a file .json, .ts or .js`);
}

async function importManifest(url: URL): Promise<SystemManifest> {
  const module = await import(url.href) as { readonly default?: SystemManifest };
  if (module.default !== undefined) return module.default;
  throw new TypeError(`Cannot load ${url.pathname}: it has no default export`);
}

function readManifest(url: URL): SystemManifest {
  const text = Deno.readTextFileSync(url);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(`Cannot load ${url.pathname}: ${(error as Error).message}`);
  }
  // What is no object is left for the check to name.
  if (typeof document !== "object" || document === null) return document as never;
  return { ...document, base: baseOf(document, url) } as SystemManifest;
}

/** `../` is relative to the document; what is no text, or no URL, is left for the check to name. */
function baseOf(document: { readonly base?: unknown }, url: URL): unknown {
  if (document.base === undefined) return url.href;
  if (typeof document.base !== "string") return document.base;
  return URL.parse(document.base, url)?.href ?? document.base;
}
