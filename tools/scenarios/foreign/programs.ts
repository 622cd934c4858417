/**
 * Programs of the host that nobody here wrote, as the clients and the judges of scenarios.
 *
 * @module
 */

import type { Stage } from "../scenario.ts";

/** Longer than this no program takes: what it waits for will not come. */
const PROGRAM_MS_MAX = 60_000;

/** The beginning of what a program said that is told of it. */
const SAID_CHARACTERS_MAX = 300;

/** A program to run. */
export interface Call {
  /** Its name. */
  readonly program: string;
  /** What it is told on its command line. */
  readonly args: readonly string[];
  /** Where it is run; the root of the host if left out: never on what is under fire. */
  readonly cwd?: string;
  /** What it reads on its standard input. */
  readonly input?: string;
  /** Variables of its environment, besides those of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

/** How a program ended. */
export interface Ended {
  /** Its exit code. */
  readonly code: number;
  /** What it said. */
  readonly stdout: string;
  /** What it complained of. */
  readonly stderr: string;
}

/** Those of the programs that can't be started here. */
export function missingPrograms(programs: readonly string[]): string[] {
  return programs.filter((program) => {
    try {
      new Deno.Command(program, {
        args: ["--version"],
        stdin: "null",
        stdout: "null",
        stderr: "null",
      })
        .outputSync();
      return false;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable) {
        return true;
      }
      throw error;
    }
  });
}

/**
 * Runs a program to its end.
 *
 * @param over Ends it before.
 * @throws {Error} If it is told to end, or takes so long that it will not.
 */
export async function runProgram(call: Call, over?: AbortSignal): Promise<Ended> {
  const { program, args, cwd = "/", input, env } = call;
  const child = new Deno.Command(program, {
    args: [...args],
    cwd,
    stdin: input === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
    ...(env === undefined ? {} : { env: { ...env } }),
  }).spawn();
  if (input !== undefined) void tell(child, input);
  const late = AbortSignal.timeout(PROGRAM_MS_MAX);
  const end = over === undefined ? late : AbortSignal.any([over, late]);
  const { code, stdout, stderr } = await unlessEnded(child, end, () => {
    const why = late.aborted ? `it takes more than ${PROGRAM_MS_MAX / 1_000} s` : "interrupted";
    return new Error(`Cannot run ${inWords(call)}: ${why}`);
  });
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** What a program has to say to its failure, in a line; `undefined` if it did not fail. */
export function complaint(call: Call, { code, stdout, stderr }: Ended): string | undefined {
  if (code === 0) return undefined;
  const said = (stderr.trim() || stdout.trim()).replaceAll("\n", " | ");
  return `${inWords(call)} ended with ${code}: ${said.slice(0, SAID_CHARACTERS_MAX)}`;
}

/** Runs programs that are clients of a system: each run is an operation, and its failure an error. */
export class ForeignClients {
  readonly #stage: Stage;
  readonly #onRun: (count: number) => void;
  #count = 0;

  /**
   * The clients of one scenario.
   *
   * @param onRun Hears how many runs have ended well, after each.
   */
  constructor(stage: Stage, onRun: (count: number) => void) {
    this.#stage = stage;
    this.#onRun = onRun;
  }

  /** Runs that have ended well. */
  get count(): number {
    return this.#count;
  }

  /**
   * Runs a program that must succeed; answers what it said.
   *
   * @throws {Error} With its complaint if it failed: it has been noted.
   */
  async run(call: Call): Promise<string> {
    const startMs = performance.now();
    const ended = await runProgram(call, this.#stage.over);
    const failure = complaint(call, ended);
    this.#stage.note((performance.now() - startMs) * 1_000, failure);
    if (failure !== undefined) throw new Error(failure);
    this.#onRun(++this.#count);
    return ended.stdout;
  }
}

function inWords({ program, args }: Call): string {
  return [program, ...args].join(" ").slice(0, 120);
}

async function tell(child: Deno.ChildProcess, input: string): Promise<void> {
  const writer = child.stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(input));
    await writer.close();
  } catch {
    // It ended before it had heard all: its exit code tells more than this.
  }
}

/** The output of a child, or an error: one that sleeps in the kernel hears no signal. */
async function unlessEnded(
  child: Deno.ChildProcess,
  end: AbortSignal,
  why: () => Error,
): Promise<Deno.CommandOutput> {
  const ended = Promise.withResolvers<never>();
  const abort = () => {
    try {
      child.kill("SIGTERM");
    } catch {
      // It has ended by itself.
    }
    ended.reject(why());
  };
  end.addEventListener("abort", abort);
  if (end.aborted) abort();
  try {
    return await Promise.race([child.output(), ended.promise]);
  } finally {
    end.removeEventListener("abort", abort);
  }
}
