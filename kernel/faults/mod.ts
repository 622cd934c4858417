/**
 * Faults at named points, by plan.
 *
 * @module
 */

export { checkFaults, type FaultyDomain } from "./fault_check.ts";
export { type DrawnFault, faultPlan, type FaultPlanOptions } from "./fault_plan.ts";
export { type FaultBody, FaultPoints, ORDERED } from "./fault_points.ts";
export {
  type ArmedFault,
  FAULT_KINDS,
  type FaultKind,
  type PointFault,
  RUNTIME_POINTS,
  type RuntimePoint,
} from "./point_fault.ts";
export type { Holdings } from "./scribbler.ts";
