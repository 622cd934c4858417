/**
 * Requests as Linux writes them, byte by byte and without the declarations that are tested.
 *
 * @module
 */

import { FuseRequest } from "./request.ts";

/** Header fields; all zero unless told. */
export interface RequestHeader {
  readonly opcode: number;
  readonly unique?: bigint;
  readonly nodeid?: bigint;
  readonly uid?: number;
  readonly gid?: number;
  readonly pid?: number;
  readonly extensions?: number;
  /** What the header says of the length; the truth unless told. */
  readonly len?: number;
}

/** A part of a request: numbers of 32 bits, of 64 bits, or bytes. */
export type Part = number | bigint | string | Uint8Array;

/** A request with a buffer of 64 KiB, into which a request was read. */
export function requestOf(header: RequestHeader, ...parts: readonly Part[]) {
  const request = new FuseRequest(new Uint8Array(new SharedArrayBuffer(4096 + 65536)));
  return { request, isTaken: read(request, header, ...parts) };
}

/** Reads a request into its place, as read(2) would, and takes it. */
export function read(
  request: FuseRequest,
  header: RequestHeader,
  ...parts: readonly Part[]
): boolean {
  const bytes = [...head(header), ...parts.flatMap(bytesOf)];
  request.target.fill(0xee);
  request.target.set(bytes);
  new DataView(request.target.buffer, request.target.byteOffset)
    .setUint32(0, header.len ?? bytes.length, true);
  return request.take(bytes.length);
}

function head({ opcode, unique = 0n, nodeid = 0n, ...rest }: RequestHeader): number[] {
  const { uid = 0, gid = 0, pid = 0, extensions = 0 } = rest;
  return [0, opcode, unique, nodeid, uid, gid, pid, extensions].flatMap(bytesOf);
}

function bytesOf(part: Part): number[] {
  if (typeof part === "string") return [...new TextEncoder().encode(part)];
  if (part instanceof Uint8Array) return [...part];
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt.asUintN(64, BigInt(part)), true);
  return [...new Uint8Array(view.buffer, 0, typeof part === "number" ? 4 : 8)];
}
