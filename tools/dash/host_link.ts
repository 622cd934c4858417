/**
 * The process that hosts the system, seen from the one that serves its page.
 *
 * @module
 */

import { exitCodeOf } from "../command_line/child_process.ts";
import { denoProgram } from "../command_line/deno_program.ts";
import { TELEMETRY_VARIABLE } from "../telemetry/metrics.ts";
import { type AnswerLine, type HostLine, linesOf, type Press, readHostLine } from "./lines.ts";
import type { DashOrder } from "./order.ts";

/** The longest line that is heard: a page's worth of what happened. */
const LINE_CHARACTERS_MAX = 4 * 1024 * 1024;

/** A new module may take half that long until it serves, and its predecessor as long again. */
const ANSWER_MS_MAX = 60_000;

/** What whoever pressed is told if there is no answer by then, and if the host ends meanwhile. */
const LATE = "there is no answer yet";
const ENDED = "the system has ended";

/** How to start a host. */
export interface HostStart {
  /** The arguments of `deno`. */
  readonly args: readonly string[];
  /** The host's current directory. */
  readonly directory: string;
  /** What it is told first. */
  readonly order: DashOrder;
  /** Hears what it says, but answers. */
  readonly onLine: (line: Exclude<HostLine, AnswerLine>) => void;
}

/** A host that runs. */
export class HostLink {
  /** Resolves with its exit code, when all that it said was heard. */
  readonly ended: Promise<number>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #unanswered: Map<number, (error: string | undefined) => void> = new Map();
  #lastNumber = 0;
  #isEnded = false;

  /** Starts the host and tells it its order. */
  constructor({ args, directory, order, onLine }: HostStart) {
    const child = new Deno.Command(denoProgram(), {
      args: [...args],
      cwd: directory,
      env: { [TELEMETRY_VARIABLE]: "false" }, // Its workers tell no metrics, and it never ended.
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const exitCode = exitCodeOf(child);
    this.#input = child.stdin.getWriter();
    this.ended = this.#hear(child.stdout, order.mark, onLine).then(() => exitCode);
    this.#say(order);
  }

  /** Carries out a press; resolves with why it could not be done, if it could not. */
  press(press: Press): Promise<string | undefined> {
    if (this.#isEnded) return Promise.resolve(ENDED);
    const number = ++this.#lastNumber;
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    const timer = setTimeout(() => this.#answered({ number, error: LATE }), ANSWER_MS_MAX);
    this.#unanswered.set(number, (error) => {
      clearTimeout(timer);
      resolve(error);
    });
    this.#say({ ...press, number });
    return promise;
  }

  #say(value: unknown): void {
    const bytes = new TextEncoder().encode(`${JSON.stringify(value)}\n`);
    // Of a host that has ended, its exit code tells more than this.
    this.#input.write(bytes).catch(() => {});
  }

  async #hear(
    output: ReadableStream<Uint8Array<ArrayBuffer>>,
    mark: string,
    onLine: HostStart["onLine"],
  ): Promise<void> {
    for await (const text of linesOf(output, LINE_CHARACTERS_MAX)) {
      const { line, printed } = readHostLine(mark, text);
      if (printed !== "") console.error(printed); // What a domain prints is for the terminal.
      if (line?.type === "answer") this.#answered(line);
      else if (line !== undefined) onLine(line);
    }
    this.#isEnded = true;
    for (const answer of this.#unanswered.values()) answer(ENDED);
    this.#unanswered.clear();
  }

  #answered({ number, error }: Pick<AnswerLine, "number" | "error">): void {
    this.#unanswered.get(number)?.(error);
    this.#unanswered.delete(number);
  }
}
