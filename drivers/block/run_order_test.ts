import { assertEquals } from "@std/assert";
import { RunOrder } from "./run_order.ts";

type Asked = readonly [first: number, count: number, access: "read" | "write"];

/** Which of some requests, by their numbers, wait at first, and in which order all begin. */
async function begun(asked: readonly Asked[], ends: readonly number[]): Promise<number[][]> {
  const order = new RunOrder();
  const began: number[] = [];
  const turns = asked.map(([first, count, access], number) => {
    const turn = order.take(first, count, access);
    if (turn.waits) turn.begun().then(() => began.push(number));
    return turn;
  });
  const waiting = turns.flatMap((turn, number) => turn.waits ? [number] : []);
  for (const number of ends) {
    turns[number]!.end();
    await Promise.resolve();
  }
  assertEquals(order.underWay, asked.length - ends.length);
  return [waiting, began];
}

Deno.test("what overlaps a write waits for it, and what only reads passes what only reads", async () => {
  const asked = [
    [0, 4, "write"],
    [4, 4, "write"],
    [3, 2, "read"],
    [2, 3, "read"],
    [0, 1, "write"],
    [8, 1, "read"],
    [3, 1, "write"],
  ] as const;
  const [waiting, began] = await begun(asked, [1, 0, 3, 2, 6, 4, 5]);
  assertEquals(waiting, [2, 3, 4, 6]);
  assertEquals(began, [2, 3, 4, 6]);
});

Deno.test("what is empty touches nothing, and a turn ends once", async () => {
  assertEquals(await begun([[0, 9, "write"], [3, 0, "write"]], [0, 0, 1].slice(1)), [[], []]);
  const order = new RunOrder();
  const [first, second, third] = [1, 2, 3].map(() => order.take(0, 1, "write"));
  first!.end();
  first!.end();
  assertEquals([second!.waits, third!.waits], [false, true]);
});
