/**
 * The storage server's options, checked.
 *
 * @module
 */

/** What a manifest may say to the storage server. */
export interface StorageOptions {
  /** The endpoint of the block driver. */
  readonly device: string;
  /** Whether a device whose tail is blank is made a volume. */
  readonly format: "if-blank" | "never";
  /** Blocks of the journal when the device is made a volume; a 32nd of the device by default. */
  readonly journalBlocks: number | undefined;
}

/**
 * Reads the options of a manifest.
 *
 * @throws {TypeError} If one is of no use; a manifest is written by a person, who is told.
 */
export function readOptions(options: Readonly<Record<string, unknown>>): StorageOptions {
  const { device = "disk", format = "never", journalBlocks } = options;
  if (typeof device !== "string") {
    throw new TypeError(`Cannot start the storage server: device is ${String(device)}, no name`);
  }
  if (format !== "if-blank" && format !== "never") {
    throw new TypeError(
      `Cannot start the storage server: format is ${String(format)}, not "if-blank" or "never"`,
    );
  }
  if (journalBlocks !== undefined && !(Number.isInteger(journalBlocks))) {
    throw new TypeError(
      `Cannot start the storage server: journalBlocks is ${String(journalBlocks)}, no integer`,
    );
  }
  return { device, format, journalBlocks: journalBlocks as number | undefined };
}
