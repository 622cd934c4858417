/**
 * What the words of a manifest mean: where a module and a path lie.
 *
 * @module
 */

import { fileURLToPath } from "node:url";

/**
 * The absolute URL of a domain's module: a path or a URL against `base`, or the name of a package as
 * `import` takes it.
 *
 * @throws {TypeError} If there is no such URL, or no such package.
 *
 * @example
 * ```ts
 * import { moduleUrl } from "./module_url.ts";
 *
 * const url = moduleUrl("./disk.ts", "file:///system/main.ts");
 * if (url !== "file:///system/disk.ts") throw new Error(url);
 * ```
 */
export function moduleUrl(module: string, base: string): string {
  const isBare = !/^\.{0,2}\//.test(module) && !URL.canParse(module);
  return import.meta.resolve(isBare ? module : new URL(module, base).href);
}

/**
 * The absolute path of a path in a manifest.
 *
 * @throws {TypeError} If the path is relative and `base` is no file.
 */
export function hostPath(path: string, base: string): string {
  if (path.startsWith("/")) return normalized(path);
  const directory = fileURLToPath(new URL(".", base));
  return normalized(`${directory}/${path}`);
}

/** Without `.`, `..` and empty parts: a `..` would point elsewhere after a symbolic link. */
function normalized(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") parts.pop();
    else parts.push(part);
  }
  return `/${parts.join("/")}`;
}
