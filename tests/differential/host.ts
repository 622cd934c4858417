/**
 * The host's file system, asked in a process of Node.
 *
 * @module
 */

import type { Action, Outcome } from "./actions.ts";

/** What was answered, and the tree that is left. */
export interface Played {
  /** An outcome for each action. */
  readonly outcomes: readonly Outcome[];
  /** A row for each path: what stands there, and what it holds. */
  readonly tree: readonly Outcome[];
}

/** A process that plays actions on the host, each sequence in a directory of its own. */
export class Host implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: AsyncIterator<string>;
  readonly #directory = Deno.makeTempDirSync({ prefix: "hako-differential-" });
  #count = 0;

  /** Starts it. */
  constructor() {
    this.#child = new Deno.Command("node", {
      args: [new URL("./host_side.mjs", import.meta.url).pathname],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#lines = linesOf(this.#child.stdout);
  }

  /** Plays actions in an empty directory. */
  async play(actions: readonly Action[]): Promise<Played> {
    const root = `${this.#directory}/${this.#count++}`;
    await this.#writer.write(new TextEncoder().encode(`${JSON.stringify({ root, actions })}\n`));
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("the host's side ended");
    return JSON.parse(value);
  }

  /** Ends the process, and removes what it made. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close();
    await this.#child.status;
    Deno.removeSync(this.#directory, { recursive: true });
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}
