/**
 * Files on a volume: the protocol of the file server and the client library.
 *
 * @module
 */

export { AsyncFileSystemClient } from "./client/async_client.ts";
export { AsyncFsFile } from "./client/async_file.ts";
export { type CachedFile, mayAsk } from "./client/cached_file.ts";
export type { FollowOptions, OpenOptions } from "./client/calls.ts";
export {
  CLIENT_WINDOW_BYTES_MIN,
  FileSystemClient,
  type FileSystemUsage,
  type FileUser,
} from "./client/client.ts";
export type { Connection } from "./client/connection.ts";
export { FileMapping, FsFile, type SeekWhence } from "./client/file.ts";
export type { FileRange, RangeLock, StandingLock } from "./client/file_calls.ts";
export { type Attempt, FileError } from "./client/file_error.ts";
export type { DirEntry, FileInfo, Moment } from "./client/info.ts";
export { NOT_CACHED, PageCache } from "./client/page_cache.ts";
export type { PageIndex } from "./client/page_index.ts";
export type { Path, Places } from "./client/places.ts";
export { FileWatcher, type WatchEvent } from "./client/watch_events.ts";
export type { MakeTempOptions, MkdirOptions } from "./client/trees.ts";
export { LISTED_ENTRY, listedEntryBytes } from "./ext4/layouts/dir_entry.ts";
export { ATTRIBUTE, ATTRIBUTES_BYTES } from "./layouts/attributes.ts";
export {
  CHANGE_RECORD,
  CHANGE_RECORD_BYTES_MAX,
  changeRecordBytes,
} from "./layouts/change_record.ts";
export { listedPlusBytes } from "./layouts/listed_plus.ts";
export { putReference, REFERENCE_BYTES } from "./layouts/reference.ts";
export { SESSION_BYTES_MAX, SESSION_BYTES_MIN } from "./layouts/session.ts";
export {
  ACCESS,
  ALLOCATE,
  CHANGE,
  FileSystem,
  LEASE,
  LOCK,
  OPEN,
  type operations,
  RENAME,
  TIMES,
  WAIT_REQUESTS_MAX,
  WATCH_EVENT,
  XATTR,
} from "./protocol.ts";
