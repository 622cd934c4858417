import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { differences } from "./comparison.ts";
import { CHANNEL_CORE, coreArtefacts, QUEUE_CORE } from "./core_artefacts.ts";
import { compileCore, CompileError } from "./core_compiler.ts";

const SOURCE = 'import { AT } from "./constants";\n' +
  "export function add(n: i32): i32 { return atomic.add<i32>(AT, n); }\n";
const CONSTANTS = "export const AT: u32 = 8;\n";

Deno.test("coreArtefacts() gives a module that runs, and its bytes in base64", async () => {
  const artefacts = await coreArtefacts(CHANNEL_CORE, sample("core"));
  const wasm = artefacts.get("ipc/core/core.wasm") ?? new Uint8Array();
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1024, shared: true });
  const { instance } = await WebAssembly.instantiate(wasm, { env: { memory } });
  const { add } = instance.exports as { add(n: number): number };
  add(7);
  assertEquals(new Int32Array(memory.buffer)[2], 7);
  const text = new TextDecoder().decode(artefacts.get("ipc/core/core_bytes.ts"));
  assertStringIncludes(text, `"${wasm.toBase64()}"`);
  assertEquals(/"([0-9a-f]{64})"/.test(text), true);
});

Deno.test("coreArtefacts() lets a queue have more memory than a channel", async () => {
  const artefacts = await coreArtefacts(QUEUE_CORE, sample("queue"));
  const module = new WebAssembly.Module(artefacts.get("ipc/queue/queue.wasm") ?? new Uint8Array());
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1025, shared: true });
  assertEquals(
    typeof new WebAssembly.Instance(module, { env: { memory } }).exports.add,
    "function",
  );
  const text = new TextDecoder().decode(artefacts.get("ipc/queue/queue_bytes.ts"));
  assertStringIncludes(text, "export const QUEUE_BASE64");
});

Deno.test("compileCore() gives the same bytes for the same sources", async () => {
  const sources = new Map([["core.ts", SOURCE], ["constants.ts", CONSTANTS]]);
  assertEquals(await compileCore(sources, "core.ts"), await compileCore(sources, "core.ts"));
});

Deno.test("compileCore() says what does not compile, and where", async () => {
  const sources = new Map([["core.ts", "export function f(): i32 { return missing; }"]]);
  const error = await assertRejects(() => compileCore(sources, "core.ts"), CompileError);
  assertStringIncludes(error.message, "missing");
  assertStringIncludes(error.message, "core.ts");
});

Deno.test("differences() names each file that is missing, shorter or changed", () => {
  const generated = new Map([
    ["same", Uint8Array.of(1, 2)],
    ["gone", Uint8Array.of(1)],
    ["long", Uint8Array.of(1)],
    ["changed", Uint8Array.of(1, 2)],
  ]);
  const committed: Record<string, Uint8Array> = {
    same: Uint8Array.of(1, 2),
    long: Uint8Array.of(1, 2),
    changed: Uint8Array.of(1, 3),
  };
  assertEquals(differences(generated, (path) => committed[path]), [
    { path: "gone", what: "does not exist" },
    { path: "long", what: "has 2 bytes instead of 1" },
    { path: "changed", what: "differs from byte 1 on" },
  ]);
});

function sample(name: string) {
  return { sources: new Map([[name, SOURCE]]), constants: CONSTANTS };
}
