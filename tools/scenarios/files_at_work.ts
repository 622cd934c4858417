/**
 * Clients that work on files as long as a scenario goes on, for scenarios that are about what happens
 * below them.
 *
 * @module
 */

import type { DomainManifest, System } from "@hako/kernel";
import type { FileWorkerResult } from "./domains/file_worker.ts";
import { type Check, check, type ScenarioContext, type Stage } from "./scenario.ts";

/** Window of each client. */
const BUFFER_BYTES = 1024 * 1024;

/** Their work is done once: a client that dies has lost the model by which it checks. */
const ONCE = { limit: 0, windowMs: 1_000 };

function workerNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `worker-${index + 1}`);
}

/** Clients of the endpoint `files`, each with a directory of its own. */
export function fileWorkers(
  { seed, stop }: Pick<ScenarioContext, "seed" | "stop">,
  count: number,
): Record<string, DomainManifest> {
  const module = import.meta.resolve("./domains/file_worker.ts");
  return Object.fromEntries(
    workerNames(count).map((name, index) => [name, {
      kind: "app",
      module,
      uses: ["files"],
      windows: { buffers: BUFFER_BYTES },
      options: { seed: seed + index, directory: `/${name}`, stop },
      restart: ONCE,
    }]),
  );
}

/** Lets them work until the stage is over, or one of them has found something wrong. */
export async function filesUntilOver(
  system: System,
  stage: Stage,
  count: number,
): Promise<readonly FileWorkerResult[]> {
  const results = workerNames(count).map((name) => stage.finished<FileWorkerResult>(system, name));
  const end = () => stage.end();
  void Promise.race(results).then(end, end);
  return await Promise.all(results);
}

/** Whether every client found all its files as it had left them. */
export function filesAsLeft(results: readonly FileWorkerResult[]): Check {
  const failures = results.map(({ failure }) => failure).filter((text) => text !== "");
  const operations = results.reduce((sum, result) => sum + result.operations, 0);
  return check(
    "every client finds its files as it left them",
    failures.length === 0 && operations > 0,
    failures[0] ?? `${operations} operations of ${results.length} clients`,
  );
}
