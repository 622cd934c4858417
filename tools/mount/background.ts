/**
 * Starts the process of a mount so that it outlives the command, and waits until it has mounted.
 *
 * @module
 */

import { denoProgram } from "../command_line/deno_program.ts";
import { TELEMETRY_VARIABLE } from "../telemetry/metrics.ts";
import { type HostLine, type HostOrder, readHostLine } from "./host_order.ts";

/** The signals that end the process in order while the command waits for it. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** What became of it. */
export type Started =
  | { readonly kind: "mounted"; readonly pid: number }
  | { readonly kind: "failed"; readonly why: string };

/**
 * Starts the process in a session of its own.
 *
 * @param args The arguments of `deno`.
 * @returns Once the mount is there, or the process has said why not, or has ended.
 */
export async function startInBackground(
  args: readonly string[],
  order: HostOrder,
): Promise<Started> {
  const child = new Deno.Command(denoProgram(), {
    args: [...args],
    cwd: "/", // It holds no directory that somebody may want to unmount.
    env: { [TELEMETRY_VARIABLE]: "false" },
    detached: true,
    ...{ stdin: "piped", stdout: "piped", stderr: "piped" },
  }).spawn();
  using _passing = passSignals(child);
  const said = textOf(child.stderr);
  await tell(child, order);
  const line = await firstLine(child.stdout);
  if (line !== undefined && "mounted" in line) return { kind: "mounted", pid: child.pid };
  const { code, signal } = await child.status; // It ends in order now, or has ended.
  if (line !== undefined) return { kind: "failed", why: line.failed };
  const end = signal === null ? `with code ${code}` : `by ${signal}`;
  const last = (await said).trim();
  return { kind: "failed", why: `the servers' process ended ${end}${last ? `:\n${last}` : ""}` };
}

async function tell(child: Deno.ChildProcess, order: HostOrder): Promise<void> {
  const writer = child.stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(JSON.stringify(order)));
    await writer.close();
  } catch (error) {
    // It ended before it had heard all: how it ended tells more than this.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

/** The first line that means something; none if the stream ends before. */
async function firstLine(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): Promise<HostLine | undefined> {
  let text = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const lines = text.split("\n");
    text = lines.pop()!;
    const found = lines.map(readHostLine).find((line) => line !== undefined);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What Deno itself says before the log begins. */
async function textOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  let text = "";
  try {
    for await (const chunk of stream.pipeThrough(new TextDecoderStream())) text += chunk;
  } catch {
    // What has been said counts.
  }
  return text;
}

/** While the command waits, it is the command that people end. */
function passSignals(child: Deno.ChildProcess): Disposable {
  const listeners = SIGNALS.map((signal) => {
    const pass = (): void => {
      try {
        child.kill("SIGTERM");
      } catch {
        // It has ended already.
      }
    };
    return [signal, pass] as const;
  });
  for (const [signal, pass] of listeners) Deno.addSignalListener(signal, pass);
  return {
    [Symbol.dispose]: () => {
      for (const [signal, pass] of listeners) Deno.removeSignalListener(signal, pass);
    },
  };
}
