import { assertEquals, assertThrows } from "@std/assert";
import { type Change, Ledger, SECTORS, Violation, WHOLE } from "./ledger.ts";
import { baseAfter, judgeRemains } from "./power_cut_judge.ts";

const ZERO = Array<number>(SECTORS).fill(0);

function done(book: Ledger, blocks: number[], kind: Change["kind"], isForced = false): number[] {
  const runs = blocks.map((block) => ({ block, mask: WHOLE }));
  const change = book.start({ kind, client: 1, isForced }, runs);
  book.end(change, "done");
  return change.pieces.map(({ stamp }) => stamp);
}

function judge(book: Ledger, ...stamps: number[]): void {
  const remains = stamps.map((stamp) => Array<number>(SECTORS).fill(stamp));
  judgeRemains(book, remains, { ordered: true });
}

Deno.test("judgeRemains() lets what no flush covered survive or not", () => {
  const book = new Ledger([ZERO, ZERO]);
  const [old] = done(book, [0], "write");
  const [newer] = done(book, [0], "write");
  for (const stamp of [0, old!, newer!]) judge(book, stamp, 0);
});

Deno.test("judgeRemains() wants what a flush covered, or newer", () => {
  const book = new Ledger([ZERO, ZERO]);
  const [old] = done(book, [0], "write");
  book.flushed(book.tick());
  const [newer] = done(book, [0], "write");
  judge(book, old!, 0);
  judge(book, newer!, 0);
  assertThrows(() => judge(book, 0, 0), Violation, "made durable");
});

Deno.test("judgeRemains() wants what was forced", () => {
  const book = new Ledger([ZERO, ZERO]);
  done(book, [1], "write", true);
  assertThrows(() => judge(book, 0, 0), Violation, "made durable");
});

Deno.test("judgeRemains() wants a transaction whole, and those before it", () => {
  const book = new Ledger([ZERO, ZERO]);
  const [old] = done(book, [0], "transact");
  const [one, other] = done(book, [0, 1], "transact");
  judge(book, one!, other!);
  judge(book, old!, 0);
  assertThrows(() => judge(book, one!, 0), Violation, "is there in another");
  assertThrows(() => judge(book, old!, other!), Violation);
});

Deno.test("judgeRemains() refuses a torn block and what nobody wrote there", () => {
  const book = new Ledger([ZERO, ZERO]);
  const [stamp] = done(book, [0], "write");
  const torn = ZERO.map((_, sector) => sector < 3 ? stamp! : 0);
  const strict = { ordered: true };
  assertThrows(() => judgeRemains(book, [torn, ZERO], strict), Violation, "another sector");
  assertThrows(() => judge(book, 99, 0), Violation, "nobody wrote");
  assertThrows(() => judge(book, 0, stamp!), Violation, "holds what is of");
});

Deno.test("baseAfter() knows nothing of what was trimmed", () => {
  const book = new Ledger([ZERO, ZERO]);
  const [stamp] = done(book, [0], "write");
  done(book, [1], "trim");
  const remains = [ZERO.map(() => stamp!), ZERO.map(() => 5)];
  assertEquals(baseAfter(book, remains), [remains[0]!, ZERO.map(() => undefined)]);
});
