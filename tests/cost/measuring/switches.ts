/**
 * Counting what the host's kernel is asked for during operations: by `perf`, where it is installed and
 * may look.
 *
 * @module
 */

/** What may be counted, by the event's name in `perf`. */
export const COUNTED = {
  switches: "context-switches",
  calls: "raw_syscalls:sys_enter",
  futex: "syscalls:sys_enter_futex",
} as const;

/** Events for each operation, by the names in {@linkcode COUNTED}. */
export type Counts = Readonly<Partial<Record<keyof typeof COUNTED, number>>>;

/** How long is counted. */
const SECONDS = "1";

/** Operations between two returns to the event loop. */
const CHUNK_MS = 20;

/** What a process must be allowed to count. */
export const COUNTING_PERMISSIONS = ["--allow-run=perf"] as const;

/**
 * Repeats an operation while this process is looked at.
 *
 * @returns Nothing where that cannot be done.
 */
export async function countEach(operation: (at: number) => void): Promise<Counts> {
  const perf = startPerf();
  if (perf === undefined) return {};
  let isOver = false;
  const output = perf.output().finally(() => isOver = true);
  const startMs = performance.now();
  let done = 0;
  while (!isOver) {
    const chunkMs = performance.now();
    while (performance.now() - chunkMs < CHUNK_MS) operation(done++);
    await new Promise((resolve) => setTimeout(resolve));
  }
  const perSecond = done / ((performance.now() - startMs) / 1e3);
  const { stderr, success } = await output;
  return success ? readCounts(new TextDecoder().decode(stderr), perSecond) : {};
}

function startPerf(): Deno.ChildProcess | undefined {
  try {
    return new Deno.Command("perf", {
      args: [
        ...["stat", "-x,", "-e", Object.values(COUNTED).join(",")],
        ...["-p", `${Deno.pid}`, "--", "sleep", SECONDS],
      ],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
  } catch {
    return undefined; // There is none.
  }
}

/**
 * Reads what `perf stat -x,` printed.
 *
 * @param perSecond Operations in a second.
 */
export function readCounts(text: string, perSecond: number): Counts {
  const counts: Partial<Record<keyof typeof COUNTED, number>> = {};
  for (const line of text.split("\n")) {
    const [count = "", , event = ""] = line.split(",");
    const names = Object.entries(COUNTED) as [keyof typeof COUNTED, string][];
    const name = names.find(([, value]) => value === event)?.[0];
    if (name === undefined || !/^\d+$/.test(count)) continue;
    counts[name] = Number(count) / Number(SECONDS) / perSecond;
  }
  return counts;
}
