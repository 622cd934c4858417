/**
 * Where requests and answers lie in their buffer, so that no byte of a file is copied.
 *
 * ```
 * 0        4016          4056            4080         4096
 * |  unused | fuse_in_header | arguments ................ data of a WRITE ...   as read(2) put it
 * |                                     | fuse_out_header | answer, data of a READ ...  to write(2)
 * ```
 * Both kinds of data begin on a page, from where disks take them and to where disks bring them.
 * An answer overwrites the arguments; of the header {@linkcode FuseRequest} keeps a copy.
 *
 * @module
 */

import { IN_HEADER, OUT_HEADER, WRITE_IN } from "./structs.ts";

/** Where the data of a READ or WRITE begins in its buffer. */
export const DATA_OFFSET = 4096;

/** Where read(2) puts a request in its buffer. */
export const REQUEST_OFFSET: number = DATA_OFFSET - WRITE_IN.byteLength - IN_HEADER.byteLength;

/** From where on write(2) sends an answer. */
export const REPLY_OFFSET: number = DATA_OFFSET - OUT_HEADER.byteLength;

/** Bytes of a request's header: its arguments begin there. */
export const ARGS: number = IN_HEADER.byteLength;

/** Most bytes of a file that one READ or WRITE moves, where `max_write` says so. */
export const DATA_BYTES_MAX = 1 << 20;

/** Bytes of a buffer that holds every request and every answer. */
export const BUFFER_BYTES: number = DATA_OFFSET + DATA_BYTES_MAX;

/** Fewest bytes of a buffer: Linux refuses to read into less than 8 KiB. */
export const BUFFER_BYTES_MIN: number = REQUEST_OFFSET + 8192;

/** The root's number at Linux. */
export const ROOT_NODE = 1;

/** The root's number in ext2, ext3 and ext4. */
export const ROOT_INODE = 2;
