/**
 * Memory layouts, declared once: whatever two domains, or TypeScript and the wasm core, both look
 * at. Fields are little-endian, naturally aligned, in address order, with no implicit padding; a
 * misplaced field or a wrong total throws when the module loads.
 *
 * @module
 */

/** One field of a layout. */
export interface LayoutField {
  /** Bytes that the field takes. */
  readonly byteLength: number;
  /** The field's offset is a multiple of this. */
  readonly alignment: number;
}

/** Where every field of a layout lies. */
export interface Layout<F extends Readonly<Record<string, LayoutField>>> {
  /** The layout's name. */
  readonly name: string;
  /** Bytes of the whole. */
  readonly byteLength: number;
  /** Byte offset of each field. */
  readonly at: { readonly [K in keyof F]: number };
}

/** An unsigned 32-bit word. */
export const u32: LayoutField = { byteLength: 4, alignment: 4 };
/** A signed 32-bit word. */
export const i32: LayoutField = { byteLength: 4, alignment: 4 };
/** An unsigned 64-bit word. */
export const u64: LayoutField = { byteLength: 8, alignment: 8 };

/** A run of bytes, or of words whose number is a multiple of four bytes. */
export function bytes(byteLength: number): LayoutField {
  return { byteLength, alignment: byteLength % 4 === 0 ? 4 : 1 };
}

/**
 * Declares a layout.
 *
 * @throws {RangeError} If a field is not aligned or the fields do not fill `byteLength` exactly.
 *
 * @example
 * ```ts
 * import { bytes, defineLayout, u32 } from "@hako/ipc/layout";
 *
 * const BELL = defineLayout("bell", { byteLength: 16 }, { count: u32, reserved: bytes(12) });
 * if (BELL.at.reserved !== 4) throw new Error("misplaced");
 * ```
 */
export function defineLayout<const F extends Readonly<Record<string, LayoutField>>>(
  name: string,
  size: { readonly byteLength: number },
  fields: F,
): Layout<F> {
  const at: Record<string, number> = {};
  let offset = 0;
  for (const [field, { byteLength, alignment }] of Object.entries(fields)) {
    if (offset % alignment !== 0) {
      throw new RangeError(`Cannot lay out ${name}.${field}: offset ${offset} is not aligned`);
    }
    at[field] = offset;
    offset += byteLength;
  }
  if (offset !== size.byteLength) {
    throw new RangeError(
      `Cannot lay out ${name}: fields fill ${offset} bytes, not ${size.byteLength}`,
    );
  }
  return { name, byteLength: offset, at: at as { readonly [K in keyof F]: number } };
}
