/**
 * Files on a volume: the protocol of the file server and the client library.
 *
 * @module
 */

export {
  CLIENT_WINDOW_BYTES_MIN,
  type DirEntry,
  type FileInfo,
  FileSystemClient,
  type FileSystemUsage,
  FsFile,
  type OpenOptions,
} from "./client/client.ts";
export type { OpenedFile, SeekWhence, Transfer } from "./client/file.ts";
export { ATTRIBUTES, FileSystem, OPEN, type operations } from "./protocol.ts";
