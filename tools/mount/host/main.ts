/**
 * The process that serves a mount. It is started by `hako mount` with the permissions that the
 * manifest comes to, hears on its standard input what to serve, and ends in order when the mount is
 * gone or a signal asks for it.
 *
 * @module
 */

import { boot } from "@hako/kernel";
import { OsError } from "@hako/ipc";
import { interruptedBySignals } from "../../command_line/interruption.ts";
import { terminalProgress } from "../../terminal/progress.ts";
import { errorOf } from "../../systems/host_error.ts";
import type { Background, HostLine, HostOrder } from "../host_order.ts";
import { endLine } from "../mount_log.ts";
import { MountedLife } from "../mounted_life.ts";
import { STANDARD, turnStreams } from "./standard_streams.ts";

/** Between two looks at how long the end takes. */
const LOOK_MS = 250;

/** After so long people want to know why it takes so long. */
const PATIENCE_MS = 2_000;

const interruption = interruptedBySignals("hako mount");
const order = JSON.parse(await new Response(Deno.stdin.readable).text()) as HostOrder;
Deno.exit(await main(order));

async function main({ background }: HostOrder): Promise<number> {
  let why: string | undefined;
  try {
    if (background !== undefined) beginLog(background);
    why = await serve(order);
  } catch (error) {
    if (!(error instanceof OsError)) {
      if (background !== undefined) tell({ failed: String(error) });
      throw error; // A fault of ours shows its stack.
    }
    why = error.message;
  }
  const code = why === undefined ? 0 : 1;
  if (background === undefined) {
    if (why !== undefined) console.error(`hako mount: ${why}`);
    return code;
  }
  console.error(endLine(Date.now(), code, why));
  if (why !== undefined) tell({ failed: why });
  return code;
}

/** Serves until the mount is gone; answers what went wrong. */
async function serve({ manifest, image, directory, isQuiet, background }: HostOrder) {
  // Why it does not boot is told once, as the reason; the log has more.
  let isTold = background !== undefined;
  const log = (line: string) => isTold && console.error(line);
  const life = new MountedLife({ isQuiet, log });
  const system = await boot(manifest, { onEvent: (event, atUs) => life.hear(event, atUs) });
  isTold = true;
  // Until this process is gone, the image is in use: who waits for that waits for this lock.
  using file = Deno.openSync(image);
  file.tryLockSync(false);
  interruption.addEventListener("abort", () => life.end());
  if (interruption.aborted) life.end();
  await Promise.race([life.mounted, life.over]);
  if (life.why === undefined && !interruption.aborted) isUp(order, background);
  await life.over;
  await ended(system.halt(), { directory, isQuiet: isQuiet || background !== undefined });
  if (life.why === undefined && background === undefined && !isQuiet) {
    console.error(`hako mount: ${directory} is unmounted, and everything is written`);
  }
  return life.why;
}

function isUp({ directory, image, isQuiet }: HostOrder, background: Background | undefined): void {
  if (background !== undefined) {
    console.error(`${new Date().toISOString()}: ${image} is mounted at ${directory}`);
    tell({ mounted: directory });
    // Nobody reads the other stream any more.
    turnStreams(background.libc, background.log, [STANDARD.output]);
    return;
  }
  console.log(`mounted ${directory}`);
  if (!isQuiet) console.error(`hako mount: ${image} is there until Ctrl-C or hako umount`);
}

/** Waits for the end, and shows that it is waited for. */
async function ended(
  halted: Promise<void>,
  { directory, isQuiet }: { readonly directory: string; readonly isQuiet: boolean },
): Promise<void> {
  using progress = terminalProgress({ quiet: isQuiet });
  const startMs = performance.now();
  let isTold = isQuiet;
  const timer = setInterval(() => {
    const elapsedMs = performance.now() - startMs;
    if (!isTold && elapsedMs >= PATIENCE_MS) {
      isTold = true;
      progress.erase();
      console.error(`hako mount: still writing, or a program uses ${directory}: it has 10 s`);
    }
    progress.update(`unmounting ${directory}; seconds:`, Math.floor(elapsedMs / 1_000), 0);
  }, LOOK_MS);
  try {
    await halted;
  } finally {
    clearInterval(timer);
  }
}

/** Begins a new log, and lets all go there that would be said to nobody. */
function beginLog({ log, logs, libc }: Background): void {
  try {
    if (logs !== undefined) Deno.mkdirSync(logs, { recursive: true, mode: 0o700 });
    Deno.writeTextFileSync(log, "", { mode: 0o600 });
  } catch (error) {
    throw errorOf(error, `write the log ${log}`);
  }
  turnStreams(libc, log, [STANDARD.error]);
}

function tell(line: HostLine): void {
  try {
    Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(line)}\n`));
  } catch {
    // The command that wanted to hear it is gone.
  }
}
