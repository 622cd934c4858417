import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../command_line/command.ts";
import { endLine, logDirectory, logPath, readEnd } from "./mount_log.ts";

Deno.test("logDirectory() is where the user's state goes", () => {
  const of = (variables: Record<string, string>) =>
    logDirectory({ get: (name) => variables[name] });
  assertEquals(of({ HOME: "/home/me" }), "/home/me/.local/state/hako");
  assertEquals(of({ HOME: "/home/me", XDG_STATE_HOME: "/state" }), "/state/hako");
  assertEquals(of({ HOME: "/home/me", XDG_STATE_HOME: "relative" }), "/home/me/.local/state/hako");
  assertThrows(() => of({}), UsageError, "use --log");
});

Deno.test("logPath() names one file for each directory, whatever that is called", () => {
  assertEquals(logPath("/mnt/disk", "/state"), "/state/mount-mnt-disk.log");
  assertEquals(logPath("/mnt/a,b c\n", "/state"), "/state/mount-mnt-a%2Cb%20c%0A.log");
  assertEquals(logPath(`/${"x".repeat(4000)}`, "/s").length, "/s/mount-.log".length + 200);
});

Deno.test("readEnd() reads what endLine() wrote, and nothing else", () => {
  const before = 'time=x level=warn domain=fs event=died why="event=ended code=0"\n';
  assertEquals(readEnd(before), undefined);
  assertEquals(readEnd(""), undefined);
  const good = endLine(0, 0, undefined);
  assertEquals(good, "time=1970-01-01T00:00:00.000Z level=info domain=program event=ended code=0");
  assertEquals(readEnd(`${before}${good}\n`), { code: 0, why: undefined });
  const why = 'EIO: "input"\nand output';
  assertEquals(readEnd(`${before}${endLine(1, 1, why)}\n`), { code: 1, why });
  assertEquals(readEnd(`${good}\nsomething else\n`), undefined);
});
