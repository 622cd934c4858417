/**
 * The same on a file of the host, in one thread: what stands at the bottom of every path.
 *
 * @module
 */

import { median } from "../../growth/curve.ts";
import { FILE_BYTES, placeOf } from "./file_stack.ts";

const MiB = 1024 * 1024;

const US_PER_MS = 1_000;

const WARM = 200;
const OPERATIONS = 2_000;

/** Microseconds that Deno takes to read or write a piece of a file that the host has in memory. */
export function hostTransferUs(
  directory: string,
  pieceBytes: number,
  kind: "read" | "write" | "write and sync",
): number {
  const path = `${directory}/host`;
  using file = Deno.openSync(path, { read: true, write: true, create: true });
  const content = new Uint8Array(MiB).fill(7);
  for (let at = 0; at < FILE_BYTES; at += MiB) file.writeSync(content);
  const buffer = new Uint8Array(new SharedArrayBuffer(pieceBytes)).fill(3); // As windows are.
  const transfer = (at: number) => {
    file.seekSync(placeOf(at, pieceBytes), Deno.SeekMode.Start);
    const count = kind === "read" ? file.readSync(buffer) : file.writeSync(buffer);
    if (kind === "write and sync") file.syncDataSync();
    if (count !== pieceBytes) throw new Error(`Cannot go on: moved ${count} bytes`);
  };
  const count = Math.min(OPERATIONS, FILE_BYTES / pieceBytes * 4);
  for (let at = 0; at < WARM; at++) transfer(at);
  return median(Array.from({ length: count }, (_, at) => {
    const startMs = performance.now();
    transfer(at);
    return (performance.now() - startMs) * US_PER_MS;
  }));
}

/** Microseconds of a copy from one shared memory to another. */
export function copyUs(byteLength: number): number {
  const source = new Uint8Array(new SharedArrayBuffer(byteLength)).fill(5);
  const target = new Uint8Array(new SharedArrayBuffer(byteLength)).fill(6);
  const copies = Math.max(20, Math.floor(4 * MiB / byteLength));
  return median(Array.from({ length: WARM }, () => {
    const startMs = performance.now();
    for (let i = 0; i < copies; i++) target.set(source);
    return (performance.now() - startMs) * US_PER_MS / copies;
  }));
}
