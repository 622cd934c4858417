import { assertEquals, assertThrows } from "@std/assert";
import { addressText } from "./listener.ts";
import { readOptions } from "./options.ts";

Deno.test("readOptions() takes a port or a path, and a volume if none is named", () => {
  const tcp = { hostname: "127.0.0.1", port: 10809 };
  assertEquals(readOptions({ listen: tcp }), {
    listen: tcp,
    exports: ["volume"],
    readOnly: false,
  });
  const unix = { listen: { path: "/run/nbd" }, exports: ["a", "b"], readOnly: true };
  assertEquals(readOptions(unix), unix);
});

Deno.test("readOptions() refuses what is of no use", () => {
  const listen = { path: "/run/nbd" };
  const refused: readonly (readonly [Record<string, unknown>, string])[] = [
    [{}, "listen is undefined"],
    [{ listen: { path: "nbd" } }, "neither hostname and port nor an absolute path"],
    [{ listen: { hostname: "a", port: 65536 } }, "neither hostname and port"],
    [{ listen: { hostname: "a", port: "1" } }, "neither hostname and port"],
    [{ listen, exports: [] }, "exports is []"],
    [{ listen, exports: "volume" }, 'exports is "volume"'],
    [{ listen, readOnly: 1 }, "readOnly is 1"],
  ];
  for (const [options, complaint] of refused) {
    assertThrows(() => readOptions(options), TypeError, complaint);
  }
});

Deno.test("addressText() is how people write an address", () => {
  assertEquals(addressText({ path: "/run/nbd" }), "unix:/run/nbd");
  assertEquals(addressText({ hostname: "127.0.0.1", port: 1 }), "127.0.0.1:1");
  assertEquals(addressText({ hostname: "::1", port: 1 }), "[::1]:1");
});
