/**
 * The limits of what a manifest may say, beside those of the kernel itself.
 *
 * @module
 */

/** Segments are whole blocks: files and disks read and write those in place. */
export const SEGMENT_BYTES_STEP = 4096;

/** The longest time: what a timer of JavaScript can wait, 24 days. */
export const MANIFEST_MS_MAX = 2 ** 31 - 1;

/** The largest limit of a restart policy; who wants no limit says this. */
export const RESTART_LIMIT_MAX = 1_000_000;

/** The most tries of a poisonous request: each costs a life, and lives are counted up to here. */
export const POISON_TRIES_MAX = 1_000;

/**
 * The smallest heap. Measured: with 4 MiB and less V8 ends the whole process while the worker loads,
 * which is what the limit is there to prevent; with 5 and 6 the worker dies of loading Hako's runtime;
 * with 7 it starts. Nine more are room for a server to do anything at all.
 */
export const MEMORY_LIMIT_MB_MIN = 16;

/** The largest heap, 1 TiB: V8 takes it, and it is more than a machine has. */
export const MEMORY_LIMIT_MB_MAX = 1024 * 1024;

/** How deep options may nest: whoever posts or prints them walks down by recursion. */
export const OPTIONS_DEPTH_MAX = 64;
