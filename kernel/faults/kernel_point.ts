/**
 * The kernel's own points, for faults whose domain is `kernel`.
 *
 * @module
 */

/**
 * The points that a kernel passes: when it looks at its domains; when it has got a message of the
 * machine, or of a domain; before it commits its tables; after that, before the effects; after each
 * single effect.
 */
export const KERNEL_POINTS = [
  "kernel.tick",
  "kernel.receive",
  "kernel.hear",
  "kernel.commit",
  "kernel.committed",
  "kernel.effect",
] as const;

/** The name of one of the kernel's points. */
export type KernelPoint = typeof KERNEL_POINTS[number];
