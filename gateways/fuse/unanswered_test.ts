import { assertEquals } from "@std/assert";
import { Unanswered } from "./unanswered.ts";

Deno.test("Unanswered tells a successor what is owed, once", () => {
  const words = new Uint32Array(6);
  const unanswered = new Unanswered(words);
  for (let unique = 1; unique <= 4; unique++) unanswered.add(unique, 5); // One too many.
  unanswered.remove(2, 5);
  const successor = new Unanswered(words);
  assertEquals(successor.takeAll(), [
    { uniqueLow: 1, uniqueHigh: 5 },
    { uniqueLow: 3, uniqueHigh: 5 },
  ]);
  assertEquals(successor.takeAll(), []);
});

Deno.test("Unanswered writes nothing down where Linux gives requests again", () => {
  const words = new Uint32Array(6);
  const unanswered = new Unanswered(words);
  unanswered.isNeeded = false;
  unanswered.add(1, 1);
  assertEquals([...words], [0, 0, 0, 0, 0, 0]);
});
