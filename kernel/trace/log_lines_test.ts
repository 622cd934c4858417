import { assert, assertEquals } from "@std/assert";
import type { SystemEvent } from "../messages.ts";
import { jsonLine, textLine } from "./log_lines.ts";

const AT_US = Date.UTC(2026, 10, 22, 10, 59, 45, 123) * 1_000 + 456;

function text(event: SystemEvent): string {
  return textLine({ type: "event", event, atUs: AT_US });
}

function json(event: SystemEvent): Record<string, unknown> {
  const line = jsonLine({ type: "event", event, atUs: AT_US });
  assert(!line.includes("\n"), "one line each");
  return JSON.parse(line);
}

Deno.test("a line of text tells when, how bad, who, which life and what", () => {
  assertEquals(
    text({ type: "fenced", domain: "disk", epoch: 2, gone: true, tookMs: 1.23456 }),
    "time=2026-11-22T10:59:45.123456Z level=info domain=disk epoch=2 event=fenced " +
      "gone=yes tookMs=1.235",
  );
  assertEquals(
    text({ type: "kernel-died", epoch: 1, why: "it hangs" }),
    'time=2026-11-22T10:59:45.123456Z level=warn domain=kernel epoch=1 event=kernel-died why="it hangs"',
  );
});

Deno.test("no value ends its line, colours a terminal or passes for another value", () => {
  const evil = 'a" level=info \u001b[31m\u009b31m\u2028 x=\u0000';
  const line = text({ type: "died", domain: "disk", epoch: 1, why: evil });

  assert(/^[\u0020-\u007e]*$/.test(line), line);
  const [quoted] = line.match(/"(?:[^"\\]|\\.)*"/) ?? [];
  assertEquals(JSON.parse(quoted!), evil);
  assert(line.endsWith(`why=${quoted}`));
});

Deno.test("of a stack the text has the first line, and JSON all of it", () => {
  const why = "Error: gone\n    at main.ts:1:1";
  const died = { type: "died", domain: "disk", epoch: 1, why } as const;

  assert(text(died).endsWith('why="Error: gone"'));
  assertEquals(json(died).why, why);
});

Deno.test("JSON has the same names, and the event's own", () => {
  assertEquals(json({ type: "gave-up", domain: "disk", epoch: 4, why: "5 deaths" }), {
    time: "2026-11-22T10:59:45.123456Z",
    level: "error",
    domain: "disk",
    epoch: 4,
    event: "gave-up",
    why: "5 deaths",
  });
});

Deno.test("whatever an app reports has a line, of bounded length", () => {
  const circular: Record<string, unknown> = { toString: 1 };
  circular.self = circular;
  const values: readonly (readonly [unknown, unknown])[] = [
    [{ files: 3 }, { files: 3 }],
    ["x", "x"],
    [undefined, "undefined"],
    [5n, "5"],
    [circular, "[object]"],
    ["y".repeat(5_000), `"${"y".repeat(999)}...`],
    [null, null],
  ];
  for (const [value, expected] of values) {
    const event = { type: "report", domain: "app", value } as const;
    assertEquals(json(event).value, expected);
    assert(text(event).length < 1_200);
  }
});
