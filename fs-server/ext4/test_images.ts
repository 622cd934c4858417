/**
 * For tests: images as files, and the tools of e2fsprogs and of the host that make and judge them.
 *
 * @module
 */

import { DISK_BLOCK_BYTES } from "../disk/disk.ts";
import { MemoryDisk } from "../disk/memory_disk.ts";

const decoder = new TextDecoder();
/** Where images and trees of the host are made: in memory, where there is such a place. */
export const IMAGES: Deno.MakeTempOptions = hasDirectory("/dev/shm") ? { dir: "/dev/shm" } : {};
/** So that types mean the same wherever tests run. */
const MKE2FS_CONFIG = new URL("test_mke2fs.conf", import.meta.url).pathname;
const PATHS = ["/usr/sbin", "/sbin", "/usr/bin", "/bin"];

function hasDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

/** Each takes some milliseconds. */
const UNMOUNT_TRIES = 100;

/** What a tool said. */
export interface Verdict {
  readonly code: number;
  readonly output: string;
}

/** Whether a tool is here. */
export function hasTool(name: string): boolean {
  return PATHS.some((path) => {
    try {
      return Deno.statSync(`${path}/${name}`).isFile;
    } catch {
      return false;
    }
  });
}

/** Runs a tool. */
export function runTool(name: string, args: readonly string[]): Verdict {
  const { code, stdout, stderr } = new Deno.Command(name, {
    args: [...args],
    stdout: "piped",
    stderr: "piped",
    clearEnv: true,
    env: { PATH: PATHS.join(":"), MKE2FS_CONFIG, LC_ALL: "C" },
  }).outputSync();
  return { code, output: decoder.decode(stdout) + decoder.decode(stderr) };
}

/** Runs a tool that has to succeed; answers what it said. */
export function requireTool(name: string, ...args: string[]): string {
  const { code, output } = runTool(name, args);
  if (code !== 0) throw new Error(`${name} ${args.join(" ")} failed with ${code}:\n${output}`);
  return output;
}

/** Writes a disk as a sparse file. */
export function writeImage(disk: MemoryDisk, path: string): void {
  using file = Deno.openSync(path, { write: true, create: true, truncate: true });
  file.truncateSync(disk.byteLength);
  const chunk = new Uint8Array(256 * DISK_BLOCK_BYTES);
  let first = 0;
  let count = 0;
  const write = () => {
    if (count === 0) return;
    file.seekSync(first * DISK_BLOCK_BYTES, Deno.SeekMode.Start);
    file.writeSync(chunk.subarray(0, count * DISK_BLOCK_BYTES));
    count = 0;
  };
  for (const block of [...disk.blocks().keys()].sort((a, b) => a - b)) {
    const bytes = disk.blocks().get(block)!;
    if (isZero(bytes)) continue;
    if (block !== first + count || count === 256) {
      write();
      first = block;
    }
    chunk.set(bytes, count++ * DISK_BLOCK_BYTES);
  }
  write();
}

/** Reads an image into a disk. */
export function readImage(path: string): MemoryDisk {
  using file = Deno.openSync(path, { read: true });
  const { size } = file.statSync();
  const blocks = new Map<number, Uint8Array>();
  const chunk = new Uint8Array(256 * DISK_BLOCK_BYTES);
  for (let block = 0; block * DISK_BLOCK_BYTES < size;) {
    const count = file.readSync(chunk) ?? 0;
    for (let at = 0; at < count; at += DISK_BLOCK_BYTES) {
      const bytes = chunk.subarray(at, at + DISK_BLOCK_BYTES);
      if (!isZero(bytes)) blocks.set(block, bytes.slice());
      block++;
    }
  }
  return new MemoryDisk(Math.floor(size / DISK_BLOCK_BYTES) * DISK_BLOCK_BYTES, blocks);
}

function isZero(bytes: Uint8Array): boolean {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2);
  for (let at = 0; at < words.length; at++) if (words[at] !== 0) return false;
  return true;
}

/** Calls `use` with the path of an image of the disk. */
export function withImage<T>(disk: MemoryDisk, use: (path: string) => T): T {
  const path = Deno.makeTempFileSync({ suffix: ".ext4", ...IMAGES });
  try {
    writeImage(disk, path);
    return use(path);
  } finally {
    Deno.removeSync(path);
  }
}

/** A disk of so many bytes that mke2fs made. */
export function madeByMke2fs(byteLength: number, ...args: string[]): MemoryDisk {
  return withImage(new MemoryDisk(byteLength), (path) => {
    requireTool("mke2fs", "-q", "-F", ...args, path);
    return readImage(path);
  });
}

/** A disk after a tool, which gets the image's path as its last argument, has worked on it. */
export function changedBy(disk: MemoryDisk, name: string, ...args: string[]): MemoryDisk {
  return withImage(disk, (path) => {
    const { code, output } = runTool(name, [...args, path]);
    // e2fsck says 1 when it has mended something.
    if (code > 1) throw new Error(`${name} ${args.join(" ")} failed with ${code}:\n${output}`);
    return readImage(path);
  });
}

/** What `e2fsck -fn` says of a disk; code 0 when clean. */
export function fsck(disk: MemoryDisk): Verdict {
  return withImage(disk, (path) => runTool("e2fsck", ["-fn", path]));
}

/** The blocks of {@linkcode DISK_BLOCK_BYTES} in which two disks differ. */
export function differingBlocks(one: MemoryDisk, other: MemoryDisk): number[] {
  const zeros = new Uint8Array(DISK_BLOCK_BYTES);
  const blocks = new Set([...one.blocks().keys(), ...other.blocks().keys()]);
  return [...blocks].sort((a, b) => a - b).filter((block) => {
    const left = one.blocks().get(block) ?? zeros;
    const right = other.blocks().get(block) ?? zeros;
    return left.some((byte, index) => byte !== right[index]);
  });
}

/** Zeroed shared memory. */
export function sharedBytes(byteLength: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(byteLength));
}

/** Whether this host lets us mount an image through a loop device. */
export function canLoopMount(): boolean {
  if (Deno.build.os !== "linux" || Deno.uid() !== 0) return false;
  if (!hasTool("mount") || !hasTool("mke2fs")) return false;
  const disk = madeByMke2fs(1024 * 1024, "-t", "ext2");
  return withImage(disk, (path) => withMount(path, "ro", () => true)) ?? false;
}

/** Between its fork and its exec, a child of another thread holds what we have open there. */
function unmount(place: string): void {
  for (let tries = 1; runTool("umount", [place]).code !== 0; tries++) {
    if (tries === UNMOUNT_TRIES) throw new Error(`${place} stays busy`);
  }
}

/** Calls `use` with the place where an image is mounted; `undefined` if it cannot be mounted. */
export function withMount<T>(
  image: string,
  options: string,
  use: (path: string) => T,
): T | undefined {
  const place = Deno.makeTempDirSync(IMAGES);
  try {
    if (runTool("mount", ["-o", `loop,${options}`, image, place]).code !== 0) return undefined;
    try {
      return use(place);
    } finally {
      unmount(place);
    }
  } finally {
    Deno.removeSync(place);
  }
}
