/**
 * `qemu-io`, the block layer of QEMU on a command line, as a client of NBD. It keeps its requests when
 * it loses the connection, and sends them again over the next one: so the gateway may die, too.
 *
 * @module
 */

/** What it says when it waits for the next command. */
const PROMPT = "qemu-io> ";

/** Seconds for which it tries to come back before it gives up a request. */
const RECONNECT_S = 30;

/** What it says of what went wrong; with everything else it says how fast it was. */
const WRONG = /fail|error|unable|invalid|not |cannot/i;

/** One `qemu-io` at work, which is told one command after the other. */
export class QemuIo {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reader: ReadableStreamDefaultReader<string>;
  readonly #complaints: Promise<string>;
  #heard = "";

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.#writer = child.stdin.getWriter();
    this.#reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#complaints = new Response(child.stderr).text();
  }

  /**
   * Starts one on an export.
   *
   * @throws {Error} With what it says if it can't open that.
   */
  static async open(hostname: string, port: number, exportName: string): Promise<QemuIo> {
    const options = {
      "driver": "nbd",
      "server.type": "inet",
      "server.host": hostname,
      "server.port": port,
      "export": exportName,
      "reconnect-delay": RECONNECT_S,
      "open-timeout": RECONNECT_S,
    };
    const image = Object.entries(options).map(([name, value]) => `${name}=${value}`).join();
    const child = new Deno.Command("qemu-io", {
      args: ["--image-opts", image],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const client = new QemuIo(child);
    await client.#untilPrompt();
    return client;
  }

  /** Carries out a command; answers what went wrong, or `undefined` if nothing did. */
  async tell(command: string): Promise<string | undefined> {
    await this.#writer.write(new TextEncoder().encode(`${command}\n`));
    const said = await this.#untilPrompt();
    const wrong = said.split("\n").filter((line) => WRONG.test(line));
    return wrong.length === 0 ? undefined : `qemu-io ${command}: ${wrong.join(" | ")}`;
  }

  /** Ends it, after a flush of its own; answers its exit code. */
  async close(): Promise<number> {
    await this.#writer.write(new TextEncoder().encode("quit\n")).catch(() => {});
    await this.#writer.close().catch(() => {});
    await this.#reader.cancel();
    await this.#complaints;
    return (await this.#child.status).code;
  }

  /** Ends it whatever it waits for. */
  kill(): void {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }

  /** What it said before it asked for the next command. */
  async #untilPrompt(): Promise<string> {
    for (;;) {
      const end = this.#heard.indexOf(PROMPT);
      if (end >= 0) {
        const said = this.#heard.slice(0, end);
        this.#heard = this.#heard.slice(end + PROMPT.length);
        return said;
      }
      const { done, value } = await this.#reader.read();
      if (done) throw new Error(`qemu-io has ended: ${(await this.#complaints).trim()}`);
      this.#heard += value;
    }
  }
}
