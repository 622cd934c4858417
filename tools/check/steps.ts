/**
 * What each step of the check does.
 *
 * @module
 */

import { join, posix } from "node:path";
import { denoProgram } from "../command_line/deno_program.ts";
import { checkArchitecture } from "./architecture.ts";
import type { StepName } from "./command.ts";
import { renderFinding } from "./finding.ts";
import { readProject, type Texts } from "./project.ts";

/** How a step ended. */
export interface Outcome {
  /** Whether it found nothing. */
  readonly passed: boolean;
  /** What it found, for people. */
  readonly report: string;
}

/** Where and on what the steps work. */
export interface Source {
  /** The root of the source. */
  readonly root: string;
  /** The texts of its files. */
  readonly texts: Texts;
}

/** The steps by name. */
export const STEPS: Readonly<Record<StepName, (source: Source) => Promise<Outcome>>> = {
  format: ({ root }) => runDeno(["fmt", "--check"], root),
  lint: ({ root }) => runDeno(["lint"], root),
  types: ({ root }) => runDeno(["check", "--quiet", "--doc", "--frozen"], root),
  documentation: ({ root, texts }) => runDeno(["doc", "--lint", ...publicFaces(texts)], root),
  architecture: ({ texts }) => Promise.resolve(checkSource(texts)),
  packages: ({ root, texts }) => checkPackages(root, publishedPackages(texts)),
};

/** The paths of every package's public faces, sorted. Programs are no faces: nobody imports them. */
export function publicFaces(texts: Texts): string[] {
  const { faces } = readProject(new Map([...texts].filter(([path]) => path.endsWith("deno.json"))));
  const paths = [...faces.values()].filter((path) => !path.endsWith("/main.ts"));
  return [...new Set(paths)].filter((path) => !path.startsWith("std/")).sort();
}

/** The directories of the packages that say what of them is published, sorted. */
export function publishedPackages(texts: Texts): string[] {
  return [...texts]
    .filter(([path, text]) => posix.basename(path) === "deno.json" && "publish" in JSON.parse(text))
    .map(([path]) => posix.dirname(path))
    .sort();
}

/** Does all of publishing but the upload; that needs no network. Types are another step. */
async function checkPackages(root: string, directories: readonly string[]): Promise<Outcome> {
  const args = ["publish", "--dry-run", "--allow-dirty", "--no-check"];
  const outcomes = [];
  for (const directory of directories) outcomes.push(await runDeno(args, join(root, directory)));
  const failed = outcomes.filter(({ passed }) => !passed);
  return { passed: failed.length === 0, report: failed.map(({ report }) => report).join("\n") };
}

function checkSource(texts: Texts): Outcome {
  const findings = checkArchitecture(texts);
  return { passed: findings.length === 0, report: findings.map(renderFinding).join("\n") };
}

async function runDeno(args: readonly string[], root: string): Promise<Outcome> {
  const { success, stdout, stderr } = await new Deno.Command(denoProgram(), {
    args: [...args],
    cwd: root,
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { passed: success, report: decoder.decode(stderr) + decoder.decode(stdout) };
}
