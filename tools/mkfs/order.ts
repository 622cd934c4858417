/**
 * What a command line of `hako mkfs` asks for.
 *
 * @module
 */

import { resolve } from "node:path";
import type { FileSystemType, FormatOptions } from "../../fs-server/ext4/mkfs/plan.ts";
import { type Invocation, UsageError } from "../command_line/command.ts";
import { noSuch } from "../command_line/nearest.ts";
import { readByteSize } from "../serve_nbd/byte_size.ts";
import type { mkfsFlags } from "./command.ts";

const TYPES: readonly FileSystemType[] = ["ext2", "ext3", "ext4"];
const RESERVED_PERCENT_DEFAULT = 5;
/** A disk has whole blocks of this size. */
const DISK_BLOCK_BYTES = 4096;

/** A file system to be made. */
export interface MkfsOrder {
  /** The image, an absolute path. */
  readonly path: string;
  /** How large the image shall be; as it is if left out. */
  readonly byteLength?: number;
  /** Whether what it holds may be lost. */
  readonly force: boolean;
  readonly quiet: boolean;
  readonly options: FormatOptions;
}

/**
 * Reads a command line.
 *
 * @param directory The user's.
 * @throws {UsageError} If it asks for what there is not.
 */
export function readMkfsOrder(
  { arguments: [image], flags }: Invocation<typeof mkfsFlags>,
  directory: string,
): MkfsOrder {
  const type = flags.type ?? "ext4";
  if (!isType(type)) {
    throw new UsageError(`Cannot run mkfs with --type ${type}: ${noSuch("type", type, TYPES)}`);
  }
  const byteLength = flags.size === undefined ? undefined : readSize(flags.size);
  const hasJournal = !flags["no-journal"];
  return {
    path: resolve(directory, image!),
    ...(byteLength === undefined ? {} : { byteLength }),
    force: flags.force,
    quiet: flags.quiet,
    options: {
      type,
      ...given("blockBytes", flags["block-size"]),
      ...given("inodeBytes", flags["inode-size"]),
      ...given("inodeRatioBytes", flags["inode-ratio"]),
      ...given("label", flags.label),
      ...(hasJournal ? {} : { journalBlocks: 0 }),
      reservedPercent: flags.reserved ?? RESERVED_PERCENT_DEFAULT,
      canGrow: flags.growth,
      uuid: flags.uuid === undefined ? randomUuid() : readUuid(flags.uuid),
      hashSeed: crypto.getRandomValues(new Uint8Array(16)),
      nowMs: Date.now(),
    },
  };
}

function given<K extends string, V>(key: K, value: V | undefined): { [name in K]?: V } {
  return value === undefined ? {} : { [key]: value } as { [name in K]: V };
}

function isType(text: string): text is FileSystemType {
  return (TYPES as readonly string[]).includes(text);
}

function readSize(text: string): number {
  const byteLength = readByteSize(text);
  if (byteLength === undefined || byteLength < DISK_BLOCK_BYTES) {
    throw new UsageError(
      `Cannot run mkfs with --size ${text}: SIZE is a number and K, M, G or T, such as 512M`,
    );
  }
  return byteLength - byteLength % DISK_BLOCK_BYTES;
}

function randomUuid(): Uint8Array {
  return readUuid(crypto.randomUUID());
}

function readUuid(text: string): Uint8Array {
  const digits = text.replaceAll("-", "");
  if (!/^[0-9a-f]{32}$/i.test(digits)) {
    throw new UsageError(`Cannot run mkfs with --uuid ${text}: a UUID has 32 hexadecimal digits`);
  }
  return Uint8Array.from({ length: 16 }, (_, at) => parseInt(digits.slice(at * 2, at * 2 + 2), 16));
}
