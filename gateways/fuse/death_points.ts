/**
 * The named points at which a fault plan may end an incarnation: around every step of a mount, of a
 * request and of taking over.
 *
 * @module
 */

/** Every point, in the order of events. */
export const DEATH_POINTS = [
  "fuse.mount.before",
  "fuse.mount.after",
  "fuse.mount.kept",
  "fuse.takeover.recorded",
  "fuse.takeover.taken",
  "fuse.takeover.resent",
  "fuse.request.read",
  "fuse.request.recorded",
  "fuse.request.called",
  "fuse.request.posted",
  "fuse.request.collected",
  "fuse.request.answered",
  "fuse.rmdir.held",
  "fuse.lock.waiting",
] as const;

/** The name of one. */
export type DeathPoint = typeof DEATH_POINTS[number];
