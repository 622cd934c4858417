import { assertEquals } from "@std/assert";
import { HeldHandles } from "./held_handles.ts";

function closedBy(held: HeldHandles): number[] {
  const closed: number[] = [];
  held.closeAll((handle) => closed.push(handle));
  return closed;
}

Deno.test("HeldHandles closes a directory when it is forgotten, not before", () => {
  const words = new Uint32Array(8);
  const held = new HeldHandles(words);
  held.hold(12, 1, 70);
  held.hold(12, 1, 70);
  held.hold(13, 1, 71);
  assertEquals(held.hasRoom, false);
  const successor = new HeldHandles(words);
  successor.forget(12, 2);
  assertEquals(closedBy(successor), []);
  successor.forget(12, 1);
  assertEquals(successor.hasToClose, true);
  assertEquals(closedBy(successor), [70]);
  successor.forget(12, 1);
  assertEquals(closedBy(successor), []);
  assertEquals(successor.hasRoom, true);
});

Deno.test("HeldHandles closes again what a dead life may not have closed", () => {
  const words = new Uint32Array(8);
  const held = new HeldHandles(words);
  held.closeLater(70);
  try {
    held.closeAll(() => {
      throw new Error("died");
    });
  } catch {
    // As a life does.
  }
  const successor = new HeldHandles(words);
  assertEquals(successor.hasToClose, true);
  assertEquals(closedBy(successor), [70]);
  assertEquals(new HeldHandles(words).hasToClose, false);
});
