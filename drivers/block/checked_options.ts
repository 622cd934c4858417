/**
 * A driver's options, or the end of the boot with the reason: no restart would mend a manifest.
 *
 * @module
 */

import type { Domain } from "@hako/kernel/domain";

/** Reads a domain's options; what is wrong with them is a `TypeError` of the reader. */
export function checkedOptions<T>(
  domain: Domain,
  read: (options: Readonly<Record<string, unknown>>) => T,
): T {
  try {
    return read(domain.options);
  } catch (error) {
    if (error instanceof TypeError) domain.fail("EINVAL", error.message);
    throw error;
  }
}
