/**
 * The limits of traces, each with where it comes from.
 *
 * @module
 */

/** Calls that are remembered for each domain: 48 KiB, and 10 ms of a server at its fastest. A power of two. */
export const TRACE_CALLS_KEPT = 1_024;

/** Notes that are remembered for each domain: about fifteen lives. A power of two. */
export const TRACE_NOTES_KEPT = 64;

/** Operations of a domain that have a name in its trace; most protocols have ten. */
export const TRACE_NAMES_MAX = 128;

/** Bytes of such a name: what is left of 48. */
export const TRACE_NAME_BYTES_MAX = 40;

/** Buckets of a histogram: four for each doubling from 128 ns to 9 minutes. */
export const TRACE_BUCKETS = 128;

/** System events that are remembered: a soak of a thousand deaths fits. */
export const EVENTS_KEPT = 4_096;

/** Characters of one value in a log line: an app may report anything, and a line is read by people. */
export const LOG_VALUE_CHARACTERS_MAX = 1_000;
