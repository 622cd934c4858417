/**
 * Compiles the wasm core with AssemblyScript, in memory.
 *
 * @module
 */

import asc from "assemblyscript/asc";

/** The flags of the compiler for every core; they and the two lists below are all there are. */
export const COMPILER_FLAGS: readonly string[] = [
  "--importMemory", // The kernel, or the loader, owns the memory, not the instance.
  "--initialMemory",
  "1",
  "--runtime",
  "stub", // No heap: the core keeps nothing of its own.
  "-O3",
  "--noAssert", // No `abort` to import.
];

/** The flags for a core whose memory several domains share. */
export const SHARED_MEMORY_FLAGS: readonly string[] = [
  "--enable",
  "threads", // Atomics.
  "--sharedMemory",
  "--maximumMemory",
  "1024",
];

/** The flags for a core that computes on one page of its own. */
export const PRIVATE_PAGE_FLAGS: readonly string[] = ["--enable", "simd", "--maximumMemory", "1"];

/** A source that the compiler refused; the message is what the compiler said. */
export class CompileError extends Error {
  /** The class name, as `Error` wants it. */
  override readonly name = "CompileError";
}

/**
 * Compiles AssemblyScript to wasm. The same sources give the same bytes.
 *
 * @param sources The text of each file by its name; names are flat, as `"core.ts"`.
 * @param entry The name of the file whose exports become the module's.
 * @param flags Further flags; a later one overrules an earlier one.
 * @throws {CompileError} The sources do not compile.
 */
export async function compileCore(
  sources: ReadonlyMap<string, string>,
  entry: string,
  flags: readonly string[] = SHARED_MEMORY_FLAGS,
): Promise<Uint8Array<ArrayBuffer>> {
  const outputs = new Map<string, string | Uint8Array>();
  const complaints: string[] = [];
  const args = [entry, "--outFile", "out.wasm", ...COMPILER_FLAGS, ...flags];
  const { error } = await asc.main(args, {
    readFile: (name: string) => sources.get(name) ?? null,
    writeFile: (name: string, contents: string | Uint8Array) => void outputs.set(name, contents),
    listFiles: () => [],
    stdout: { write: () => true },
    stderr: { write: (chunk: string | Uint8Array) => complaints.push(String(chunk)) > 0 },
  });
  const binary = outputs.get("out.wasm");
  if (!error && binary instanceof Uint8Array) return new Uint8Array(binary);
  const said = complaints.join("").trim() || error?.message || "the compiler wrote no module";
  throw new CompileError(`Cannot compile ${entry}:\n${said}`);
}
