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
import { MeasurementFailure } from "../row_result.ts";

/** Where measurements happen. Paths are absolute. */
export interface Bench {
  /** The running `deno`. */
  readonly deno: string;
  /** The root of the source. */
  readonly sourceRoot: string;
  /** A directory that the measurements may write. */
  readonly temporaryDirectory: string;
}

/** How a process is started. */
export interface ProcessStart {
  /** The program. */
  readonly program: string;
  /** Its arguments. */
  readonly args: readonly string[];
}

/** A measurement takes about a second; one that takes so long hangs. */
const MEASUREMENT_MS_MAX = 30_000;

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
 */
export async function measureInProcess(
  filed: FiledRow,
  side: Side,
  bench: Bench,
): Promise<Measurement> {
  const { program, args } = measurementStart(filed, side, bench);
  const child = startChild(program, args, bench.temporaryDirectory);
  const limit = setTimeout(() => child.kill("SIGKILL"), MEASUREMENT_MS_MAX);
  const { success, signal, stdout, stderr } = await child.output();
  clearTimeout(limit);
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

function startChild(
  program: string,
  args: readonly string[],
  directory: string,
): Deno.ChildProcess {
  try {
    const options = { stdin: "null", stdout: "piped", stderr: "piped" } as const;
    return new Deno.Command(program, { ...options, args: [...args], cwd: directory }).spawn();
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
