import { assertEquals } from "@std/assert";
import { displayWidth, makeStyle, stripStyle, wantsColour } from "./style.ts";

Deno.test("makeStyle() colours, and what it adds takes no columns", () => {
  const red = makeStyle({ coloured: true })("red", "failed");
  assertEquals(red, "\u001b[31mfailed\u001b[39m");
  assertEquals(stripStyle(red), "failed");
  assertEquals(displayWidth(red), 6);
});

Deno.test("makeStyle() changes nothing where colour is not wanted", () => {
  assertEquals(makeStyle({ coloured: false })("red", "failed"), "failed");
});

Deno.test("wantsColour() is false for what is no terminal", () => {
  assertEquals(wantsColour({ isTerminal: () => false }), false);
  assertEquals(wantsColour({ isTerminal: () => true }), !Deno.noColor);
});
