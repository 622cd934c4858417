/**
 * `nbd-under-fire`: a network block device, used by programs that nobody here wrote, while the gateway
 * and all behind it die.
 *
 * QEMU's client comes back by itself when the gateway is gone. libnbd's programs, `nbdcopy` and `fio`,
 * do not: they are used when no more deaths of the gateway are to come, while those behind it go on
 * dying.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { defineSystem, type System } from "@hako/kernel";
import { nbdOnImage } from "../serve_nbd/nbd_on_image.ts";
import { PatternWork } from "./foreign/pattern_work.ts";
import { complaint, missingPrograms, runProgram } from "./foreign/programs.ts";
import { QemuIo } from "./foreign/qemu_io.ts";
import { underFire } from "./foreign/under_fire.ts";
import { randomFrom } from "./random.ts";
import {
  type Check,
  check,
  type Figure,
  type Played,
  type Scenario,
  skipped,
  type Stage,
  type UnstagedContext,
} from "./scenario.ts";

const MiB = 1024 * 1024;
const HOSTNAME = "127.0.0.1";
const EXPORT = "hako";

/** The range of each qemu-io, and behind them that of fio. */
const RANGE_BYTES = 12 * MiB;
const CLIENTS = 2;
const FIO_BYTES = 8 * MiB;

/** Operations of each qemu-io. */
const OPERATIONS = 700;

/** How long a client that can't come back is started again, if the gateway does not hear, or dies. */
const TRIES_MS_MAX = 15_000;

/** Ports are taken from here on, below those that Linux gives to whoever asks for any. */
const PORT_MIN = 20_000;
const PORT_COUNT = 10_000;

/** What a client that can't come back has found. */
interface Outcome {
  /** Why it failed; empty if it did not. */
  readonly failure: string;
  /** From its start to its end. */
  readonly tookMs: number;
}

/** What came of the work. */
interface Served {
  readonly written: readonly PatternWork[];
  readonly exitCodes: readonly number[];
  /** The SHA-256 of what qemu-io must have left. */
  readonly expected: string;
  /** The SHA-256 of the same range as nbdcopy found it; undefined if nbdcopy is missing. */
  readonly copied: (Outcome & { readonly sha256: string }) | undefined;
  /** What fio found; undefined if it is missing, or can't speak NBD. */
  readonly verified: Outcome | undefined;
}

/** Foreign clients of a network block device. */
export const nbdUnderFire: Scenario<Served> = {
  name: "nbd-under-fire",
  story: "QEMU, nbdcopy and fio work on a network disk while all behind it die",
  durationMs: 0,
  faults: [
    "nbd:terminate@times=5",
    "storage:terminate@every=500ms",
    "disk:terminate@every=900ms",
    "kernel:terminate@every=3s",
  ],
  permissions: (context) => ({
    net: [`${HOSTNAME}:${portOf(context)}`],
    run: ["qemu-io", "nbdcopy", "fio"],
  }),
  impediment(context) {
    const [missing] = missingPrograms(["qemu-io"]);
    if (missing !== undefined) return "qemu-io is not installed (package qemu-utils)";
    return isFree(portOf(context)) ? undefined : `port ${portOf(context)} is in use`;
  },
  manifest: (context) => {
    const domains = nbdOnImage({
      path: context.image,
      createBytes: CLIENTS * RANGE_BYTES + FIO_BYTES,
      listen: { hostname: HOSTNAME, port: portOf(context) },
      exportName: EXPORT,
    });
    return defineSystem({ base: import.meta.url, domains: underFire(domains) });
  },
  workload: work,
  checks,
  figures,
};

/** The same for the scenario and for its process, and another one each time. */
function portOf({ temporaryDirectory }: UnstagedContext): number {
  const digest = createHash("sha256").update(temporaryDirectory).digest();
  return PORT_MIN + digest.readUInt32LE(0) % PORT_COUNT;
}

