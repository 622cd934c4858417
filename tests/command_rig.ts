/**
 * Runs `hako` as its task does, for the tests of its commands.
 *
 * @module
 */

import { assertEquals } from "@std/assert";

/** The root of Hako's source, with a slash at its end. */
export const ROOT: string = new URL("..", import.meta.url).pathname;

/** How a command ended. */
export interface Ran {
  /** Its exit code. */
  readonly code: number;
  /** What it said. */
  readonly stdout: string;
  /** What it complained of. */
  readonly stderr: string;
}

/** A command that runs. */
export interface Running {
  /** Resolves when the text was said on either stream; rejects if the command ends without. */
  said(text: string): Promise<void>;
  /** Sends the launcher a signal. */
  kill(signal: Deno.Signal): void;
  /** How it ended. */
  readonly ended: Promise<Ran>;
}

/** Runs a test in a directory of its own, and checks that no temporary file is left behind. */
export function commandTest(name: string, run: (directory: string) => Promise<void>): void {
  Deno.test(name, async () => {
    const directory = Deno.makeTempDirSync();
    try {
      await run(directory);
      assertEquals([...Deno.readDirSync(`${directory}/temporary`)], [], "nothing is left behind");
    } finally {
      Deno.removeSync(directory, { recursive: true });
    }
  });
}

/** Runs `hako` to its end, and checks that it leaves no temporary file behind. */
export async function hako(directory: string, ...args: string[]): Promise<Ran> {
  const ran = await startHako(directory, ...args).ended;
  assertEquals([...Deno.readDirSync(`${directory}/temporary`)], [], "nothing is left behind");
  return ran;
}

/** Starts `hako`, in `directory` as far as it knows. */
export function startHako(directory: string, ...args: string[]): Running {
  Deno.mkdirSync(`${directory}/temporary`, { recursive: true });
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--frozen",
      "--no-prompt",
      "--allow-env=INIT_CWD,TMPDIR,NO_COLOR",
      `--allow-run=${Deno.execPath()}`,
      `${ROOT}tools/hako.ts`,
      ...args,
    ],
    cwd: ROOT,
    env: { TMPDIR: `${directory}/temporary`, INIT_CWD: directory, NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const heard = new Heard();
  const collected = Promise.all([heard.read(child.stdout, 0), heard.read(child.stderr, 1)]);
  const ended = collected.then(async ([stdout, stderr]) => {
    const { code } = await child.status;
    return { code, stdout, stderr };
  });
  ended.then(({ stdout, stderr }) => heard.end(stdout + stderr));
  return { said: (text) => heard.said(text), kill: (signal) => child.kill(signal), ended };
}

/** What two streams have said so far, and who waits for a text in it. */
class Heard {
  readonly #texts: [string, string] = ["", ""];
  readonly #waiting: { text: string; resolve: () => void; reject: (why: Error) => void }[] = [];

  async read(stream: ReadableStream<Uint8Array<ArrayBuffer>>, at: 0 | 1): Promise<string> {
    for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
      this.#texts[at] += chunk;
      for (const { text, resolve } of this.#waiting) {
        if (this.#texts[at].includes(text)) resolve();
      }
    }
    return this.#texts[at];
  }

  said(text: string): Promise<void> {
    if (this.#texts.some((heard) => heard.includes(text))) return Promise.resolve();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push({ text, resolve, reject });
    return promise;
  }

  /** Whoever still waits, waits in vain; who was answered already does not hear of it. */
  end(all: string): void {
    for (const { text, reject } of this.#waiting) reject(new Error(`nobody said ${text}:\n${all}`));
  }
}
