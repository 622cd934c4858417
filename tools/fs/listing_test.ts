import { assertEquals } from "@std/assert";
import { byteText, modeLetters, renderUsage, safe } from "./listing.ts";

Deno.test("modes are shown as ls shows them", () => {
  const shown = [0o100644, 0o040755, 0o120777, 0o104755, 0o102644, 0o041777, 0o101666, 0o010600]
    .map(modeLetters);
  assertEquals(shown, [
    "-rw-r--r--",
    "drwxr-xr-x",
    "lrwxrwxrwx",
    "-rwsr-xr-x",
    "-rw-r-Sr--",
    "drwxrwxrwt",
    "-rw-rw-rwT",
    "prw-------",
  ]);
});

Deno.test("sizes are shown in units of people", () => {
  assertEquals([0, 1023, 1024, 1536, 123 * 1024, 5 * 1024 ** 4].map(byteText), [
    "0 B",
    "1,023 B",
    "1 KiB",
    "1.5 KiB",
    "123 KiB",
    "5 TiB",
  ]);
});

Deno.test("a name does nothing to the terminal", () => {
  assertEquals(safe("a\u001b[31mb\n\u0007\u009bc"), "a?[31mb???c");
});

Deno.test("usage is shown in bytes and shares, rounded up", () => {
  const text = renderUsage("/d.img", {
    blockBytes: 4096,
    blockCount: 1000,
    blocksFree: 333,
    blocksAvailable: 333,
    inodeCount: 0,
    inodesFree: 0,
    nameBytesMax: 255,
    readOnly: false,
  });
  assertEquals(text.split("\n")[2], "blocks of 4096  3.9 MiB  2.6 MiB  1.3 MiB   67%");
  assertEquals(text.split("\n")[3], "inodes                0        0        0     -");
});
