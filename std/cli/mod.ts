/**
 * The part of `jsr:@std/cli@^1` that Hako's tools use.
 *
 * @module
 */

export { type Args, parseArgs, type ParseOptions } from "./parse_args.ts";
