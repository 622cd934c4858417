/**
 * What the workers of a system load, as `deno info` tells it.
 *
 * A worker without permissions still loads its whole module graph, if its *process* may read each
 * file of it (measured, Deno 2.9: static imports, JSON, literal dynamic imports; npm packages need no
 * permission, and what only types are imported from is not read).
 *
 * So a module could grant its process any file by importing it. Therefore only what lies where the
 * manifest says is granted: below its `base`, or in the directory of a module that it names.
 *
 * @module
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { SystemManifest } from "@hako/kernel";
import { hostPath } from "../../kernel/manifest/module_url.ts";
import { memberPath, refuse } from "../../kernel/manifest/shape_check.ts";
import type { Place } from "../command_line/command.ts";
import { denoProgram } from "../command_line/deno_program.ts";
import workspace from "../../deno.json" with { type: "json" };

/** What every system loads: the kernel, its runtime in the domains, and the channels. */
const RUNTIME_ROOMS = ["ipc", "kernel"];

/** What `deno info --json` tells, as far as it is asked. */
export interface ModuleGraph {
  /** The modules. */
  readonly modules: readonly GraphModule[];
  /** Where a module went, by where it was looked for. */
  readonly redirects?: Readonly<Record<string, string>>;
}

/** One module of a graph. */
export interface GraphModule {
  /** Its URL. */
  readonly specifier: string;
  /** Why it cannot be loaded. */
  readonly error?: string;
  /** What it imports. */
  readonly dependencies?: readonly GraphEdge[];
}

/** One import. */
export interface GraphEdge {
  /** What is loaded when the module runs; without it only types are imported. */
  readonly code?: { readonly specifier?: string };
  /** Whether it is loaded when the module asks for it. */
  readonly isDynamic?: boolean;
}

/**
 * The absolute paths that the process must be allowed to read for the workers of a system to load:
 * Hako's own packages as directories, as there is nothing in them but what is published, and any
 * other file one by one.
 *
 * @param manifest A resolved manifest.
 * @throws {TypeError} If a module cannot be loaded, or lies where the manifest does not say.
 */
export async function modulePaths(
  manifest: SystemManifest,
  place: Pick<Place, "sourceRoot">,
): Promise<string[]> {
  const modules = new Map(
    Object.entries(manifest.domains).map(([name, { module }]) => [
      module,
      `${memberPath("domains", name)}.module`,
    ]),
  );
  const rooms = workspace.workspace.map((room) => join(place.sourceRoot, room));
  const graph = await moduleGraph([...modules.keys()], place);
  const allowed = [...rooms, ...directories([manifest.base, ...modules.keys()])];
  const files = loadedFiles(graph, modules, allowed);
  const runtime = RUNTIME_ROOMS.map((room) => join(place.sourceRoot, room));
  const paths = files.map((file) => rooms.find((room) => isBelow(file, [room])) ?? file);
  return [...new Set([...runtime, ...paths])].sort();
}

/**
 * The files that are loaded when modules run.
 *
 * @param modules The URLs of the modules, each with its path in the manifest.
 * @param directories Where they may lie.
 * @throws {TypeError} If one that is imported statically cannot be loaded, or lies elsewhere. A
 * dynamic import may fail, as its module knows: then it is not granted.
 */
export function loadedFiles(
  graph: ModuleGraph,
  modules: ReadonlyMap<string, string>,
  directories: readonly string[],
): string[] {
  const walk = new Walk(graph, directories);
  let dynamic = walk.follow([...modules.keys()], (url, importer, reason) => {
    const path = modules.get(importer ?? url) ?? "domains";
    refuse(path, importer === undefined ? reason : `${importer} imports ${url}: ${reason}`);
  });
  while (dynamic.length > 0) dynamic = walk.follow(dynamic, () => {});
  return [...walk.files].sort();
}

/** Hears why a module is not loaded, and which one wanted it. */
type Refusal = (url: string, importer: string | undefined, reason: string) => void;

/** A walk over a graph, each module once. */
class Walk {
  /** The files that were found. */
  readonly files: Set<string> = new Set();
  readonly #graph: ModuleGraph;
  readonly #directories: readonly string[];
  readonly #bySpecifier: ReadonlyMap<string, GraphModule>;
  readonly #seen: Set<string> = new Set();

  constructor(graph: ModuleGraph, directories: readonly string[]) {
    this.#graph = graph;
    this.#directories = directories;
    this.#bySpecifier = new Map(graph.modules.map((module) => [module.specifier, module]));
  }

  /** Follows static imports, and answers the dynamic ones that it met. */
  follow(modules: readonly string[], refused: Refusal): string[] {
    const dynamic: string[] = [];
    const pending: [url: string, importer?: string][] = modules.map((url) => [url]);
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const [specifier, importer] = next;
      const url = this.#graph.redirects?.[specifier] ?? specifier;
      if (this.#seen.has(url)) continue;
      this.#seen.add(url);
      const module = this.#bySpecifier.get(url);
      const reason = module?.error ?? this.#stray(url);
      if (reason !== undefined) {
        refused(url, importer, reason);
        continue;
      }
      if (url.startsWith("file:")) this.files.add(fileURLToPath(url));
      for (const { code, isDynamic } of module?.dependencies ?? []) {
        if (code?.specifier === undefined) continue;
        if (isDynamic) dynamic.push(code.specifier);
        else pending.push([code.specifier, url]);
      }
    }
    return dynamic;
  }

  #stray(url: string): string | undefined {
    if (!url.startsWith("file:") || isBelow(fileURLToPath(url), this.#directories)) {
      return undefined;
    }
    return "it lies neither below the manifest's base nor beside a module that the manifest names";
  }
}

function directories(urls: readonly string[]): string[] {
  return urls.filter((url) => url.startsWith("file:")).map((url) => hostPath(".", url));
}

function isBelow(file: string, directories: readonly string[]): boolean {
  return directories.some((directory) =>
    file.startsWith(directory === "/" ? "/" : `${directory}/`)
  );
}

async function moduleGraph(
  modules: readonly string[],
  { sourceRoot }: Pick<Place, "sourceRoot">,
): Promise<ModuleGraph> {
  const program = modules.map((url) => `import ${JSON.stringify(url)};`).join("\n");
  const { success, stdout, stderr } = await new Deno.Command(denoProgram(), {
    args: [
      "info",
      "--json",
      "--frozen",
      `--config=${join(sourceRoot, "deno.json")}`,
      `data:application/typescript,${encodeURIComponent(program)}`,
    ],
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  if (!success) {
    refuse("domains", `their modules cannot be loaded: ${decoder.decode(stderr).trim()}`);
  }
  return JSON.parse(decoder.decode(stdout)) as ModuleGraph;
}
