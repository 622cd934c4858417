/**
 * The gateway's options, checked.
 *
 * @module
 */

/** What a manifest may say to the gateway. */
export interface FuseOptions {
  /** Where to mount: an absolute path of a directory that exists. */
  readonly directory: string;
  /** The C library: the path that the permission `ffi` names. */
  readonly libc: string;
  /** What `mount` and `df` show as the device. */
  readonly fsName: string;
  /** Whether nothing can be changed. */
  readonly readOnly: boolean;
  /** Whether other users may use the mount. */
  readonly allowOther: boolean;
  /**
   * `"writeback"`: Linux keeps what is written and sends it later, and nobody but this mount may
   * change files. `"shared"`: others may; Linux is told of what they change.
   */
  readonly cache: "writeback" | "shared";
  /** Whose everything is, as the mount shows it; what is made belongs to them. */
  readonly uid: number | undefined;
  /** The group of everything. */
  readonly gid: number | undefined;
  /** How long Linux may believe what it was told of a file, in milliseconds. */
  readonly attrTimeoutMs: number;
  /** How long Linux may believe what stands under a name, in milliseconds. */
  readonly entryTimeoutMs: number;
  /** Whether every read and write of a program comes to the gateway. */
  readonly directIo: boolean;
}

/** Blocks and times of access change without a word to Linux: so long it may tell old ones. */
const ATTR_TIMEOUT_MS = 1_000;

/** Names change only through Linux: a day. Where it is told of others' changes: a minute. */
const ENTRY_TIMEOUT_MS = { writeback: 86_400_000, shared: 60_000 } as const;

/** Longest time that Linux can be told. */
const TIMEOUT_MS_MAX = 2 ** 31;

/** The library's usual path where Deno runs on Linux for x86-64. */
const LIBC = "/lib/x86_64-linux-gnu/libc.so.6";

/**
 * Reads the options of a manifest.
 *
 * @throws {TypeError} If one is of no use; a manifest is written by a person, who is told.
 */
export function readOptions(options: Readonly<Record<string, unknown>>): FuseOptions {
  const { cache = "writeback", directory } = options;
  if (cache !== "writeback" && cache !== "shared") {
    throw refusal(`cache is ${show(cache)}, neither "writeback" nor "shared"`);
  }
  if (typeof directory !== "string" || !directory.startsWith("/")) {
    throw refusal(`directory is ${show(directory)}, no absolute path`);
  }
  return {
    directory,
    cache,
    libc: textOf(options, "libc", LIBC),
    fsName: textOf(options, "fsName", "hako"),
    readOnly: booleanOf(options, "readOnly"),
    allowOther: booleanOf(options, "allowOther"),
    uid: idOf(options, "uid"),
    gid: idOf(options, "gid"),
    attrTimeoutMs: timeoutOf(options, "attrTimeoutMs", ATTR_TIMEOUT_MS),
    entryTimeoutMs: timeoutOf(options, "entryTimeoutMs", ENTRY_TIMEOUT_MS[cache]),
    directIo: booleanOf(options, "directIo"),
  };
}

type Given = Readonly<Record<string, unknown>>;

function textOf(options: Given, name: string, otherwise: string): string {
  const value = options[name] ?? otherwise;
  if (typeof value !== "string" || value === "") {
    throw refusal(`${name} is ${show(value)}, no text`);
  }
  return value;
}

function booleanOf(options: Given, name: string): boolean {
  const value = options[name] ?? false;
  if (typeof value !== "boolean") throw refusal(`${name} is ${show(value)}, no boolean`);
  return value;
}

function idOf(options: Given, name: string): number | undefined {
  const value = options[name];
  if (value === undefined) return undefined;
  const isId = Number.isInteger(value) && Number(value) >= 0 && Number(value) < 0xffffffff;
  if (!isId) throw refusal(`${name} is ${show(value)}, no number of a user or group`);
  return Number(value);
}

function timeoutOf(options: Given, name: string, otherwise: number): number {
  const value = options[name] ?? otherwise;
  const isTime = Number.isFinite(value) && Number(value) >= 0 && Number(value) <= TIMEOUT_MS_MAX;
  if (!isTime) throw refusal(`${name} is ${show(value)}, no time in milliseconds`);
  return Number(value);
}

function refusal(why: string): TypeError {
  return new TypeError(`Cannot start the FUSE gateway: ${why}`);
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}
