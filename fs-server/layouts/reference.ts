/**
 * A reference: names an inode without a path, as file handles of `open_by_handle_at` do.
 *
 * ```
 * 0 u8 | inode u32 | generation u32      little-endian; then nothing, or `/` and a path
 * ```
 * A path may begin with one. With nothing behind it, it names the inode itself, a symbolic link too,
 * whatever says to follow it; also a file without a name, as long as somebody has it open. Else the
 * inode is the directory at which the path starts. Only for clients whose own user is root (`EPERM`):
 * what protects the directories above is gone round. An inode that is free, reserved or of another
 * generation is `ESTALE`. The root is inode 2, of any generation.
 *
 * @module
 */

/** Bytes of a reference. */
export const REFERENCE_BYTES = 9;

/** Byte offsets in a reference. */
export const REFERENCE = { mark: 0, inode: 1, generation: 5 } as const;

/** What the first byte of a reference holds, and of no other path. */
export const REFERENCE_MARK = 0;

/** Writes a reference. Hot path. */
export function putReference(
  target: Uint8Array,
  offset: number,
  inode: number,
  generation: number,
): void {
  target[offset] = REFERENCE_MARK;
  putWord(target, offset + REFERENCE.inode, inode);
  putWord(target, offset + REFERENCE.generation, generation);
}

function putWord(target: Uint8Array, at: number, value: number): void {
  target[at] = value & 0xff;
  target[at + 1] = (value >>> 8) & 0xff;
  target[at + 2] = (value >>> 16) & 0xff;
  target[at + 3] = value >>> 24;
}
