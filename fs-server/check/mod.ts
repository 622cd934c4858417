/**
 * A check of a file system that nobody has mounted.
 *
 * @module
 */

export { checkFileSystem, type CheckOptions, type CheckReport } from "./check.ts";
export type { Finding } from "./finding.ts";
export type { BlockImage, ByteRange, CommittedTag, Disk, RequestTag } from "../disk/disk.ts";
