/**
 * Capabilities: who may do what with which object. See README.md.
 *
 * @module
 */

export type { CapabilityChannel, KernelActions } from "./actions.ts";
export { ANSWERED_FIELDS, AnsweredCalls, type AnsweredRow, type CallName } from "./answered.ts";
export {
  type CapabilityView,
  type KernelAnswer,
  type KernelCall,
  type Peer,
  readCall,
} from "./calls.ts";
export { CapabilityCalls, viewOf } from "./execution.ts";
export type { Handle } from "./handle.ts";
export { CAPABILITIES_MAX, OWNERS_MAX } from "./limits.ts";
export { Refusal, refuse } from "./refusal.ts";
export {
  ALL_RIGHTS,
  type CapabilityKind,
  RIGHT,
  type Right,
  rightNames,
  rightsOf,
} from "./rights.ts";
export { CAPABILITY_FIELDS, type CapabilityRow, type Rows } from "./rows.ts";
export { type CapabilityEntry, CapabilityTable, type RootCapability } from "./table.ts";
