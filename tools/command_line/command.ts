/**
 * Commands as typed values: what a command line may say, and what the program behind it may do.
 *
 * @module
 */

/** A flag. Without `value` it is a switch. */
export interface Flag {
  /** What follows the flag, as help shows it: `"N"`, `"FILE"`. */
  readonly value?: string;
  /** What the value is. A count is a safe integer from 0; text when left out. */
  readonly kind?: "text" | "count" | "path" | "duration";
  /** Whether the flag may be given several times. */
  readonly isRepeatable?: true;
  /** The only valid values; any goes when left out. */
  readonly choices?: readonly string[];
  /** Values that completion offers, where the program itself decides which are valid. */
  readonly values?: readonly string[];
  /** One letter that also gives the flag. */
  readonly letter?: string;
  /** What the flag does, in a few words. */
  readonly summary: string;
}

/** Flags by name. */
export type Flags = Readonly<Record<string, Flag>>;

/**
 * The value of one flag: a switch is true or false, a duration a number of milliseconds, what may be
 * repeated a list; anything else is `undefined` if not given.
 */
export type FlagValue<F extends Flag> = Flag extends F
  ? boolean | number | string | readonly string[] | undefined
  : F extends { readonly isRepeatable: true } ? readonly string[]
  : F extends { readonly value: string }
    ? (F extends { readonly kind: "count" | "duration" } ? number : string) | undefined
  : boolean;

/** The values of a command's flags. */
export type FlagValues<F extends Flags> = { readonly [N in keyof F]: FlagValue<F[N]> };

/** The arguments of a command. */
export interface Arguments {
  /**
   * The arguments as help shows them: `"NAME"`, `"nbd IMAGE"`. A word in small letters is written as it
   * is; the last one may be repeated as often as `countMax` says.
   */
  readonly placeholder: string;
  /** Fewest that must be given. */
  readonly countMin: number;
  /** Most that may be given. */
  readonly countMax: number;
  /** The only valid ones; anything goes when left out. */
  readonly choices?: readonly string[];
  /** Values that completion offers for a word of the placeholder; files for those that mean files. */
  readonly values?: Readonly<Record<string, readonly string[]>>;
  /** What an argument is, in a few words. */
  readonly summary: string;
}

/** One example for help. */
export interface Example {
  /** What follows the command's name. */
  readonly line: string;
  /** What it does. */
  readonly what: string;
}

/** What a command line may say. */
export interface Syntax<F extends Flags = Flags> {
  /** The command's name. */
  readonly name: string;
  /** What it does, in a few words: one line of the program's help. */
  readonly summary: string;
  /** More about it, in sentences. */
  readonly about?: string;
  /** Its flags. */
  readonly flags: F;
  /** Its arguments; none when left out. */
  readonly arguments?: Arguments;
  /** Examples for help, at least two. */
  readonly examples: readonly Example[];
  /** What its exit codes mean, where that is more than every command's codes do. */
  readonly exits?: Readonly<Record<number, string>>;
}

/** A command line that was understood. */
export interface Invocation<F extends Flags = Flags> {
  /** The arguments, in order. */
  readonly arguments: readonly string[];
  /** The flags. */
  readonly flags: FlagValues<F>;
}

/** Where a command is started. All paths are absolute. */
export interface Place {
  /** Where Hako's own source is. */
  readonly sourceRoot: string;
  /** Where the user is: paths on the command line are relative to it. */
  readonly directory: string;
  /** Where the program's temporary files go; it makes and removes the directory itself. */
  readonly temporaryDirectory: string;
}

/** The host permissions of a process. What is left out is denied. */
export interface Permissions {
  /** Paths that may be read, with all below them. */
  readonly read?: readonly string[];
  /** Paths that may be written, with all below them. */
  readonly write?: readonly string[];
  /** Programs that may be started. */
  readonly run?: readonly string[];
  /** Environment variables that may be read, besides those that tell where the user is. */
  readonly env?: readonly string[];
  /** Hosts, with ports, that may be reached. */
  readonly net?: readonly string[];
  /** What may be asked of the operating system, as `--allow-sys` names it. */
  readonly sys?: readonly string[];
  /** Libraries that may be called. */
  readonly ffi?: readonly string[];
}

/**
 * A command whose program hosts domains. The launcher starts the program in a process of its own
 * with exactly `permissions`; the launcher itself hosts nothing.
 */
export interface Command<F extends Flags = Flags> extends Syntax<F> {
  /** The program, below the root of the source. It reads `Deno.args` with `parseCommand`. */
  readonly module: string;
  /**
   * The union of what the command's domains may do and what its program itself needs. Paths may be
   * relative to `place.directory`. Reading the root of the source must be among them if the program
   * starts workers: their modules are read.
   */
  permissions(invocation: Invocation<F>, place: Place): Permissions;
}

/** A misused command line. The launcher tells its message and exits with 2. */
export class UsageError extends Error {
  /** The class name, as `Error` wants it. */
  override readonly name = "UsageError";
}
