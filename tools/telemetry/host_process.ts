/**
 * The process that hosts a system, seen from the one that started it and exports its metrics.
 *
 * Deno waits at each export, and when it exits, until every worker of the process has told its share,
 * and a server of Hako sleeps in place and tells nothing: with `OTEL_DENO` in the process that hosts
 * it, nothing is exported and the process never ends. So the host runs without, and sends its status
 * to its parent, which has no workers.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { SystemStatus } from "@hako/kernel";
import { exitCodeOf, tellChild } from "../command_line/child_process.ts";
import { UsageError } from "../command_line/command.ts";
import { denoProgram } from "../command_line/deno_program.ts";
import { exportMetrics, TELEMETRY_VARIABLE } from "./metrics.ts";
import { readStatusLine } from "./status_line.ts";

/** How to start a host. */
export interface HostStart {
  /** The arguments of `deno`. */
  readonly args: readonly string[];
  /** The host's current directory. */
  readonly directory: string;
  /** What it hears on its standard input: a JSON value. */
  readonly order: unknown;
  /** Whether it sends its status, to be exported. */
  readonly isExported: boolean;
}

/** Runs a host on the user's terminal and answers its exit code. */
export async function runHost({ args, directory, order, isExported }: HostStart): Promise<number> {
  const command = new Deno.Command(denoProgram(), {
    args: [...args],
    cwd: directory,
    env: { [TELEMETRY_VARIABLE]: "false" },
    stdin: "piped",
    stdout: "inherit",
    stderr: isExported ? "piped" : "inherit",
  });
  const child = spawn(command, directory);
  const exitCode = exitCodeOf(child);
  await tellChild(child, order);
  if (isExported) await exportFrom(child.stderr);
  return await exitCode;
}

function spawn(command: Deno.Command, directory: string): Deno.ChildProcess {
  try {
    return command.spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new UsageError(`Cannot run in ${directory}: there is no such directory`);
  }
}

/** Exports what the host says of its system; what it says to people goes to them. */
async function exportFrom(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
  const feed = new StatusFeed();
  await using _metrics = exportMetrics(feed);
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      const status = readStatusLine(line);
      if (status === undefined) console.error(line);
      else feed.last = status;
    }
  }
  if (rest !== "") console.error(rest);
}

/** A system in another process, as far as its last status tells. */
class StatusFeed {
  /** The last status; none before the first one came. */
  last: SystemStatus | undefined;

  status(): Promise<SystemStatus> {
    const { last } = this;
    if (last !== undefined) return Promise.resolve(last);
    return Promise.reject(new OsError("EAGAIN", "ask a system that has not yet booted"));
  }

  observe(): void {
    // Its host observes it, since it was told to send its status.
  }
}
