import { assertThrows } from "@std/assert";
import { type Change, Ledger, SECTORS, Violation, WHOLE } from "./ledger.ts";
import { judgeOrder } from "./order_judge.ts";

const ZERO = Array<number>(SECTORS).fill(0);

function ledger(): Ledger {
  return new Ledger([ZERO, ZERO]);
}

function write(book: Ledger, blocks = [0], kind: Change["kind"] = "write"): Change {
  return book.start(
    { kind, client: 1, isForced: false },
    blocks.map((block) => ({ block, mask: WHOLE })),
  );
}

function see(book: Ledger, block: number, stamp: number, startAt = book.tick()): void {
  const stamps = Array<number>(SECTORS).fill(stamp);
  book.sights.push({ client: 2, block, mask: WHOLE, stamps, startAt, endAt: book.tick() });
}

Deno.test("judgeOrder() takes a write under way as done or not, and not as both", () => {
  const book = ledger();
  const change = write(book);
  const { stamp } = change.pieces[0]!;
  see(book, 0, 0);
  see(book, 0, stamp);
  judgeOrder(book);
  see(book, 0, 0);
  assertThrows(() => judgeOrder(book), Violation, "block 0");
});

Deno.test("judgeOrder() refuses a write that comes back after a newer one", () => {
  const book = ledger();
  const old = write(book);
  see(book, 0, old.pieces[0]!.stamp);
  const newer = write(book);
  book.end(newer, "done");
  see(book, 0, newer.pieces[0]!.stamp);
  judgeOrder(book);
  see(book, 0, old.pieces[0]!.stamp);
  assertThrows(() => judgeOrder(book), Violation);
});

Deno.test("judgeOrder() refuses a mixture within a block", () => {
  const book = ledger();
  const [one, other] = [write(book), write(book)];
  book.end(one, "done");
  book.end(other, "done");
  const stamps = ZERO.map((_, sector) => (sector < 4 ? one : other).pieces[0]!.stamp);
  const startAt = book.tick();
  book.sights.push({ client: 2, block: 0, mask: WHOLE, stamps, startAt, endAt: book.tick() });
  assertThrows(() => judgeOrder(book), Violation);
});

Deno.test("judgeOrder() refuses a transaction that is seen in one block and not in another", () => {
  const book = ledger();
  const transaction = write(book, [0, 1], "transact");
  see(book, 0, transaction.pieces[0]!.stamp);
  judgeOrder(book);
  see(book, 1, 0);
  assertThrows(() => judgeOrder(book), Violation);
});

Deno.test("judgeOrder() lets a trimmed block hold anything until it is written", () => {
  const book = ledger();
  book.end(write(book, [0], "trim"), "done");
  see(book, 0, 77);
  see(book, 0, 78);
  judgeOrder(book);
  const change = write(book);
  book.end(change, "done");
  see(book, 0, 77);
  assertThrows(() => judgeOrder(book), Violation);
});

Deno.test("judgeOrder() lets a write that was refused be there or not, and not come later", () => {
  const book = ledger();
  const failed = write(book);
  book.end(failed, "failed");
  see(book, 0, 0);
  judgeOrder(book);
  see(book, 0, failed.pieces[0]!.stamp);
  assertThrows(() => judgeOrder(book), Violation);
});