function isFree(port: number): boolean {
  try {
    Deno.listen({ hostname: HOSTNAME, port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}

async function work(system: System, stage: Stage): Promise<Served> {
  const { context } = stage;
  const port = portOf(context);
  const random = randomFrom(context.seed);
  const written = Array.from({ length: CLIENTS }, (_, index) => {
    const own = randomFrom(Math.floor(random() * 2 ** 32));
    return new PatternWork(index * RANGE_BYTES, RANGE_BYTES, own);
  });
  let done = 0;
  const step = () => stage.progress("qemu-io", ++done, CLIENTS * OPERATIONS);
  const exitCodes = await Promise.all(written.map((range) => {
    return patterns(range, port, stage, step);
  }));
  await stage.settled(); // The gateway has died as often as the plan says.
  const expected = createHash("sha256");
  for (const range of written) expected.update(range.expected());
  const uri = `nbd://${HOSTNAME}:${port}/${EXPORT}`;
  const verified = await verifyByFio(system, stage, uri);
  const copied = await copyByNbdcopy(system, stage, uri);
  return { written, exitCodes, expected: expected.digest("hex"), copied, verified };
}

/** Lets one qemu-io work on its range; answers its exit code. */
async function patterns(
  range: PatternWork,
  port: number,
  stage: Stage,
  onStep: () => void,
): Promise<number> {
  const client = await QemuIo.open(HOSTNAME, port, EXPORT);
  const kill = () => client.kill();
  stage.over.addEventListener("abort", kill);
  try {
    for (let count = 0; count < OPERATIONS; count++) {
      const startMs = performance.now();
      const failure = await client.tell(range.next());
      stage.note((performance.now() - startMs) * 1_000, failure);
      onStep();
    }
    return await client.close();
  } finally {
    stage.over.removeEventListener("abort", kill);
    kill();
  }
}

async function verifyByFio(
  system: System,
  stage: Stage,
  uri: string,
): Promise<Outcome | undefined> {
  if (missingPrograms(["fio"]).length > 0) return undefined;
  const engines = await runProgram({ program: "fio", args: ["--enghelp"] }, stage.over);
  if (!/^\s*nbd\s*$/m.test(engines.stdout)) return undefined;
  return await onceWhileItLives(system, stage, "fio", [
    ...["--name=verify", "--ioengine=nbd", `--uri=${uri}`, "--rw=randwrite", "--iodepth=16"],
    ...["--bsrange=512-64k", "--blockalign=512", `--offset=${CLIENTS * RANGE_BYTES}`],
    ...[`--size=${FIO_BYTES}`, "--verify=crc32c", "--verify_fatal=1", "--verify_state_save=0"],
    ...["--verify_backlog=128", "--fsync=64", `--randseed=${stage.context.seed}`],
  ]);
}

async function copyByNbdcopy(
  system: System,
  stage: Stage,
  uri: string,
): Promise<Served["copied"]> {
  if (missingPrograms(["nbdcopy"]).length > 0) return undefined;
  const target = `${stage.context.temporaryDirectory}/copied`;
  const outcome = await onceWhileItLives(system, stage, "nbdcopy", [
    "--connections=4",
    uri,
    target,
  ]);
  if (outcome.failure !== "") return { ...outcome, sha256: "" };
  const bytes = Deno.readFileSync(target).subarray(0, CLIENTS * RANGE_BYTES);
  return { ...outcome, sha256: createHash("sha256").update(bytes).digest("hex") };
}

/** Runs a client that can't come back; again only if the gateway died below it, or did not hear yet. */
async function onceWhileItLives(
  system: System,
  stage: Stage,
  program: string,
  args: readonly string[],
): Promise<Outcome> {
  const deaths = async () => (await system.status()).domains["nbd"]!.deaths;
  const endMs = performance.now() + TRIES_MS_MAX;
  for (;;) {
    stage.progress(program, 1, 1);
    const before = await deaths();
    const startMs = performance.now();
    const call = { program, args, cwd: stage.context.temporaryDirectory };
    const failure = complaint(call, await runProgram(call, stage.over));
    const tookMs = performance.now() - startMs;
    const isUnheard = failure !== undefined && /connect/i.test(failure);
    if (failure !== undefined && (isUnheard || await deaths() > before)) {
      if (performance.now() < endMs) continue;
    }
    stage.note(tookMs * 1_000, failure);
    return { failure: failure ?? "", tookMs };
  }
}

function checks({ work, status }: Played<Served>): Check[] {
  const { exitCodes, expected, copied, verified } = work;
  const reconnects = status.domains["nbd"]!.deaths;
  return [
    check(
      "QEMU finds every pattern, and comes back by itself when the gateway died",
      exitCodes.every((code) => code === 0),
      `${CLIENTS} x ${OPERATIONS} operations, the gateway died ${reconnects} x`,
    ),
    copied === undefined
      ? skipped("nbdcopy reads what QEMU wrote", "nbdcopy is not installed (package libnbd-bin)")
      : check(
        "nbdcopy reads what QEMU wrote",
        copied.sha256 === expected,
        copied.failure || `${CLIENTS * RANGE_BYTES / MiB} MiB, SHA-256 ${copied.sha256}`,
      ),
    verified === undefined
      ? skipped("fio verifies what it wrote", "there is no fio with NBD (package fio)")
      : check(
        "fio verifies what it wrote",
        verified.failure === "",
        verified.failure || `${FIO_BYTES / MiB} MiB, a CRC-32C for each write`,
      ),
  ];
}

function figures({ work }: Played<Served>): Figure[] {
  const { written, copied } = work;
  const bytes = written.reduce((sum, { bytesWritten }) => sum + bytesWritten, 0);
  const whole = CLIENTS * RANGE_BYTES + FIO_BYTES;
  return [
    { name: "written by QEMU", value: bytes / MiB, unit: "MiB" },
    ...(copied === undefined
      ? []
      : [{ name: "nbdcopy", value: whole / 1e6 / (copied.tookMs / 1e3), unit: "MB/s" }]),
  ];
}
