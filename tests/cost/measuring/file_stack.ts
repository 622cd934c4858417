/**
 * The standard stack with one client, whose operations are timed and split up.
 *
 * @module
 */

import { FileSystem, FileSystemClient, type FsFile } from "@hako/fs-server";
import { boot, defineSystem, type System } from "@hako/kernel";
import { filesOnImage } from "@hako/tools";
import { nowUs } from "../../../kernel/trace/clock.ts";
import type { TraceEvent } from "../../../kernel/trace/events.ts";
import { middleHalf } from "./middle_half.ts";
import { nestedShares, type Span } from "./nested_calls.ts";

const MiB = 1024 * 1024;

/** The servers, from the client's end. */
export const CHAIN = ["fs", "storage", "disk"] as const;

/** Bytes of the file that is worked on: far more than the client's window has room for. */
export const FILE_BYTES = 64 * MiB;

/** Operations whose steps are told apart; the trace has room for them, some of several requests. */
const SPLIT = 100;

/** How often that many are timed as they are, and then observed. */
const TURNS = 9;

/** How long operations are done before that. */
const WARM_MS = 700;

/** A stack with an open file. */
export interface FileStack extends AsyncDisposable {
  /** Its system. */
  readonly system: System;
  /** The client's window. */
  readonly window: Uint8Array;
  /** A file of {@linkcode FILE_BYTES} bytes. */
  readonly file: FsFile;
}

/** Boots one on an image in a directory. */
export async function openStack(directory: string, windowBytes: number): Promise<FileStack> {
  const path = `${directory}/disk.img`;
  const domains = filesOnImage({ path, createBytes: 256 * MiB });
  const system = await boot(defineSystem({ base: import.meta.url, domains }));
  const window = await system.window(windowBytes);
  const fs = new FileSystemClient(await system.connect(FileSystem, "files"), window);
  const file = fs.openSync("/data", { read: true, write: true, create: true });
  const content = new Uint8Array(MiB).fill(7);
  for (let at = 0; at < FILE_BYTES; at += MiB) file.writeSync(content, at);
  file.syncSync();
  return {
    ...{ system, window, file },
    async [Symbol.asyncDispose]() {
      file.close();
      await system.halt();
    },
  };
}

/** Who has a share of an operation. */
export type Share = "client" | typeof CHAIN[number];

/**
 * Splits an operation, in microseconds; the whole is measured while nobody observes. Both are
 * measured in turn, so that what else the machine does strikes both.
 */
export function splitOperations(
  system: System,
  operation: (at: number) => void,
): Record<Share | "whole", number> {
  let at = 0;
  for (const endMs = performance.now() + WARM_MS; performance.now() < endMs;) operation(at++);
  const wholes: number[] = [];
  const operations: Record<Share | "whole", number>[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    const plain = Array.from({ length: SPLIT }, () => spanOf(operation, at++));
    system.observe(true);
    const observed = Array.from({ length: SPLIT }, () => spanOf(operation, at++));
    const events = system.trace();
    system.observe(false);
    if (turn === 0) continue; // The trace's code gets warm.
    wholes.push(...plain.map(({ startUs, endUs }) => endUs - startUs));
    operations.push(...observed.map((span) => sharesOf(events, span)));
  }
  const { whole } = middleHalf(wholes.map((us) => ({ whole: us })));
  return { ...middleHalf(operations), whole };
}

function sharesOf(events: readonly TraceEvent[], span: Span): Record<Share | "whole", number> {
  const { client, own } = nestedShares(events, span, CHAIN);
  const shares = CHAIN.map((domain) => [domain, own[domain]!] as const);
  return {
    ...Object.fromEntries(shares) as Record<typeof CHAIN[number], number>,
    ...{ client, whole: span.endUs - span.startUs },
  };
}

function spanOf(operation: (at: number) => void, at: number): Span {
  const startUs = nowUs();
  operation(at);
  return { startUs, endUs: nowUs() };
}

/** Where the n-th operation on pieces of a file goes: all over it, and nowhere twice for long. */
export function placeOf(at: number, pieceBytes: number): number {
  const pieces = FILE_BYTES / pieceBytes;
  return (Math.imul(at, 0x9e3779b1) >>> 0) % pieces * pieceBytes;
}
