import { assertEquals, assertThrows } from "@std/assert";
import { readNbdClientOptions } from "./options.ts";

Deno.test("readNbdClientOptions() takes what is of use", () => {
  assertEquals(readNbdClientOptions({ host: "localhost" }), {
    address: { host: "localhost", port: 10_809 },
    exportName: "",
    readOnly: false,
    fua: false,
    trustReconnect: false,
    limits: { connectMs: 5_000, silenceMs: 15_000, giveUpMs: 60_000 },
  });
  const options = readNbdClientOptions({
    path: "/run/disk.socket",
    export: "disk",
    readOnly: true,
    fua: true,
    trustReconnect: true,
    giveUpMs: 7,
  });
  assertEquals(options.address, { path: "/run/disk.socket" });
  assertEquals([options.exportName, options.limits.giveUpMs], ["disk", 7]);
});

const BAD: readonly [Record<string, unknown>, string][] = [
  [{}, "host is undefined, no name of a host"],
  [{ host: "" }, 'host is "", no name of a host'],
  [{ host: "localhost", port: 0 }, "port is 0, no number of a port"],
  [{ host: "localhost", port: 65_536 }, "port is 65536, no number of a port"],
  [{ host: "localhost", port: "10809" }, 'port is "10809", no number of a port'],
  [{ path: 3 }, "path is 3, no file name"],
  [{ path: "a", host: "b" }, 'host is "b", one too many beside path'],
  [{ host: "a", export: 1 }, "export is 1, no name"],
  [{ host: "a", readOnly: 1 }, "readOnly is 1, no boolean"],
  [{ host: "a", fua: "no" }, 'fua is "no", no boolean'],
  [{ host: "a", trustReconnect: 0 }, "trustReconnect is 0, no boolean"],
  [{ host: "a", connectMs: 0 }, "connectMs is 0, no time from 1"],
  [{ host: "a", silenceMs: 1.5 }, "silenceMs is 1.5, no time from 1"],
  [{ host: "a", giveUpMs: 1e9 }, "giveUpMs is 1000000000, no time from 1"],
  [{ host: "a", trust: true }, "trust is true, none of host, port, path"],
];

Deno.test("readNbdClientOptions() refuses what is of no use, and says what", () => {
  for (const [options, says] of BAD) {
    assertThrows(() => readNbdClientOptions(options), TypeError, says);
  }
});
