/**
 * The command line as flags and arguments: the part of `@std/cli/parse-args` that tools use.
 *
 * Node's `parseArgs` cannot stand in: it takes `--seed --list` as a seed named "--list", and the
 * argument after an unlisted flag as an argument. What is left out here: dotted names, negatable
 * flags, numbers glued to letters.
 *
 * @module
 */

/** How {@linkcode parseArgs} reads flags. */
export interface ParseOptions {
  /** Keeps what stands after `--` apart, as `args["--"]`. */
  "--"?: boolean;
  /** Further names of flags. */
  alias?: Record<string, string | readonly string[]>;
  /** Flags that take no value: false unless given. */
  boolean?: string | readonly string[];
  /** Flags whose values are kept as text; `"_"` stands for the arguments. */
  string?: string | readonly string[];
  /** Flags that may be given several times: their values make a list. */
  collect?: string | readonly string[];
  /** Values of flags that are not given. */
  default?: Record<string, unknown>;
  /** Takes everything from the first argument on as arguments. */
  stopEarly?: boolean;
  /** Called for every argument and every unlisted flag; answers `false` to leave it out. */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** What {@linkcode parseArgs} found: a property for each flag, the arguments under `_`. */
export interface Args {
  /** A flag's value. */
  // deno-lint-ignore no-explicit-any -- The real type, when the flags are not literals.
  [name: string]: any;
  /** What is no flag. */
  _: (string | number)[];
}

/** Reads `args` as flags and arguments. Numbers become numbers, except where `string` says text. */
export function parseArgs(args: readonly string[], options: ParseOptions = {}): Args {
  const reader = new Reader(options);
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  reader.read(args.slice(0, end));
  return reader.finish(args.slice(end + 1));
}

class Reader {
  readonly #options: ParseOptions;
  readonly #twins = new Map<string, readonly string[]>();
  readonly #booleans: ReadonlySet<string>;
  readonly #strings: ReadonlySet<string>;
  readonly #collected: ReadonlySet<string>;
  readonly #found: Args = { _: [] };

  constructor(options: ParseOptions) {
    this.#options = options;
    for (const [key, others] of Object.entries(options.alias ?? {})) {
      const family = [key, ...listOf(others)];
      for (const name of family) this.#twins.set(name, family);
    }
    this.#booleans = this.#withTwins(options.boolean);
    this.#strings = this.#withTwins(options.string);
    this.#collected = this.#withTwins(options.collect);
  }

  read(args: readonly string[]): void {
    for (let index = 0; index < args.length; index++) {
      const arg = args[index] ?? "";
      if (arg.length > 1 && arg.startsWith("-")) {
        if (this.#readFlag(arg, args[index + 1])) index++;
        continue;
      }
      this.#addArgument(arg);
      if (!this.#options.stopEarly) continue;
      this.#found._.push(...args.slice(index + 1));
      return;
    }
  }

  finish(rest: readonly string[]): Args {
    for (const [key, value] of Object.entries(this.#options.default ?? {})) {
      for (const name of this.#family(key)) this.#found[name] ??= value;
    }
    for (const key of this.#booleans) this.#found[key] ??= this.#collected.has(key) ? [] : false;
    for (const key of this.#collected) this.#found[key] ??= [];
    if (this.#options["--"]) this.#found["--"] = [...rest];
    else this.#found._.push(...rest);
    return this.#found;
  }

  /** Reads one flag; answers whether it took the next argument as its value. */
  #readFlag(arg: string, next: string | undefined): boolean {
    const text = arg.slice(arg.startsWith("--") ? 2 : 1);
    const equals = text.indexOf("=");
    const names = equals < 0 ? text : text.slice(0, equals);
    const keys = arg.startsWith("--") ? [names] : [...names];
    const last = keys.pop() ?? "";
    for (const key of keys) this.#setFlag(arg, key, this.#strings.has(key) ? "" : true);
    if (equals >= 0 && equals < text.length - 1) {
      const value = text.slice(equals + 1);
      this.#setFlag(arg, last, this.#booleans.has(last) ? value !== "false" : value);
      return false;
    }
    if (this.#booleans.has(last)) {
      const takes = next === "true" || next === "false";
      this.#setFlag(arg, last, next !== "false");
      return takes;
    }
    const takes = next !== undefined && next !== "" && !next.startsWith("-");
    this.#setFlag(arg, last, takes ? next : this.#strings.has(last) ? "" : true);
    return takes;
  }

  #setFlag(arg: string, key: string, value: string | boolean): void {
    const listed = this.#booleans.has(key) || this.#strings.has(key) || this.#twins.has(key);
    if (!listed && this.#options.unknown?.(arg, key, value) === false) return;
    const typed = typeof value === "string" && !this.#strings.has(key) ? numeric(value) : value;
    for (const name of this.#family(key)) {
      if (!this.#collected.has(name)) this.#found[name] = typed;
      else this.#found[name] = [...(this.#found[name] as unknown[] ?? []), typed];
    }
  }

  #addArgument(arg: string): void {
    if (this.#options.unknown?.(arg) === false) return;
    this.#found._.push(this.#strings.has("_") ? arg : numeric(arg));
  }

  #family(key: string): readonly string[] {
    return this.#twins.get(key) ?? [key];
  }

  #withTwins(names: string | readonly string[] | undefined): ReadonlySet<string> {
    return new Set(listOf(names ?? []).flatMap((name) => this.#family(name)));
  }
}

function listOf(names: string | readonly string[]): readonly string[] {
  return typeof names === "string" ? [names] : names;
}

function numeric(text: string): string | number {
  return /^(?:0x[0-9a-f]+|[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?)$/i.test(text)
    ? Number(text)
    : text;
}
