import { assertEquals, assertRejects } from "@std/assert";
import { join, resolve } from "node:path";
import { denoProgram } from "../../command_line/deno_program.ts";
import type { Measurement } from "../measurement.ts";
import type { Side } from "../paired_row.ts";
import { MeasurementFailure, MeasurementInterruption } from "../row_result.ts";
import { measureInProcess } from "./measuring_process.ts";
import { CLOSED, OPENED, rows } from "./test_sides.ts";

const SOURCE_ROOT = resolve(import.meta.dirname!, "../../..");
const PATH = join(import.meta.dirname!, "test_sides.ts");

/** How often a state is looked at that another process brings about. */
const LOOK_MS = 10;

/** Measures a side in a directory of its own. */
function measureSide(
  name: string,
  side: Side,
  { directory, interruption }: { directory: string; interruption: AbortSignal },
): Promise<Measurement> {
  const row = rows.find((candidate) => candidate.name === name)!;
  return measureInProcess({ path: PATH, row }, side, {
    deno: denoProgram(),
    sourceRoot: SOURCE_ROOT,
    temporaryDirectory: directory,
    interruption,
  });
}

/** A directory that goes with the test, and an interruption. */
function rig(): Disposable & { directory: string; interruption: AbortSignal; interrupt(): void } {
  const directory = Deno.makeTempDirSync({ dir: "/tmp", prefix: "hako-bench-test-" });
  const controller = new AbortController();
  return {
    directory,
    interruption: controller.signal,
    interrupt: () => controller.abort(),
    [Symbol.dispose]: () => Deno.removeSync(directory, { recursive: true }),
  };
}

Deno.test("each side of a row is measured in a process of its own, the bound as well", async () => {
  using made = rig();
  const costs: number[] = [];
  for (const side of ["ours", "peer", "bound"] as const) {
    costs.push((await measureSide("test/quick", side, made)).costMedian);
  }
  assertEquals(costs, [1, 2, 0.5]);
});

Deno.test("a side that cannot be opened is told with its own words", async () => {
  using made = rig();
  await assertRejects(
    () => measureSide("test/wrong", "ours", made),
    MeasurementFailure,
    "Cannot open: out of order",
  );
});

Deno.test("a measurement that is interrupted closes what it opened, and ends", async () => {
  using made = rig();
  const measured = measureSide("test/endless", "ours", made);
  while (!isThere(join(made.directory, OPENED))) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  made.interrupt();
  await assertRejects(() => measured, MeasurementInterruption);
  assertEquals(isThere(join(made.directory, CLOSED)), true);
});

Deno.test("nothing is measured any more once the user wants no more", async () => {
  using made = rig();
  made.interrupt();
  await assertRejects(() => measureSide("test/endless", "ours", made), MeasurementInterruption);
  assertEquals(isThere(join(made.directory, OPENED)), false);
});

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
