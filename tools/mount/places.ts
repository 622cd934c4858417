/**
 * The image and the directory of a mount, checked before anything is started.
 *
 * @module
 */

import { SUPERBLOCKS } from "../../storage-server/layouts/superblock.ts";
import { inspectJournal } from "../journal/inspect.ts";
import { ImageFile } from "../journal/image_file.ts";
import { UsageError } from "../command_line/command.ts";
import { beginsWithExt, existingImage } from "../systems/existing_image.ts";
import type { ImageOptions } from "../systems/files_on_image.ts";
import { HAKO_TYPE, isBelow, mountAt, type MountEntry } from "./mount_table.ts";

/** What a mount stands on, and where; paths without symbolic links. */
export interface Places {
  /** How to open the image. */
  readonly image: ImageOptions;
  /** The directory. */
  readonly directory: string;
}

/** What is checked. */
export interface PlacesToCheck {
  /** The image, an absolute path. */
  readonly image: string;
  /** The directory, an absolute path. */
  readonly directory: string;
  /** What is needed while the mount is there, besides the image: it must not lie in the mount. */
  readonly needed: readonly string[];
  /** What is mounted; `undefined` if nobody can tell. */
  readonly table: readonly MountEntry[] | undefined;
}

/**
 * Finds the image and the directory.
 *
 * @throws {UsageError} If one of them is of no use, and why.
 */
export function checkPlaces(places: PlacesToCheck): Places {
  const directory = checkedDirectory(places.directory, places.table ?? []);
  const image = checkedImage(places.image);
  if (isBelow(image.path, directory)) {
    throw new UsageError(
      `Cannot mount ${image.path} at ${directory}: the image lies there itself, and would be hidden`,
    );
  }
  const hidden = places.needed.find((path) => isBelow(path, directory) || path === directory);
  if (hidden !== undefined) {
    throw new UsageError(
      `Cannot mount at ${directory}: ${hidden} would be hidden, which the servers need`,
    );
  }
  return { image, directory };
}

function checkedDirectory(path: string, table: readonly MountEntry[]): string {
  let isDirectory: boolean;
  try {
    isDirectory = Deno.statSync(path).isDirectory;
  } catch (error) {
    throw new UsageError(`Cannot mount at ${path}: ${whyNoDirectory(path, error)}`);
  }
  if (!isDirectory) throw new UsageError(`Cannot mount at ${path}: it is no directory`);
  const directory = Deno.realPathSync(path);
  const mounted = mountAt(table, directory);
  if (mounted?.fstype === HAKO_TYPE) {
    throw new UsageError(
      `Cannot mount at ${path}: ${mounted.source} is mounted there; hako umount ${path} unmounts it`,
    );
  }
  return directory;
}

function whyNoDirectory(path: string, error: unknown): string {
  if (error instanceof Deno.errors.NotFound) {
    return `there is no such directory; mkdir ${path} makes it`;
  }
  if (error instanceof Deno.errors.NotConnected) {
    return `whoever served a mount there has died; hako umount ${path} clears it`;
  }
  return messageOf(error);
}

function checkedImage(path: string): ImageOptions {
  const image = foundImage(path);
  if (image === undefined) {
    throw new UsageError(`Cannot mount ${path}: it is empty; hako mkfs makes a file system`);
  }
  if (!beginsWithExt(path) && !hasJournal(path)) {
    throw new UsageError(
      `Cannot mount ${path}: there is no ext2, ext3 or ext4 in it; hako mkfs makes one`,
    );
  }
  // A successor of the driver opens it again: by then a symbolic link may lead elsewhere.
  return { ...image, path: Deno.realPathSync(path) };
}

function foundImage(path: string): ImageOptions | undefined {
  try {
    if (!Deno.statSync(path).isFile) throw new Error("it is no file");
    return existingImage(path);
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound
      ? "there is no such file; hako mkfs makes one"
      : messageOf(error);
    throw new UsageError(`Cannot mount ${path}: ${why}`);
  }
}

/** Whether there is a journal of Hako, in which a file system may be that is not yet in its place. */
function hasJournal(path: string): boolean {
  using file = new ImageFile(path);
  if (file.blockCount < SUPERBLOCKS) return false;
  try {
    inspectJournal(file, { path, verify: false });
    return true;
  } catch (error) {
    if (error instanceof UsageError) return false;
    throw error;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
