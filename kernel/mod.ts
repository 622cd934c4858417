/**
 * Boots systems of domains and keeps them alive: manifest, capabilities to endpoints, supervision.
 *
 * @module
 */

export { type DrawnFault, faultPlan, type FaultPlanOptions } from "./faults/fault_plan.ts";
export {
  FAULT_KINDS,
  type FaultKind,
  type PointFault,
  RUNTIME_POINTS,
  type RuntimePoint,
} from "./faults/point_fault.ts";
export { KERNEL_POINTS, type KernelPoint } from "./faults/kernel_point.ts";
export { boot, type BootOptions, type System } from "./machine/system.ts";
export {
  type AtLimit,
  defineSystem,
  type DomainKind,
  type DomainManifest,
  type HostPermissions,
  type RestartPolicy,
  type SystemManifest,
} from "./manifest.ts";
export type { SystemEvent } from "./messages.ts";
export type { DomainState, DomainStatus, SystemStatus } from "./system_status.ts";
export type { CallEvent, NoteEvent, TimedEvent, TraceEvent } from "./trace/events.ts";
export {
  type ChromeArguments,
  type ChromeEvent,
  type ChromeTrace,
  chromeTrace,
  type NameEvent,
} from "./trace/chrome_trace.ts";
export { jsonLine, textLine } from "./trace/log_lines.ts";
export type { ObservedCalls } from "./trace/observed_calls.ts";
export {
  domainPermissions,
  permissionArguments,
  permissionLine,
  processPermissions,
} from "./permissions.ts";
