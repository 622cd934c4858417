/**
 * The runtime inside every domain: {@linkcode enter} gives a worker its world.
 *
 * @module
 */

export type { Domain, WindowName } from "./domain.ts";
export { enter } from "./enter.ts";
export {
  Capability,
  type Derivation,
  type Ended,
  grantAll,
  type Granted,
  operationCodes,
  type PeerName,
} from "./capability.ts";
export type { CapabilityKind, Handle, Right } from "../capabilities/mod.ts";
