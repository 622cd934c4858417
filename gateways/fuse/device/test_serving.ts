/**
 * The process that serves two files, as a scenario sees it.
 *
 * @module
 */

import type { Told } from "./test_serving_worker.ts";

type Key<T> = T extends unknown ? keyof T : never;
type Value<K extends string> = Extract<Told, { readonly [_ in K]: unknown }>[K];

/** A process that serves two files in a directory, until it is disposed of. */
export class TestServing implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: ReadableStreamDefaultReader<string>;
  readonly #told: Record<string, unknown>[] = [];
  #rest = "";

  constructor(libc: string, directory: string) {
    const module = new URL("./test_serving_main.ts", import.meta.url).pathname;
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--quiet",
        "--no-prompt",
        "--no-check",
        "--allow-read",
        `--allow-ffi=${libc}`,
        module,
        libc,
        directory,
      ],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** The mount, once it is there. */
  mounted(): Promise<Value<"mounted">> {
    return this.until("mounted");
  }

  /** The next that is told under that name. */
  async until<K extends Key<Told>>(key: K): Promise<Value<K>> {
    for (;;) {
      const index = this.#told.findIndex((told) => key in told);
      if (index >= 0) return this.#told.splice(index, 1)[0]![key] as Value<K>;
      const { value, done } = await this.#lines.read();
      if (done) throw new Error(`${key} is not told any more, but ${JSON.stringify(this.#told)}`);
      const lines = (this.#rest + value).split("\n");
      this.#rest = lines.pop()!;
      this.#told.push(...lines.map((line) => JSON.parse(line)));
    }
  }

  /** Starts a second worker that takes over. */
  takeOver(): void {
    this.#input.write(new TextEncoder().encode("take over\n"));
  }

  /** Ends the process at once. */
  kill(): void {
    this.#child.kill("SIGKILL");
  }

  /** Resolves when the process has ended. */
  async exited(): Promise<void> {
    await this.#child.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.kill();
    } catch {
      // It has ended.
    }
    await this.#child.status;
    await this.#input.abort().catch(() => {});
    await this.#lines.cancel();
  }
}
