/**
 * NBD servers that nobody here wrote, each a process of its own that can be killed and started again.
 *
 * @module
 */

import { findTool } from "../host_tool.ts";

/** The servers that tests use. */
export type ServerName = "qemu-nbd" | "nbdkit";

/** How a server is started. */
export interface ForeignServerOptions {
  /** The program. */
  readonly name: ServerName;
  /** Bytes of the export, zero at first. */
  readonly byteLength: number;
  /** More arguments. */
  readonly args?: readonly string[];
  /** Parameters of nbdkit's filters, which come after all else. */
  readonly parameters?: readonly string[];
  /** Whether it listens on a port of 127.0.0.1 instead of a socket. */
  readonly onTcp?: boolean;
}

/** Looks for a server that is starting, each a few milliseconds after the last. */
const LOOKS_MAX = 1_000;

/** Whether there is no such server here: then a test is skipped. */
export function isMissing(name: ServerName): boolean {
  return findTool(name) === undefined;
}

/**
 * A server and its image, in a directory of their own. One that ends by itself is started again, as a
 * service would be: `nbdkit` 1.32 fails an assertion of its own (`raw_send_socket`) at times when a
 * client vanishes.
 */
export class ForeignServer implements AsyncDisposable {
  readonly #options: ForeignServerOptions;
  readonly #directory: string;
  #port: number | undefined;
  #child: Deno.ChildProcess | undefined;
  #revived: Promise<void> = Promise.resolve();

  /** Starts a server on a new image. */
  static async start(options: ForeignServerOptions): Promise<ForeignServer> {
    const server = new ForeignServer(options);
    Deno.createSync(server.image).close();
    Deno.truncateSync(server.image, options.byteLength);
    await server.start();
    return server;
  }

  private constructor(options: ForeignServerOptions) {
    this.#options = options;
    this.#directory = Deno.makeTempDirSync({ prefix: "hako-nbd-" });
    this.#port = options.onTcp ? freePort() : undefined;
  }

  /** The image. */
  get image(): string {
    return `${this.#directory}/image`;
  }

  /** Where it listens, as the driver's options say it. */
  get address(): { readonly host: string; readonly port: number } | { readonly path: string } {
    if (this.#port === undefined) return { path: this.#socket };
    return { host: "127.0.0.1", port: this.#port };
  }

  /** Starts it again; it listens when this resolves. */
  async start(): Promise<void> {
    const { name } = this.#options;
    const args = this.#arguments();
    this.#child = new Deno.Command(name, { args, stdin: "null", stdout: "null", stderr: "null" })
      .spawn();
    const child = this.#child;
    let hasEnded = false;
    let isStarting = true;
    child.status.then(() => {
      hasEnded = true;
      if (this.#child === child && !isStarting) this.#revived = this.#revive();
    });
    for (let looks = 1; !await this.#listens(); looks++) {
      if (looks === LOOKS_MAX || hasEnded) {
        throw new Error(`${name} does not start: ${args.join(" ")}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    isStarting = false;
  }

  /** Kills it, with all that it has not told the host. */
  async kill(): Promise<void> {
    await this.#revived;
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    try {
      child.kill("SIGKILL");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // It has ended by itself, just now.
    }
    await child.status;
    await this.#forgetSocket();
  }

  /** Makes it stop in its tracks, or go on. */
  signal(signal: "SIGSTOP" | "SIGCONT"): void {
    this.#child?.kill(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await Deno.remove(this.#directory, { recursive: true });
  }

  get #socket(): string {
    return `${this.#directory}/socket`;
  }

  async #revive(): Promise<void> {
    await this.#forgetSocket();
    await this.start();
  }

  async #forgetSocket(): Promise<void> {
    if (this.#port === undefined) await Deno.remove(this.#socket).catch(() => {});
  }

  #arguments(): string[] {
    const { name, args = [], parameters = [] } = this.#options;
    const port = this.#port;
    if (name === "nbdkit") {
      const where = port === undefined
        ? ["-U", this.#socket]
        : ["-i", "127.0.0.1", "-p", `${port}`];
      return ["--foreground", ...where, ...args, "file", this.image, ...parameters];
    }
    const where = port === undefined ? ["-k", this.#socket] : ["-b", "127.0.0.1", "-p", `${port}`];
    const always = ["--persistent", "--shared=8", "--format=raw", "--discard=unmap"];
    return [...always, ...where, ...args, this.image];
  }

  async #listens(): Promise<boolean> {
    const { address } = this;
    try {
      const connection = "path" in address
        ? await Deno.connect({ transport: "unix", path: address.path })
        : await Deno.connect({ hostname: address.host, port: address.port });
      connection.close();
      return true;
    } catch {
      return false;
    }
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
