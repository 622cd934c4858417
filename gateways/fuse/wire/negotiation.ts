/**
 * The first request: what Linux offers, and what we agree on.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { INIT } from "./flags.ts";
import { KERNEL_MINOR_VERSION, KERNEL_MINOR_VERSION_MIN, KERNEL_VERSION } from "./opcodes.ts";
import { ARGS } from "./places.ts";
import type { InitAnswer } from "./reply.ts";
import type { FuseRequest } from "./request.ts";
import { INIT_IN } from "./structs.ts";

/** Bytes of a page: what `maxPages` counts. */
const PAGE_BYTES = 4096;

/** What we would agree on, if Linux offers it. */
export interface InitWish {
  /** Bits of `INIT`. `MAX_PAGES` and `INIT_EXT` need not be named. */
  readonly flags: number;
  /** Bits of `INIT2`. */
  readonly flags2: number;
  /** Most bytes of one WRITE or READ: a multiple of 4096 up to 1 MiB. */
  readonly maxWrite: number;
  /** Most bytes that Linux reads ahead; it gets what it offers if that is less. */
  readonly maxReadahead: number;
  /** Most requests under way that nobody waits for; 64 unless told. */
  readonly maxBackground?: number;
}

/**
 * What to answer to INIT.
 *
 * Linux of another major version gets the answer of {@linkcode KERNEL_VERSION} 7 all the same: a
 * newer one asks again with that.
 *
 * @throws {OsError} `EPROTONOSUPPORT` if Linux is older than 5.4; the request is to be answered
 * with that error, and nothing more will come.
 */
export function negotiate(request: FuseRequest, wish: InitWish): InitAnswer {
  const major = request.u32(ARGS + INIT_IN.at.major);
  const minor = request.u32(ARGS + INIT_IN.at.minor);
  const isOld = major < KERNEL_VERSION ||
    major === KERNEL_VERSION && minor < KERNEL_MINOR_VERSION_MIN;
  if (isOld) {
    throw new OsError(
      "EPROTONOSUPPORT",
      `speak FUSE ${major}.${minor}; Linux 5.4 or newer is needed, which speaks 7.31`,
    );
  }
  const offered = request.u32(ARGS + INIT_IN.at.flags);
  const isLong = (offered & INIT.INIT_EXT) !== 0 &&
    request.byteLength >= ARGS + INIT_IN.at.flags2 + 4;
  const offered2 = isLong ? request.u32(ARGS + INIT_IN.at.flags2) : 0;
  const maxBackground = wish.maxBackground ?? 64;
  const own = INIT.MAX_PAGES | (isLong ? INIT.INIT_EXT : 0);
  return {
    minor: Math.min(minor, KERNEL_MINOR_VERSION),
    maxReadahead: Math.min(request.u32(ARGS + INIT_IN.at.max_readahead), wish.maxReadahead),
    flags: (offered & (wish.flags & ~INIT.INIT_EXT | own)) >>> 0,
    flags2: (offered2 & wish.flags2) >>> 0,
    maxBackground,
    congestionThreshold: Math.ceil(maxBackground * 3 / 4),
    maxWrite: wish.maxWrite,
    maxPages: wish.maxWrite / PAGE_BYTES,
    timeGran: 1,
  };
}
