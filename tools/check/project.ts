/**
 * The project as the rules see it: files, and what their references mean.
 *
 * @module
 */

import { posix } from "node:path";
import { readSourceFile, type Reference, type SourceFile } from "./source_file.ts";

/** The texts of a project by path, below its root: every `.ts` file and every `deno.json`. */
export type Texts = ReadonlyMap<string, string>;

/** What a reference leads to. */
export type Target =
  | { readonly kind: "file"; readonly path: string; readonly face: string | undefined }
  | { readonly kind: "missing face"; readonly face: string }
  | { readonly kind: "runtime"; readonly name: string } // node: and data:
  | { readonly kind: "standard"; readonly name: string } // @std/
  | { readonly kind: "third party"; readonly name: string };

/** A project whose files have been read. */
export interface Project {
  /** The source files, by path. */
  readonly files: ReadonlyMap<string, SourceFile>;
  /** The path of each public face, by its name: `"@hako/ipc"`. */
  readonly faces: ReadonlyMap<string, string>;
}

/** Reads every file. */
export function readProject(texts: Texts): Project {
  const files = new Map<string, SourceFile>();
  const faces = new Map<string, string>();
  for (const [path, text] of texts) {
    if (path.endsWith(".ts")) files.set(path, readSourceFile(path, text));
    if (path.endsWith("/deno.json")) addFaces(faces, posix.dirname(path), text);
  }
  return { files, faces };
}

/** What a reference in the file at `path` leads to. */
export function resolveReference(
  { faces }: Project,
  path: string,
  { specifier, kind }: Reference,
): Target {
  // `new URL("a.ts", import.meta.url)` is relative without a dot.
  const relative = specifier.startsWith(".") || (kind === "url" && !specifier.includes(":") &&
    !specifier.startsWith("@"));
  if (relative) {
    return { kind: "file", path: posix.join(posix.dirname(path), specifier), face: undefined };
  }
  if (specifier.startsWith("@hako/")) {
    const target = faces.get(specifier);
    return target === undefined
      ? { kind: "missing face", face: specifier }
      : { kind: "file", path: target, face: specifier };
  }
  if (/^(?:node|data):/.test(specifier)) return { kind: "runtime", name: specifier };
  if (specifier.startsWith("@std/")) return { kind: "standard", name: specifier };
  return { kind: "third party", name: specifier };
}

function addFaces(faces: Map<string, string>, directory: string, text: string): void {
  const { name, exports } = JSON.parse(text) as {
    name?: string;
    exports?: string | Record<string, string>;
  };
  if (name === undefined || exports === undefined) return;
  const entries = typeof exports === "string" ? { ".": exports } : exports;
  for (const [key, path] of Object.entries(entries)) {
    faces.set(posix.join(name, key), posix.join(directory, path));
  }
}
