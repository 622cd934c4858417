/**
 * The architecture check: every file of the project against the rules of docs/architecture.md and
 * of the house style that a program can see.
 *
 * @module
 */

import { findCycles } from "./cycles.ts";
import { checkFile } from "./file_rules.ts";
import { type Finding, sortFindings } from "./finding.ts";
import { checkImports } from "./import_rules.ts";
import { type Project, readProject, resolveReference, type Texts } from "./project.ts";

/** Every place in a project that breaks a rule, sorted. */
export function checkArchitecture(texts: Texts): Finding[] {
  const project = readProject(texts);
  const findings = checkCycles(project);
  for (const file of project.files.values()) {
    findings.push(...checkFile(file), ...checkImports(project, file));
  }
  return sortFindings(findings);
}

function checkCycles(project: Project): Finding[] {
  return findCycles(importGraph(project)).map((cycle) => {
    const [path = "", next = path] = cycle;
    const round = [...cycle, path].join(" -> ");
    const message = `import cycle ${round}; types count too. Move what both need to a third file`;
    return { path, line: lineOfImport(project, path, next), rule: "cycle", message };
  });
}

/** Which file imports which. A worker's module is another world: `new URL` makes no cycle. */
function importGraph(project: Project): Map<string, Set<string>> {
  const graph = new Map<string, Set<string>>();
  for (const [path, file] of project.files) {
    const targets = file.references
      .filter(({ kind }) => kind !== "url")
      .map((reference) => resolveReference(project, path, reference))
      .flatMap((target) => target.kind === "file" ? [target.path] : []);
    graph.set(path, new Set(targets.filter((target) => project.files.has(target))));
  }
  return graph;
}

function lineOfImport(project: Project, path: string, next: string): number {
  const references = project.files.get(path)?.references ?? [];
  const found = references.find((reference) => {
    const target = resolveReference(project, path, reference);
    return target.kind === "file" && target.path === next;
  });
  return found?.line ?? 1;
}
