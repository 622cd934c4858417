import { assertEquals, assertStringIncludes } from "@std/assert";
import type { SystemEvent } from "@hako/kernel";
import { readHostLine } from "./host_order.ts";
import { MountedLife } from "./mounted_life.ts";

function life(isQuiet: boolean) {
  const lines: string[] = [];
  const told = new MountedLife({ isQuiet, log: (line) => lines.push(line) });
  return { told, lines, hear: (event: SystemEvent) => told.hear(event, 0) };
}

Deno.test("MountedLife tells that servers die and come again, unless it is to be quiet", () => {
  for (const isQuiet of [false, true]) {
    const { lines, hear } = life(isQuiet);
    hear({ type: "ready", domain: "fs", epoch: 1, tookMs: 1 });
    hear({ type: "died", domain: "fs", epoch: 1, why: "terminated" });
    hear({ type: "ready", domain: "fs", epoch: 2, tookMs: 1 });
    assertEquals(lines.length, isQuiet ? 0 : 2);
    hear({ type: "rolled-back", domain: "fs", epoch: 2, why: "no" });
    assertEquals(lines.length, isQuiet ? 1 : 3);
  }
});

Deno.test("MountedLife ends when somebody unmounts, and is not at fault", async () => {
  const { told, hear } = life(false);
  hear({ type: "report", domain: "mount", value: { mounted: "/mnt" } });
  await told.mounted;
  hear({ type: "report", domain: "fs", value: { unmounted: "/mnt" } });
  assertEquals(told.isUnmounted, false, "only the gateway knows");
  hear({ type: "report", domain: "mount", value: { unmounted: "/mnt" } });
  await told.over;
  assertEquals([told.isUnmounted, told.why], [true, undefined]);
});

Deno.test("MountedLife ends when a domain is given up, and says why first", async () => {
  const { told, lines, hear } = life(true);
  hear({ type: "gave-up", domain: "disk", epoch: 9, why: "EIO" });
  hear({ type: "stopped", why: "disk is missing" });
  await told.over;
  assertEquals(told.why, "disk was given up: EIO");
  assertStringIncludes(lines.join("\n"), "gave-up");
});

Deno.test("readHostLine() reads the two lines that there are", () => {
  assertEquals(readHostLine('{"mounted":"/mnt"}'), { mounted: "/mnt" });
  assertEquals(readHostLine('{"failed":"EBUSY"}'), { failed: "EBUSY" });
  for (const line of ["", "null", "{", "[]", '{"mounted":1}', "Download x"]) {
    assertEquals(readHostLine(line), undefined, line);
  }
});
