/**
 * Where a fault plan may end a server that has an integrity layer: around every step with effect.
 *
 * @module
 */

/** Every point, in the order in which writing, cleaning, settling and opening pass them. */
export const INTEGRITY_DEATH_POINTS = [
  "label.written",
  "label.flushed",
  "intent.marked",
  "write.started",
  "write.leg-written",
  "write.concluded",
  "zero.leg-zeroed",
  "out.witnessed",
  "out.labelled",
  "tags.block-written",
  "clean.flushed",
  "clean.tags-written",
  "clean.tags-flushed",
  "clean.labelled",
  "settle.read",
  "settle.copied",
  "settle.settled",
  "heal.read",
  "heal.written",
  "scrub.read",
  "join.labelled",
  "format.cleared",
  "format.labelled",
  "open.read",
  "open.labelled",
] as const;

/** The name of a death point. */
export type IntegrityDeathPoint = typeof INTEGRITY_DEATH_POINTS[number];
