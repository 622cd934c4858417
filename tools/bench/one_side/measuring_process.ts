/**
 * Starts the process that measures one side of a row.
 *
 * @module
 */

import { join } from "node:path";
import { permissionFlags } from "../../command_line/launch.ts";
import { stripStyle } from "../../terminal/style.ts";
import type { FiledRow } from "../bench_files.ts";
import type { Measurement } from "../measurement.ts";
import { PEER_SOCKET, type Side } from "../paired_row.ts";
import { MeasurementFailure, MeasurementInterruption } from "../row_result.ts";

/** Where measurements happen. Paths are absolute. */
export interface Bench {
  /** The running `deno`. */
  readonly deno: string;
  /** The root of the source. */
  readonly sourceRoot: string;
  /** A directory that the measurements may write. */
  readonly temporaryDirectory: string;
  /** Aborted if the user wants no more. */
  readonly interruption: AbortSignal;
}

/** How a process is started. */
export interface ProcessStart {
  /** The program. */
  readonly program: string;
  /** Its arguments. */
  readonly args: readonly string[];
}

/** A measurement takes a second, and the slowest a quarter of a minute; one that takes longer hangs. */
const MEASUREMENT_MS_MAX = 60_000;

/** So long may a measurement take to end in order. */
const ENDING_MS_MAX = 6_000;

/** How much of what a failed measurement wrote is told. */
const COMPLAINT_LINES_MAX = 3;

/** How to start the measurement of one side, held on processor 0 if the row says so. */
export function measurementStart(
  { path, row }: FiledRow,
  side: Side,
  { deno, sourceRoot, temporaryDirectory }: Bench,
): ProcessStart {
  const args = [
    "run",
    "--quiet",
    "--frozen",
    "--no-prompt",
    "--ignore-env",
    `--config=${join(sourceRoot, "deno.json")}`,
    ...permissionFlags({
      read: [sourceRoot, temporaryDirectory],
      write: [temporaryDirectory],
      run: [deno], // A peer may be a process of its own.
      sys: ["cpus"],
      net: [`unix:${join(temporaryDirectory, PEER_SOCKET)}`],
    }, sourceRoot),
    join(sourceRoot, "tools/bench/one_side/main.ts"),
    path,
    row.name,
    side,
  ];
  if (!row.oneCpu) return { program: deno, args };
  return { program: "taskset", args: ["-c", "0", deno, ...args] };
}

/**
 * Measures one side of a row in a fresh process.
 *
 * @throws {MeasurementFailure} It failed, hung or said nothing.
 * @throws {MeasurementInterruption} The user wants no more; the process has ended.
 */
export async function measureInProcess(
  filed: FiledRow,
  side: Side,
  bench: Bench,
): Promise<Measurement> {
  const { interruption, temporaryDirectory } = bench;
  if (interruption.aborted) throw new MeasurementInterruption();
  const { program, args } = measurementStart(filed, side, bench);
  const child = startChild(program, args, temporaryDirectory);
  const stop = () => endInOrder(child);
  interruption.addEventListener("abort", stop);
  const limit = setTimeout(() => endFamily(child), MEASUREMENT_MS_MAX);
  const { success, signal, stdout, stderr } = await child.output();
  clearTimeout(limit);
  interruption.removeEventListener("abort", stop);
  if (interruption.aborted) throw new MeasurementInterruption();
  const decoder = new TextDecoder();
  if (signal === "SIGKILL") throw new MeasurementFailure("it hung and was ended");
  if (!success) throw new MeasurementFailure(firstLines(decoder.decode(stderr)));
  return readMeasurement(decoder.decode(stdout));
}

/** Reads the last line that a measurement printed: what is above is a peer's own talk. */
export function readMeasurement(output: string): Measurement {
  const last = output.trimEnd().split("\n").at(-1) ?? "";
  try {
    return JSON.parse(last);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new MeasurementFailure(`it printed no measurement but "${last}"`);
  }
}

/** Lets a measurement close what it opened, and ends one that does not. */
function endInOrder(child: Deno.ChildProcess): void {
  child.kill("SIGTERM");
  const limit = setTimeout(() => endFamily(child), ENDING_MS_MAX);
  child.status.finally(() => clearTimeout(limit));
}

/** Ends a measurement with all that it started. */
function endFamily(child: Deno.ChildProcess): void {
  new Deno.Command("kill", {
    args: ["-KILL", "--", `-${child.pid}`], // It leads a group of its own.
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
}

function startChild(
  program: string,
  args: readonly string[],
  directory: string,
): Deno.ChildProcess {
  try {
    return new Deno.Command(program, {
      args: [...args],
      cwd: directory,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      detached: true, // Ctrl-C is for us: we let it, and what it started, end in order.
    }).spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new MeasurementFailure(`there is no program ${program} here`);
  }
}

function firstLines(text: string): string {
  const lines = stripStyle(text).split("\n").map((line) => line.trim()).filter((line) =>
    line !== ""
  );
  return lines.slice(0, COMPLAINT_LINES_MAX).join(" ");
}
