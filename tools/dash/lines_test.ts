import { assertEquals } from "@std/assert";
import { hostLine, isPress, linesOf, readHostLine } from "./lines.ts";

const MARK = "3f1c ";

Deno.test("a line of the host is known by its mark; what a domain prints is none", () => {
  const answer = { type: "answer", number: 1 } as const;
  const said = hostLine(MARK, answer);
  assertEquals(readHostLine(MARK, said), { line: answer, printed: "" });
  assertEquals(readHostLine(MARK, `no end${said}`), { line: answer, printed: "no end" });
  const printed = [
    "",
    "hello",
    JSON.stringify(answer),
    hostLine("guessed ", answer),
    `${MARK}{"type":"answer"`,
    `${MARK}null`,
    `${MARK}{"type":"halt"}`,
    `${said} and more`,
  ];
  for (const text of printed) assertEquals(readHostLine(MARK, text), { printed: text });
});

Deno.test("lines are told whole, however they come, and no longer than wanted", async () => {
  const parts = ["one\ntw", "o\n\nth", "r".repeat(100), "\nlast"];
  const lines: string[] = [];
  const stream = ReadableStream.from(parts.map((part) => new TextEncoder().encode(part)));
  for await (const line of linesOf(stream, 50)) lines.push(line);
  assertEquals(lines, ["one", "two", "", `th${"r".repeat(48)}`, "last"]);
});

Deno.test("a press names a deed and a domain", () => {
  assertEquals(isPress({ deed: "upgrade", domain: "fs" }), true);
  for (const value of [null, 1, {}, { deed: "kill" }, { deed: "eat", domain: "fs" }, ["kill"]]) {
    assertEquals(isPress(value), false);
  }
});
