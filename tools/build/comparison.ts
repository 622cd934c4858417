/**
 * Compares what is generated with what is committed.
 *
 * @module
 */

/** A generated file that differs from the committed one. */
export interface Difference {
  /** The file's path below the root of the source. */
  readonly path: string;
  /** What is wrong with it. */
  readonly what: string;
}

/**
 * The differences between generated files and those that exist.
 *
 * @param generated The bytes that each file ought to have, by path.
 * @param read The bytes that a file has; `undefined` if there is none.
 */
export function differences(
  generated: ReadonlyMap<string, Uint8Array>,
  read: (path: string) => Uint8Array | undefined,
): readonly Difference[] {
  const found: Difference[] = [];
  for (const [path, wanted] of generated) {
    const what = difference(wanted, read(path));
    if (what) found.push({ path, what });
  }
  return found;
}

function difference(wanted: Uint8Array, actual: Uint8Array | undefined): string | undefined {
  if (!actual) return "does not exist";
  const first = wanted.findIndex((byte, offset) => byte !== actual[offset]);
  if (first >= 0) return `differs from byte ${first} on`;
  if (wanted.byteLength === actual.byteLength) return undefined;
  return `has ${actual.byteLength} bytes instead of ${wanted.byteLength}`;
}
