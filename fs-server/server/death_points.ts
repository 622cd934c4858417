/**
 * The named points at which a fault plan may end an incarnation: around every disk step.
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
  "fs.setAttributes.before-transaction",
  "fs.setAttributes.after-transaction",
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
