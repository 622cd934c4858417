import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../command_line/command.ts";
import { readByteSize } from "./byte_size.ts";
import { nbdUri, readListenAddress } from "./listen_address.ts";

Deno.test("readListenAddress() reads ports and paths", () => {
  const read = (text: string) => readListenAddress(text, "/home/me");
  assertEquals(read("127.0.0.1:10809"), { hostname: "127.0.0.1", port: 10809 });
  assertEquals(read("[::1]:0"), { hostname: "::1", port: 0 });
  assertEquals(read("unix:nbd.sock"), { path: "/home/me/nbd.sock" });
  assertEquals(read("unix:/run/nbd.sock"), { path: "/run/nbd.sock" });
  for (const text of ["", "here", "here:", ":10809", "a:b:1", "a:99999", "unix:"]) {
    assertThrows(() => read(text), UsageError, "--listen");
  }
});

Deno.test("nbdUri() is what NBD clients take", () => {
  assertEquals(nbdUri("127.0.0.1:1", "a"), "nbd://127.0.0.1:1/a");
  assertEquals(nbdUri("unix:/run/s", "a"), "nbd+unix:///a?socket=/run/s");
});

Deno.test("readByteSize() reads sizes with units of 1,024s", () => {
  const sizes: Record<string, number | undefined> = {
    "4096": 4096,
    "64M": 64 << 20,
    "64MiB": 64 << 20,
    "1.5g": 1.5 * 1024 ** 3,
    "2T": 2 * 1024 ** 4,
    "0": undefined,
    "-1M": undefined,
    "much": undefined,
    "1X": undefined,
    "9000000T": undefined,
  };
  for (const [text, bytes] of Object.entries(sizes)) assertEquals(readByteSize(text), bytes, text);
});
