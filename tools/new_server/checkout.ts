/**
 * What a new server takes from the checkout of Hako that writes it.
 *
 * @module
 */

import { join } from "node:path";
import configuration from "../../deno.json" with { type: "json" };
import { hakoImports, USABLE_PACKAGES } from "../command_line/hako_imports.ts";
import type { ProjectSource } from "./project.ts";

/** Where the template is, below the root of the source. */
const TEMPLATE = "tools/new_server/template";

/** Reads all of it. */
export function readCheckout(sourceRoot: string): ProjectSource {
  const template = new Map<string, string>();
  const names = Array.from(Deno.readDirSync(join(sourceRoot, TEMPLATE)), ({ name }) => name);
  for (const name of names.sort()) {
    template.set(name, Deno.readTextFileSync(join(sourceRoot, TEMPLATE, name)));
  }
  const imports = hakoImports(sourceRoot, USABLE_PACKAGES);
  const { compilerOptions } = configuration;
  return { template, imports, compilerOptions, sourceRoot };
}
