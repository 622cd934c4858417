/**
 * Files for programs that are written for Node: an object with the shape of `node:fs`.
 *
 * @module
 */

export { type Listener } from "./events.ts";
export type { StreamClasses } from "./context.ts";
export {
  type CommonName,
  type NodeFs,
  nodeFs,
  type NodeFsOptions,
  type NodePromises,
  type NumberName,
} from "./node_fs.ts";
export type { NodeFunction } from "./forms.ts";
export { type constants } from "./constants.ts";
