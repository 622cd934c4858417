/**
 * Where a fault plan may end the storage server: around every step that another step relies on.
 *
 * @module
 */

/** Every point, in the order in which a transaction, a group commit and a recovery pass them. */
export const DEATH_POINTS = [
  "transact.checked",
  "transact.image-copied",
  "transact.staged",
  "transact.published",
  "transact.settled",
  "write.started",
  "write.absorbed",
  "write.written",
  "commit.started",
  "commit.room-made",
  "commit.images-written",
  "commit.images-flushed",
  "commit.header-written",
  "commit.superblock-written",
  "commit.header-flushed",
  "commit.published",
  "apply.run-written",
  "apply.written",
  "apply.tail-restarted",
  "checkpoint.flushed",
  "checkpoint.superblock-written",
  "checkpoint.superblock-flushed",
  "checkpoint.published",
  "format.ring-cleared",
  "format.superblock-written",
  "recover.verified",
  "recover.run-written",
  "recover.replayed",
  "recover.superblock-written",
  "recover.flushed",
  "recover.opened",
  "take-over.read",
  "take-over.flushed",
  "take-over.finished",
  "halt.superblock-written",
] as const;

/** The name of a death point. */
export type DeathPoint = typeof DEATH_POINTS[number];
