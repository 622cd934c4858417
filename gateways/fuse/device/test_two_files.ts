/**
 * Two files over the wire format: one that is read, and one whose reader waits until it is told.
 *
 * @module
 */

import { ATTRIBUTE, ATTRIBUTES_BYTES } from "@hako/fs-server";
import { ERRNO, OsError } from "@hako/ipc";
import {
  ARGS,
  DATA_OFFSET,
  DirectoryPacker,
  FuseReply,
  FuseRequest,
  INIT,
  INIT2,
  negotiate,
  OPCODE,
  READ_IN,
  ROOT_INODE,
  validity,
} from "../wire/mod.ts";

/** What is in the file `hello`. */
export const HELLO = "hello from two files\n";

/** What is in the file `stuck`, for whoever waits long enough. */
export const STUCK = "at last\n";

const INODES = { hello: 11, stuck: 12 } as const;
const GENERATION = 7;
const LISTED = [".", "..", "hello", "stuck"];
const BUFFER = DATA_OFFSET + 64 * 1024;

/** The file system, for one worker. */
export class TwoFiles {
  /** Where requests are read to. */
  readonly request = new FuseRequest(new Uint8Array(new SharedArrayBuffer(BUFFER)));
  /** Where answers are. */
  readonly reply = new FuseReply(this.request);
  /** Whether Linux gives unanswered requests again when it is asked to. */
  canResend = false;
  /** Requests that were given again. */
  resent = 0;
  /** Reads of `stuck` that are not answered. */
  held = 0;
  readonly #isHolding: boolean;
  readonly #packer = new DirectoryPacker(this.request.buffer);
  readonly #text = new TextEncoder();
  readonly #valid = validity(0, 0); // Every stat reaches us.
  readonly #record = new DataView(new ArrayBuffer(ATTRIBUTES_BYTES));
  readonly #listing = new Uint8Array(1024);

  constructor(options: { isHolding: boolean }) {
    this.#isHolding = options.isHolding;
  }

  /** Answers the request that was read; 0 if it gets no answer, or not yet. */
  answer(byteLength: number): number {
    const { request, reply } = this;
    if (!request.take(byteLength)) return request.isAnswered ? reply.error(ERRNO.EPROTO) : 0;
    if (request.isResent) this.resent++;
    if (!request.isAnswered) return 0;
    try {
      return this.#perform();
    } catch (error) {
      if (error instanceof OsError) return reply.error(error.errno);
      throw error;
    }
  }

  #perform(): number {
    const { request, reply } = this;
    switch (request.opcode) {
      case OPCODE.INIT:
        return this.#begin();
      case OPCODE.LOOKUP: {
        const name = new TextDecoder().decode(request.name());
        if (name !== "hello" && name !== "stuck") return reply.error(ERRNO.ENOENT);
        return reply.entry(this.#attributes(INODES[name]), this.#valid);
      }
      case OPCODE.GETATTR:
        return reply.attr(this.#attributes(request.nodeInode), this.#valid);
      case OPCODE.STATX:
        return reply.statx(this.#attributes(request.nodeInode), this.#valid);
      case OPCODE.OPEN:
      case OPCODE.OPENDIR:
        return reply.open(request.nodeInode, 0);
      case OPCODE.READ:
        return this.#read();
      case OPCODE.READDIR:
      case OPCODE.READDIRPLUS:
        return this.#list(request.opcode === OPCODE.READDIRPLUS);
      case OPCODE.STATFS:
        return reply.statfs({
          blocks: 1000,
          bfree: 600,
          bavail: 500,
          files: 20,
          ffree: 10,
          bsize: 4096,
          frsize: 4096,
          namelen: 255,
        });
      case OPCODE.RELEASE:
      case OPCODE.RELEASEDIR:
      case OPCODE.FLUSH:
      case OPCODE.DESTROY:
        return reply.empty();
      default:
        return reply.error(ERRNO.ENOSYS);
    }
  }

  #begin(): number {
    const agreed = negotiate(this.request, {
      flags: INIT.ASYNC_READ | INIT.PARALLEL_DIROPS | INIT.ABORT_ERROR | INIT.DO_READDIRPLUS,
      flags2: INIT2.HAS_RESEND,
      maxWrite: 64 * 1024,
      maxReadahead: 64 * 1024,
    });
    this.canResend = (agreed.flags2 & INIT2.HAS_RESEND) !== 0;
    return this.reply.init(agreed);
  }

  #read(): number {
    const { request, reply } = this;
    const isStuck = request.nodeInode === INODES.stuck;
    if (isStuck && this.#isHolding) {
      this.held++;
      return 0;
    }
    const text = this.#text.encode(isStuck ? STUCK : HELLO);
    const offset = request.u64(ARGS + READ_IN.at.offset);
    const size = request.u32(ARGS + READ_IN.at.size);
    return reply.bytes(text.subarray(offset, offset + size));
  }

  #list(hasAttributes: boolean): number {
    const offset = this.request.u64(ARGS + READ_IN.at.offset);
    const listing = this.#listing;
    this.#packer.begin(listing, this.request.u32(ARGS + READ_IN.at.size));
    for (let index = offset; index < LISTED.length; index++) {
      const name = LISTED[index]!;
      const nameBytes = this.#text.encodeInto(name, listing.subarray(ATTRIBUTES_BYTES)).written;
      const isFile = name === "hello" || name === "stuck";
      const inode = isFile ? INODES[name] : ROOT_INODE;
      listing.set(new Uint8Array(this.#attributes(inode).buffer));
      const place = { nameAt: ATTRIBUTES_BYTES, nameBytes, attributesAt: 0 };
      const type = isFile ? 1 : 2;
      const isPacked = hasAttributes
        ? this.#packer.addPlus(inode, index + 1, type, place, this.#valid)
        : this.#packer.add(inode, index + 1, type, place.nameAt, nameBytes);
      if (!isPacked) break;
    }
    return this.reply.data(this.#packer.byteLength);
  }

  #attributes(inode: number): DataView {
    const isRoot = inode === ROOT_INODE;
    const size = inode === INODES.hello ? HELLO.length : inode === INODES.stuck ? STUCK.length : 0;
    const record = this.#record;
    record.setUint32(ATTRIBUTE.inode, inode, true);
    record.setUint32(ATTRIBUTE.generation, isRoot ? 0 : GENERATION, true);
    record.setUint32(ATTRIBUTE.mode, isRoot ? 0o40755 : 0o100644, true);
    record.setUint32(ATTRIBUTE.links, isRoot ? 2 : 1, true);
    record.setFloat64(ATTRIBUTE.size, size, true);
    record.setFloat64(ATTRIBUTE.blocks512, isRoot ? 0 : 8, true);
    record.setFloat64(ATTRIBUTE.birthSeconds, 1_000_000_000, true);
    record.setFloat64(ATTRIBUTE.mtimeSeconds, -3600, true);
    record.setUint32(ATTRIBUTE.mtimeNanoseconds, 250_000_000, true);
    return record;
  }
}
