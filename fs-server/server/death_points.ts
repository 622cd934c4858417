/**
 * The named points at which a fault plan may end an incarnation: around every step of disk and log.
 *
 * @module
 */

/** Every point, in the order of the operations. */
export const DEATH_POINTS = [
  "fs.mount.before-transaction",
  "fs.mount.after-transaction",
  "fs.open.before-transaction",
  "fs.open.after-transaction",
  "fs.open.after-entry",
  "fs.close.before-transaction",
  "fs.close.after-transaction",
  "fs.close.before-free",
  "fs.close.after-free",
  "fs.write.before-data",
  "fs.write.after-data",
  "fs.write.before-transaction",
  "fs.write.after-transaction",
  "fs.truncate.before-transaction",
  "fs.truncate.after-transaction",
  "fs.chmod.before-transaction",
  "fs.chmod.after-transaction",
  "fs.chown.before-transaction",
  "fs.chown.after-transaction",
  "fs.utimens.before-transaction",
  "fs.utimens.after-transaction",
  "fs.xattr.before-transaction",
  "fs.xattr.after-transaction",
  "fs.access.before-transaction",
  "fs.access.after-transaction",
  "fs.allocate.before-transaction",
  "fs.allocate.after-transaction",
  "fs.mknod.before-transaction",
  "fs.mknod.after-transaction",
  "fs.mkdir.before-transaction",
  "fs.mkdir.after-transaction",
  "fs.rmdir.before-transaction",
  "fs.rmdir.after-transaction",
  "fs.unlink.before-transaction",
  "fs.unlink.after-transaction",
  "fs.rename.before-transaction",
  "fs.rename.after-transaction",
  "fs.link.before-transaction",
  "fs.link.after-transaction",
  "fs.symlink.before-transaction",
  "fs.symlink.after-transaction",
  "fs.orphan.before-transaction",
  "fs.orphan.after-transaction",
  "fs.log.written",
  "fs.log.committed",
  "fs.checkpoint.sealed",
  "fs.checkpoint.transacted",
  "fs.checkpoint.emptied",
  "fs.halt.before-transaction",
  "fs.halt.after-transaction",
  "fs.fsync.before-flush",
  "fs.fsync.after-flush",
] as const;

/** The name of one point. */
export type DeathPoint = typeof DEATH_POINTS[number];

/** Steps that end in a transaction, and so have a point before it and one after it. */
export type TransactionStep = DeathPoint extends infer P
  ? P extends `fs.${infer S}.after-transaction` ? S : never
  : never;
