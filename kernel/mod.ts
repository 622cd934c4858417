/**
 * Boots systems of domains and keeps them alive: manifest, capabilities to endpoints, supervision.
 *
 * @module
 */

export { boot, type BootOptions, type System } from "./machine/system.ts";
export {
  defineSystem,
  type DomainKind,
  type DomainManifest,
  type HostPermissions,
  type RestartPolicy,
  type SystemManifest,
} from "./manifest.ts";
export type { DomainStatus, PointFault, SystemEvent, SystemStatus } from "./messages.ts";
