/**
 * What the gateway wants of a volume: requests whose ends are heard by calls.
 *
 * @module
 */

/** Who asked for something, and hears how it ended. */
export interface Asker {
  /** Hears a count, or `-errno`. */
  ended(result: number): void;
}

/** What a range begins with. */
export interface VolumeExtent {
  /** How many bytes. */
  readonly byteLength: number;
  /** 1 if all of them are zero. */
  readonly isZero: number;
}

/** A volume as the gateway uses it: the operations of the protocol, each with who asks. */
export interface VolumePort {
  /** Reads into `target`, which lies in a window. */
  read(asker: Asker, offset: number, target: Uint8Array): void;
  /** Writes `source`, which lies in a window. */
  write(asker: Asker, offset: number, source: Uint8Array, flags: number): void;
  /** Makes what was answered before stable. */
  flush(asker: Asker): void;
  /** Makes a range read as zeroes. */
  zero(asker: Asker, offset: number, byteLength: number, flags: number): void;
  /** Gives up what a range holds. */
  trim(asker: Asker, offset: number, byteLength: number, flags: number): void;
  /** What a range begins with. @throws {OsError} What the volume answered. */
  extent(offset: number, byteLength: number): Promise<VolumeExtent>;
}
