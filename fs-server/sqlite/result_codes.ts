/**
 * Codes and flags of SQLite's file-system interface (`sqlite3.h`).
 *
 * @module
 */

/** What the functions of a file system answer. */
export const RESULT = {
  ok: 0,
  busy: 5,
  full: 13,
  notFound: 12,
  cantOpen: 14,
  okSymlink: 0 | 2 << 8,
  ioRead: 10 | 1 << 8,
  ioShortRead: 10 | 2 << 8,
  ioWrite: 10 | 3 << 8,
  ioFsync: 10 | 4 << 8,
  ioDirFsync: 10 | 5 << 8,
  ioTruncate: 10 | 6 << 8,
  ioFstat: 10 | 7 << 8,
  ioUnlock: 10 | 8 << 8,
  ioDelete: 10 | 10 << 8,
  ioAccess: 10 | 13 << 8,
  ioCheckReservedLock: 10 | 14 << 8,
  ioLock: 10 | 15 << 8,
  ioClose: 10 | 16 << 8,
  ioDeleteNoEntry: 10 | 23 << 8,
} as const;

/** Flags of `xOpen`. */
export const OPENED = {
  readOnly: 0x1,
  readWrite: 0x2,
  create: 0x4,
  deleteOnClose: 0x8,
  exclusive: 0x10,
  mainJournal: 0x800,
  superJournal: 0x4000,
  wal: 0x80000,
  noFollow: 0x1000000,
} as const;

/** What `xAccess` is asked. */
export const ASKED = { exists: 0, readWrite: 1, read: 2 } as const;

/** Flags of `xSync`. */
export const SYNC = { dataOnly: 0x10 } as const;

/** What is promised of the medium: bytes beside those written are safe in a power cut. */
export const POWERSAFE_OVERWRITE = 0x1000;
