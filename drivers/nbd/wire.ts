/**
 * The numbers of the NBD protocol (Network Block Device), for servers and clients of it.
 *
 * The source is the protocol text of the NBD project, `doc/proto.md`; the names are its names
 * without the `NBD_` prefixes. Everything on the wire is big-endian. After the **handshake**
 * (`handshake.ts`) both sides are in **transmission** (`transmission.ts`).
 *
 * @module
 */

/** The magic numbers of the handshake, each as its two halves of 32 bits. */
export const HANDSHAKE_MAGIC = {
  /** The first eight bytes that a server says: "NBDMAGIC". */
  GREETING: [0x4e42_444d, 0x4147_4943],
  /** Eight bytes of the server's greeting, and at the head of each option: "IHAVEOPT". */
  OPTION: [0x4948_4156, 0x454f_5054],
  /** At the head of each answer to an option. */
  OPTION_REPLY: [0x0003_e889, 0x0455_65a9],
} as const;

/** The magic numbers of transmission. */
export const MAGIC = {
  /** At the head of a request. */
  REQUEST: 0x2560_9513,
  /** At the head of a simple reply. */
  SIMPLE_REPLY: 0x6744_6698,
  /** At the head of each chunk of a structured reply. */
  STRUCTURED_REPLY: 0x668e_33ef,
} as const;

/** What server and client say of themselves first: 16 bits from the server, 32 from the client. */
export const HANDSHAKE_FLAG = {
  /** Options that are not known are answered, and more may follow. */
  FIXED_NEWSTYLE: 1,
  /** No 124 zeroes after the answer to `EXPORT_NAME`. */
  NO_ZEROES: 2,
} as const;

/** What a client can ask for before transmission. */
export const OPTION = {
  EXPORT_NAME: 1,
  ABORT: 2,
  LIST: 3,
  STARTTLS: 5,
  INFO: 6,
  GO: 7,
  STRUCTURED_REPLY: 8,
  LIST_META_CONTEXT: 9,
  SET_META_CONTEXT: 10,
  EXTENDED_HEADERS: 11,
} as const;

/** What a server answers to an option. Those from 2^31 on are refusals. */
export const OPTION_REPLY = {
  ACK: 1,
  SERVER: 2,
  INFO: 3,
  META_CONTEXT: 4,
  ERR_UNSUP: 0x8000_0001,
  ERR_POLICY: 0x8000_0002,
  ERR_INVALID: 0x8000_0003,
  ERR_PLATFORM: 0x8000_0004,
  ERR_TLS_REQD: 0x8000_0005,
  ERR_UNKNOWN: 0x8000_0006,
  ERR_SHUTDOWN: 0x8000_0007,
  ERR_BLOCK_SIZE_REQD: 0x8000_0008,
  ERR_TOO_BIG: 0x8000_0009,
  ERR_EXT_HEADER_REQD: 0x8000_000a,
} as const;

/** Which fact an `INFO` answer tells. */
export const INFO = {
  /** The size and the transmission flags. */
  EXPORT: 0,
  /** The export's proper name. */
  NAME: 1,
  /** A text for people. */
  DESCRIPTION: 2,
  /** Least, preferred and greatest size of a request. */
  BLOCK_SIZE: 3,
} as const;

/** What an export can do: 16 bits. */
export const TRANSMISSION_FLAG = {
  HAS_FLAGS: 1 << 0,
  READ_ONLY: 1 << 1,
  SEND_FLUSH: 1 << 2,
  SEND_FUA: 1 << 3,
  ROTATIONAL: 1 << 4,
  SEND_TRIM: 1 << 5,
  SEND_WRITE_ZEROES: 1 << 6,
  SEND_DF: 1 << 7,
  CAN_MULTI_CONN: 1 << 8,
  SEND_RESIZE: 1 << 9,
  SEND_CACHE: 1 << 10,
  SEND_FAST_ZERO: 1 << 11,
  BLOCK_STATUS_PAYLOAD: 1 << 12,
} as const;

/** What a request asks for. */
export const COMMAND = {
  READ: 0,
  WRITE: 1,
  DISC: 2,
  FLUSH: 3,
  TRIM: 4,
  CACHE: 5,
  WRITE_ZEROES: 6,
  BLOCK_STATUS: 7,
  RESIZE: 8,
} as const;

/** How a request is to be done: 16 bits. */
export const COMMAND_FLAG = {
  /** Answered only when what it wrote is on stable storage. */
  FUA: 1 << 0,
  /** `WRITE_ZEROES` shall not make a hole. */
  NO_HOLE: 1 << 1,
  /** A structured answer to `READ` shall have one chunk of data. */
  DF: 1 << 2,
  /** `BLOCK_STATUS` shall tell of one extent. */
  REQ_ONE: 1 << 3,
  /** `WRITE_ZEROES` shall fail with `ENOTSUP` unless it is fast. */
  FAST_ZERO: 1 << 4,
  /** With extended headers only. */
  PAYLOAD_LEN: 1 << 5,
} as const;

/** The bit of a chunk that is the last of its reply. */
export const CHUNK_FLAG = { DONE: 1 } as const;

/** What a chunk of a structured reply holds. Those from 2^15 on are errors. */
export const CHUNK = {
  NONE: 0,
  /** A u64 offset, then the bytes there. */
  OFFSET_DATA: 1,
  /** A u64 offset and a u32 byte length: zeroes. */
  OFFSET_HOLE: 2,
  /** A u32 context id, then extents: u32 byte length, u32 {@linkcode EXTENT_FLAG}s. */
  BLOCK_STATUS: 5,
  /** A u32 error, a u16 length, and so many bytes of text. */
  ERROR: 0x8001,
  /** As `ERROR`, then a u64 offset. */
  ERROR_OFFSET: 0x8002,
} as const;

/** The errors of transmission. Others are to be understood as `EINVAL`. */
export const NBD_ERROR = {
  EPERM: 1,
  EIO: 5,
  ENOMEM: 12,
  EINVAL: 22,
  ENOSPC: 28,
  EOVERFLOW: 75,
  ENOTSUP: 95,
  ESHUTDOWN: 108,
} as const;

/** The context that tells which ranges are allocated. */
export const BASE_ALLOCATION = "base:allocation";

/** What `base:allocation` says of an extent. */
export const EXTENT_FLAG = {
  /** Writing there may take room that is not taken now. */
  HOLE: 1,
  /** It reads as zeroes. */
  ZERO: 2,
} as const;

/** The port that is NBD's. */
export const NBD_PORT = 10809;

/** Most bytes in an export's name, a description or the name of a context. */
export const STRING_BYTES_MAX = 4096;

/** Zeroes after the answer to `EXPORT_NAME`, unless both sides said `NO_ZEROES`. */
export const EXPORT_NAME_ZEROES = 124;

/** Most bytes of a request's payload, or of what it asks for, unless another maximum was told. */
export const PAYLOAD_BYTES_MAX: number = 32 * 1024 * 1024;
