/**
 * The NBD gateway, as systems name it.
 *
 * @module
 */

export type { ListenAddress, NbdOptions } from "./options.ts";
