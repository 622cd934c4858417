/**
 * The client's part in NBD's handshake: fixed newstyle, structured replies if there are any, `GO`.
 *
 * @module
 */

import { type Errno, OsError } from "@hako/ipc";
import {
  decodeGreeting,
  decodeInfoReply,
  decodeOptionReplyHeader,
  encodeClientFlags,
  encodeExportQuery,
  encodeOption,
  GREETING_BYTES,
  OPTION_REPLY_BYTES,
} from "../../nbd/handshake.ts";
import { HANDSHAKE_FLAG, INFO, OPTION, OPTION_REPLY, PAYLOAD_BYTES_MAX } from "../../nbd/wire.ts";
import { type ByteStream, type StreamReader, writeAll } from "./byte_stream.ts";

/** What a server has told of an export. */
export interface ExportFacts {
  /** How many bytes. */
  readonly byteLength: number;
  /** `TRANSMISSION_FLAG`s. */
  readonly flags: number;
  /** Offsets and lengths are multiples of this. */
  readonly least: number;
  /** The longest payload. */
  readonly most: number;
  /** Whether reads are answered in chunks. */
  readonly structured: boolean;
}

/** Facts that a server tells of one export, before it has told too many. */
const INFO_REPLIES_MAX = 64;

/** Bytes of one answer: texts have at most 4,096. */
const REPLY_BYTES_MAX = 8 * 1024;

/** What a refusal of `GO` means. */
const REFUSALS: ReadonlyMap<number, readonly [Errno, string]> = new Map([
  [OPTION_REPLY.ERR_UNSUP, ["EPROTONOSUPPORT", "the server does not know GO"]],
  [OPTION_REPLY.ERR_POLICY, ["EACCES", "the server does not allow it"]],
  [OPTION_REPLY.ERR_TLS_REQD, ["EACCES", "the server wants TLS"]],
  [OPTION_REPLY.ERR_UNKNOWN, ["ENOENT", "the server has no such export"]],
  [OPTION_REPLY.ERR_SHUTDOWN, ["ENODEV", "the server is about to end"]],
]);

/**
 * Goes through the handshake up to transmission.
 *
 * @param stream What is written to.
 * @param reader What is read from.
 * @param name The export.
 * @throws {OsError} `EPROTO` for what is no NBD, `ENOENT`, `EACCES`, `EPROTONOSUPPORT`; `ENODEV` if
 * the server hangs up.
 */
export async function negotiate(
  stream: ByteStream,
  reader: StreamReader,
  name: string,
): Promise<ExportFacts> {
  const flags = decodeGreeting(await reader.bytes(GREETING_BYTES));
  if (flags === undefined) garbled("the greeting");
  if ((flags & HANDSHAKE_FLAG.FIXED_NEWSTYLE) === 0) {
    throw new OsError("EPROTONOSUPPORT", "negotiate: the server is older than fixed newstyle");
  }
  const known = HANDSHAKE_FLAG.FIXED_NEWSTYLE | HANDSHAKE_FLAG.NO_ZEROES;
  await writeAll(stream, encodeClientFlags(flags & known));
  await writeAll(stream, encodeOption(OPTION.STRUCTURED_REPLY));
  const answer = await readReply(reader, OPTION.STRUCTURED_REPLY);
  const structured = answer.kind === OPTION_REPLY.ACK;
  const query = encodeExportQuery({ name, infos: [INFO.BLOCK_SIZE] });
  await writeAll(stream, encodeOption(OPTION.GO, query));
  return { ...await readFacts(reader, name), structured };
}

async function readFacts(
  reader: StreamReader,
  name: string,
): Promise<Omit<ExportFacts, "structured">> {
  let exported = { byteLength: -1, flags: 0 };
  let sizes = { least: 1, most: PAYLOAD_BYTES_MAX };
  for (let replies = 0; replies < INFO_REPLIES_MAX; replies++) {
    const { kind, data } = await readReply(reader, OPTION.GO);
    if (kind === OPTION_REPLY.ACK) {
      if (exported.byteLength < 0) garbled("the export's size");
      return { ...exported, ...sizes };
    }
    if (kind !== OPTION_REPLY.INFO) refuse(kind, name);
    const info = decodeInfoReply(data);
    if (info === undefined) garbled("a fact of the export");
    if (info.exported !== undefined) exported = info.exported;
    if (info.blockSizes !== undefined) sizes = checked(info.blockSizes);
  }
  garbled("more facts than there are");
}

/** Powers of two; the longest payload is a multiple of the least, or without a limit. */
function checked({ least, most }: { readonly least: number; readonly most: number }) {
  const isPower = least > 0 && (least & (least - 1)) === 0;
  if (!isPower || most < least) garbled("the sizes of requests");
  return { least, most };
}

async function readReply(
  reader: StreamReader,
  option: number,
): Promise<{ readonly kind: number; readonly data: Uint8Array }> {
  const header = decodeOptionReplyHeader(await reader.bytes(OPTION_REPLY_BYTES));
  if (header === undefined || header.option !== option || header.byteLength > REPLY_BYTES_MAX) {
    garbled("the answer to an option");
  }
  return { kind: header.kind, data: await reader.bytes(header.byteLength) };
}

function refuse(kind: number, name: string): never {
  const [code, why] = REFUSALS.get(kind) ?? ["EPROTO", `the server answers ${kind.toString(16)}`];
  throw new OsError(code, `open the export ${JSON.stringify(name)}: ${why}`);
}

function garbled(what: string): never {
  throw new OsError("EPROTO", `negotiate: ${what} is not as NBD has it`);
}
