import { assert, assertEquals } from "@std/assert";
import { randomFrom } from "../random.ts";
import { ACCOUNTS, drawTransfer, expectedBooks, MONEY, wrongAnswer } from "./bank.ts";

/** What a teller remembers of its transfers. */
function teller(name: string, seed: number, made: number) {
  const nets: number[] = Array(ACCOUNTS).fill(0);
  const random = randomFrom(seed);
  for (let number = 0; number < made; number++) {
    const { source, target, amount } = drawTransfer(name, number, random);
    assert(source !== target && amount > 0);
    nets[source]! -= amount;
    nets[target]! += amount;
  }
  return { name, made, nets };
}

Deno.test("what tellers remember tells what is in each account, and money stays money", () => {
  const books = expectedBooks([teller("one", 1, 500), teller("two", 2, 300), teller("idle", 3, 0)]);
  const balances = books.balances.split(",").map(Number);
  assertEquals(balances.length, ACCOUNTS);
  assertEquals(balances.reduce((sum, money) => sum + money, 0), MONEY);
  assert(balances.some((money) => money !== MONEY / ACCOUNTS));
  assertEquals([books.counts, books.wrong, books.integrity], ["one:500,two:300", "0", "ok"]);
});

Deno.test("the first answer that is wrong is told", () => {
  const expected = expectedBooks([teller("one", 1, 20)]);
  assertEquals(wrongAnswer(expected, expected), undefined);
  assertEquals(
    wrongAnswer({ ...expected, counts: "one:19" }, expected),
    "counts: one:19, not one:20, at place 0",
  );
  const balances = expected.balances.split(",").with(3, "7").join();
  const place = `not ${expected.balances.split(",")[3]}, at place 3`;
  assertEquals(wrongAnswer({ ...expected, balances }, expected), `balances: 7, ${place}`);
});
