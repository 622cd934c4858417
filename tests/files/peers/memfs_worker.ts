/**
 * The worker that has the files in `memfs.ts`.
 *
 * @module
 */

import process from "node:process";
import { expose, transfer } from "comlink";

// It asks who runs it, again and again, and is not allowed to; and here that is root.
Object.assign(process, { getuid: () => 0, getgid: () => 0 });

const { fs } = await import("memfs");

/** memfs's own calls; those that answer bytes hand them over instead of having them copied. */
const served = {
  openSync: (path: string, flags: string): number => fs.openSync(path, flags),
  closeSync: (file: number): void => fs.closeSync(file),
  unlinkSync: (path: string): void => fs.unlinkSync(path),
  statSync: (path: string): { readonly size: number } => fs.statSync(path),
  mkdirSync: (path: string): void => void fs.mkdirSync(path),
  readdirSync: (path: string): string[] => fs.readdirSync(path) as string[],
  writeFileSync: (path: string, content: Uint8Array): void => fs.writeFileSync(path, content),
  readFile(path: string): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(fs.readFileSync(path) as Uint8Array); // It may be part of a pool.
    return transfer(bytes, [bytes.buffer]);
  },
  read(file: number, byteLength: number, offset: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(byteLength);
    const count = fs.readSync(file, bytes, 0, byteLength, offset);
    return transfer(bytes.subarray(0, count), [bytes.buffer]);
  },
  write: (file: number, bytes: Uint8Array, offset: number): number => {
    return fs.writeSync(file, bytes, 0, bytes.byteLength, offset);
  },
};

/** What is exposed. */
export type Served = typeof served;

expose(served);
(globalThis as unknown as MessagePort).postMessage("ready");
