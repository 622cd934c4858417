/**
 * Starts the host in a process that may do what the manifest says, and nothing else.
 *
 * @module
 */

import { join } from "node:path";
import { exitCodeOf } from "../command_line/child_process.ts";
import { type Place, UsageError } from "../command_line/command.ts";
import { denoProgram } from "../command_line/deno_program.ts";
import type { HostOrder } from "./host_order.ts";

/** How to start it. */
export interface HostStart {
  /** The flags of `deno` that grant what the process may do. */
  readonly flags: readonly string[];
  /** What it is told. */
  readonly order: HostOrder;
  /** Its current directory. */
  readonly directory: string;
  /** Where Hako is. */
  readonly place: Pick<Place, "sourceRoot">;
}

/** Runs the host on the user's terminal and answers its exit code. */
export async function startHost({ flags, order, directory, place }: HostStart): Promise<number> {
  const child = spawn(
    new Deno.Command(denoProgram(), {
      args: [
        "run",
        "--quiet",
        "--frozen",
        "--no-prompt",
        `--config=${join(place.sourceRoot, "deno.json")}`,
        "--unstable-worker-options",
        ...flags,
        join(place.sourceRoot, "tools/run/host/main.ts"),
      ],
      cwd: directory,
      stdin: "piped",
      stdout: "inherit",
      stderr: "inherit",
    }),
    directory,
  );
  const exitCode = exitCodeOf(child);
  await tell(child, order);
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

async function tell(child: Deno.ChildProcess, order: HostOrder): Promise<void> {
  const writer = child.stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(JSON.stringify(order)));
    await writer.close();
  } catch (error) {
    // It ended before it had heard all: its exit code tells more than this.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
