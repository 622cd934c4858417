import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { OsError } from "@hako/ipc";
import { findLibc } from "./finding.ts";

function host(arch: string, ...files: string[]) {
  return { os: "linux", arch, exists: (path: string) => files.includes(path) };
}

Deno.test("findLibc() finds glibc where distributions have it", () => {
  const debian = "/lib/x86_64-linux-gnu/libc.so.6";
  assertEquals(findLibc(host("x86_64", "/lib64/libc.so.6", debian)), debian);
  assertEquals(findLibc(host("x86_64", "/lib64/libc.so.6")), "/lib64/libc.so.6");
  const arm = "/lib/aarch64-linux-gnu/libc.so.6";
  assertEquals(findLibc(host("aarch64", arm, debian)), arm);
});

Deno.test("findLibc() says why it finds none", () => {
  const cases = [
    [host("x86_64", "/lib/ld-musl-x86_64.so.1"), "EOPNOTSUPP", "musl"],
    [host("aarch64", "/lib/ld-musl-aarch64.so.1"), "EOPNOTSUPP", "musl"],
    [host("riscv64"), "EOPNOTSUPP", "only on x86-64 and arm64"],
    [{ ...host("x86_64"), os: "darwin" }, "EOPNOTSUPP", "darwin"],
    [host("x86_64"), "ENOENT", "looked at /lib/x86_64-linux-gnu/libc.so.6"],
  ] as const;
  for (const [where, code, words] of cases) {
    const error = assertThrows(() => findLibc(where), OsError);
    assertEquals(error.code, code);
    assertStringIncludes(error.message, words);
  }
});
