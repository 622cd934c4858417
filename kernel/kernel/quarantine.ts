/**
 * What becomes of the memories that a zombie holds: the successor gets others, so that a zombie
 * scribbles where nobody reads.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { type CopiedKeeps, copyKeeps } from "../keeps/copy.ts";
import type { Connections } from "./connections.ts";
import type { KernelCore } from "./kernel_core.ts";
import type { Segments } from "./segments.ts";
import type { Connection, DomainEntry, Segment } from "./tables.ts";

/** What a quarantine asks of the kernel. */
export interface Quarantine extends KernelCore {
  readonly connections: Connections;
  readonly segments: Segments;
  /** Puts other memory in the place of a window that a zombie has. */
  renewWindow(segment: Segment): void;
}

/**
 * Gives a domain copies of its keeps and answers, and other windows.
 *
 * @returns Why its keeps cannot be copied, if they cannot.
 */
export function quarantine(kernel: Quarantine, entry: DomainEntry): string | undefined {
  const { segments, tables, connections } = kernel;
  const { row, number } = entry;
  const keeps = [...tables.segmentsOf(number, "keep").values()];
  const served = connections.ofServer(number);
  let copies: CopiedKeeps;
  try {
    copies = copyKeeps(tables.buffer(row.log), [
      ...keeps.map(({ buffer }) => buffer),
      ...served.map((connection) => tables.buffer(connection.row.answers)),
    ]);
  } catch (error) {
    if (!(error instanceof OsError)) throw error;
    return `its zombie goes on changing its keeps: ${error.message}`;
  }
  tables.addZombie({ domain: number, epoch: row.epoch, boot: row.boot });
  const oldLog = row.log;
  row.log = tables.hold(copies.log);
  tables.changed(entry);
  kernel.effect(() => tables.release(oldLog));
  keeps.forEach((segment, i) => segments.replace(segment, copies.buffers[i]!));
  served.forEach((connection, i) => {
    replaceAnswers(kernel, connection, copies.buffers[keeps.length + i]!);
  });
  for (const segment of [...tables.segments.values()]) {
    const { owner, kind } = segment.row;
    if (owner === number && kind === "window") kernel.renewWindow(segment);
  }
  return undefined;
}

function replaceAnswers(
  kernel: Quarantine,
  connection: Connection,
  buffer: SharedArrayBuffer,
): void {
  const { tables } = kernel;
  const old = connection.row.answers;
  connection.row.answers = tables.hold(buffer);
  tables.changed(connection);
  kernel.effect(() => tables.release(old));
}
