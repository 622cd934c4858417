import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  bool,
  bytes,
  f64,
  fixedBytes,
  i32,
  oneOf,
  OsError,
  u32,
  u64,
  u8,
  utf8,
  window,
} from "@hako/ipc";
import { type Keep, openKeep } from "./keep.ts";
import { LOG_BYTES_MIN } from "./limits.ts";
import { keepBytes, type KeepSchema, log, record, table } from "./schema.ts";
import { Transactions } from "./transactions.ts";
import { SharedWords } from "./words.ts";

const SCHEMA = {
  head: record({
    count: u32,
    size: u64,
    ratio: f64,
    isOpen: bool,
    kind: oneOf("file", "directory"),
    name: utf8(12),
    raw: bytes(5),
    id: fixedBytes(3),
  }),
  rows: table(4, { value: i32 }),
  tail: log(64),
};

const EMPTY = {
  count: 0,
  size: 0,
  ratio: 0,
  isOpen: false,
  kind: "file",
  name: "",
  raw: new Uint8Array(0),
  id: new Uint8Array(3),
} as const;

/** What outlives a life. */
class Memories {
  readonly log = new SharedArrayBuffer(LOG_BYTES_MIN);
  readonly keep: SharedArrayBuffer;

  constructor(schema: KeepSchema) {
    this.keep = new SharedArrayBuffer(keepBytes(schema));
  }

  open<S extends KeepSchema>(schema: S): { keep: Keep<S>; transactions: Transactions } {
    const transactions = new Transactions(this.log, () => {});
    const region = transactions.region(3, this.keep);
    transactions.recover();
    return { keep: openKeep(region, schema, "keep of disk"), transactions };
  }
}

function messageOf(act: () => unknown): string {
  return (assertThrows(act, OsError) as OsError).message;
}

Deno.test("a record has every kind of field, and zeros before the first put", () => {
  const memories = new Memories(SCHEMA);
  const first = memories.open(SCHEMA);
  assertEquals<unknown>(first.keep.head.get(), EMPTY);
  const values = {
    count: 2 ** 32 - 1,
    size: Number.MAX_SAFE_INTEGER,
    ratio: -0.5,
    isOpen: true,
    kind: "directory",
    name: "größer",
    raw: Uint8Array.of(1, 2),
    id: Uint8Array.of(3, 4, 5),
  } as const;
  first.keep.head.put(values);
  assertEquals<unknown>(first.keep.head.get(), values, "what is staged is read");
  assertEquals<unknown>(memories.open(SCHEMA).keep.head.get(), EMPTY, "by this life alone");
  first.transactions.commit();
  assertEquals<unknown>(memories.open(SCHEMA).keep.head.get(), values);
});

Deno.test("a table's rows come and go, and what was aborted never was", () => {
  const { keep: { rows }, transactions } = new Memories(SCHEMA).open(SCHEMA);
  for (let value = 0; value < rows.length; value++) rows.put(rows.free(), { value });
  assertEquals([rows.free(), [...rows.entries()].length], [-1, 4]);
  transactions.abort();
  assertEquals([rows.free(), [...rows.entries()]], [0, []]);

  rows.put(2, { value: -7 });
  transactions.commit();
  rows.put(0, { value: 1 });
  rows.remove(2);
  assertEquals([rows.free(), rows.get(2)], [1, undefined]);
  transactions.abort();
  assertEquals([rows.free(), [...rows.entries()]], [0, [[2, { value: -7 }]]]);
  for (const index of [-1, 4, 0.5, NaN]) assertThrows(() => rows.get(index), RangeError, "4 rows");
});

Deno.test("a log says when it is full, and begins anew when it is cleared", () => {
  const memories = new Memories(SCHEMA);
  const { keep: { tail }, transactions } = memories.open(SCHEMA);
  const entries = [new Uint8Array(0), Uint8Array.of(1), new Uint8Array(20).fill(7)];
  for (const entry of entries) assert(tail.append(entry));
  assert(!tail.append(new Uint8Array(9)), "8 bytes are left besides a head");
  transactions.commit();
  assertEquals([...memories.open(SCHEMA).keep.tail.entries()], entries);

  tail.append(Uint8Array.of(9));
  tail.clear();
  tail.append(Uint8Array.of(10, 11));
  assertEquals([[...tail.entries()], tail.length], [[Uint8Array.of(10, 11)], 1]);
  transactions.commit();
  assertEquals([...memories.open(SCHEMA).keep.tail.entries()], [Uint8Array.of(10, 11)]);
});

Deno.test("a log that is cleared twice in one transaction holds what was appended last", () => {
  const memories = new Memories(SCHEMA);
  const { keep: { tail }, transactions } = memories.open(SCHEMA);
  const run = (length: number, value: number) => new Uint8Array(length).fill(value);
  const rounds = [[run(12, 1), run(4, 2)], [run(28, 3)], [run(12, 4), run(4, 5)]];
  for (const entries of rounds) {
    tail.clear();
    for (const entry of entries) tail.append(entry);
    assertEquals([...tail.entries()], entries);
  }
  transactions.commit();
  assertEquals([...memories.open(SCHEMA).keep.tail.entries()], rounds[2]);
});

Deno.test("a value that does not fit is refused, and nothing of it is staged", () => {
  const { keep, transactions } = new Memories(SCHEMA).open(SCHEMA);
  assertThrows(() => keep.rows.put(0, { value: 2 ** 31 }), RangeError, "keep of disk: rows: value");
  const head = { ...keep.head.get(), name: "far too long a name" };
  assertThrows(() => keep.head.put(head), RangeError, "name");
  assert(transactions.isEmpty);
});

Deno.test("a damaged part is named, with its keep and index, and what is sound is read", () => {
  const memories = new Memories(SCHEMA);
  const { keep, transactions } = memories.open(SCHEMA);
  for (let index = 0; index < 3; index++) keep.rows.put(index, { value: 1000 + index });
  keep.head.put({ ...keep.head.get(), count: 77_777 });
  keep.tail.append(new Uint8Array(4).fill(0x55));
  transactions.commit();
  const words = new Uint32Array(memories.keep);
  for (const value of [1001, 77_777, 0x5555_5555]) words[words.indexOf(value)]! ^= 1;

  const after = memories.open(SCHEMA);
  assertEquals(after.keep.rows.get(2), { value: 1002 });
  assert(messageOf(() => after.keep.rows.get(1)).includes("read keep of disk: rows[1]"));
  assert(messageOf(() => [...after.keep.rows.entries()]).includes("rows[1]"));
  assert(messageOf(() => after.keep.head.get()).startsWith("EUCLEAN"));
  assert(messageOf(() => [...after.keep.tail.entries()]).includes("keep of disk: tail[0]"));
  assertEquals([after.keep.rows.damaged(), after.keep.rows.free()], [[1], 3]);
  after.keep.rows.remove(1);
  assertEquals([after.keep.rows.damaged(), after.keep.rows.free()], [[], 1], "removing mends");
});

Deno.test("a row that was copied to another place is damaged there", () => {
  const memories = new Memories(SCHEMA);
  const { keep, transactions } = memories.open(SCHEMA);
  keep.rows.put(0, { value: 0xabcdef });
  transactions.commit();
  const words = new Uint32Array(memories.keep);
  const at = words.indexOf(0xabcdef) - 2;
  words.copyWithin(at + 3, at, at + 3);
  assertEquals(keep.rows.damaged(), [1]);
});

Deno.test("a row whose head was zeroed is damaged, and one that nobody has put is not", () => {
  const memories = new Memories(SCHEMA);
  const { keep, transactions } = memories.open(SCHEMA);
  keep.rows.put(2, { value: 0xabcdef });
  transactions.commit();
  assertEquals([keep.rows.damaged(), keep.rows.free()], [[], 0], "those before it are free");
  const words = new Uint32Array(memories.keep);
  words.fill(0, words.indexOf(0xabcdef) - 2, words.indexOf(0xabcdef));

  const after = memories.open(SCHEMA).keep;
  assertEquals(after.rows.damaged(), [2]);
  assert(messageOf(() => [...after.rows.entries()]).includes("rows[2]"));
});

Deno.test("a table whose head was scribbled over has all its rows", () => {
  for (const scribbled of [0, 1, 0xdead_beef]) {
    const memories = new Memories(SCHEMA);
    const { keep, transactions } = memories.open(SCHEMA);
    keep.rows.put(1, { value: 0xabcdef });
    transactions.commit();
    const words = new Uint32Array(memories.keep);
    const head = words.indexOf(0xabcdef) - 2 - 3 - 2; // Its own row's head, a row, its own.
    words.fill(scribbled, head, head + 2);

    const life = memories.open(SCHEMA);
    assertEquals([...life.keep.rows.entries()], [[1, { value: 0xabcdef }]]);
    life.keep.rows.put(3, { value: 5 });
    life.transactions.commit();
    const rows = [...memories.open(SCHEMA).keep.rows.entries()];
    assertEquals(rows, [[1, { value: 0xabcdef }], [3, { value: 5 }]]);
  }
});

/** A memory that counts the words that are copied from and to it. */
class CountedWords extends SharedWords {
  copied = 0;

  override load(at: number, target: Uint32Array, targetAt: number, count: number): void {
    this.copied += count;
    super.load(at, target, targetAt, count);
  }

  override store(at: number, source: Uint32Array, sourceAt: number, count: number): void {
    this.copied += count;
    super.store(at, source, sourceAt, count);
  }
}

Deno.test("a table costs what it holds, and not what it has room for", () => {
  const schema = { rows: table(65_536, { value: u32 }) };
  const redoLog = new SharedArrayBuffer(LOG_BYTES_MIN);
  const memory = new SharedArrayBuffer(keepBytes(schema));
  for (const life of [1, 2, 3]) {
    const words = new CountedWords(memory);
    const transactions = new Transactions(redoLog, () => {});
    const region = transactions.region(1, words);
    transactions.recover();
    const { rows } = openKeep(region, schema);
    assertEquals([...rows.entries()].length, life - 1);
    rows.put(rows.free(), { value: life });
    transactions.commit();
    assert(words.copied < 64, `${words.copied} words`);
  }
});

Deno.test("another schema is refused with both fingerprints, whatever differs", () => {
  const memories = new Memories(SCHEMA);
  memories.open(SCHEMA);
  const others: KeepSchema[] = [
    { ...SCHEMA, rows: table(3, { value: i32 }) },
    { ...SCHEMA, rows: table(4, { value: u32 }) },
    { ...SCHEMA, rows: table(4, { amount: i32 }) },
    { ...SCHEMA, tail: log(60) },
    { head: SCHEMA.head, tail: SCHEMA.tail, rows: SCHEMA.rows },
    { head: SCHEMA.head, rows: SCHEMA.rows },
  ];
  for (const other of others) {
    const message = messageOf(() => memories.open(other));
    assert(/^EPROTO.*keep of disk.*[0-9a-f]{8}.*[0-9a-f]{8}/.test(message), message);
  }
});

Deno.test("a keep whose head was scribbled over or zeroed is not opened", () => {
  const memories = new Memories(SCHEMA);
  const { keep, transactions } = memories.open(SCHEMA);
  keep.rows.put(0, { value: 5 });
  transactions.commit();
  const words = new Uint32Array(memories.keep);
  words[2]! ^= 4;
  assert(messageOf(() => memories.open(SCHEMA)).includes("its head is damaged"));
  words.fill(0, 0, 4);
  assert(messageOf(() => memories.open(SCHEMA)).includes("its head was zeroed"));
});

Deno.test("what cannot be kept is not declared", () => {
  assertThrows(() => record({ data: window("read") }), RangeError, "lent, and not kept");
  assertThrows(() => record({ "a;b": u8 }), RangeError, "no name");
  assertThrows(() => record({ toString: u8 }), RangeError, "no name");
  for (const length of [0, 1.5, 65_537]) assertThrows(() => table(length, { a: u8 }), RangeError);
  for (const length of [0, -1, 2 ** 31]) assertThrows(() => log(length), RangeError);
  const big = { a: log(2 ** 30), b: log(1) };
  assertThrows(() => keepBytes(big), RangeError, "at most");
  const memories = new Memories(SCHEMA);
  const large = { rows: table(2_000, { value: u64 }) };
  assertThrows(() => memories.open(large), RangeError, "4096 bytes, not 32768");
});

Deno.test("random transactions, aborts, and lives agree with a plain model", () => {
  let seed = 7;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return (seed >>> 8) % below;
  };
  const memories = new Memories(SCHEMA);
  let life = memories.open(SCHEMA);
  type Model = { count: number; rows: Map<number, number>; tail: number[] };
  let kept: Model = { count: 0, rows: new Map(), tail: [] };
  let staged = structuredClone(kept);
  const acts: (() => void)[] = [
    () => life.keep.head.put({ ...life.keep.head.get(), count: staged.count = random(1000) }),
    () => {
      const [index, value] = [random(4), random(1000)];
      staged.rows.set(index, value);
      life.keep.rows.put(index, { value });
    },
    () => {
      const index = random(4);
      staged.rows.delete(index);
      life.keep.rows.remove(index);
    },
    () => {
      const value = random(256);
      if (life.keep.tail.append(new Uint8Array(random(9)).fill(value))) staged.tail.push(value);
      else {
        life.keep.tail.clear();
        staged.tail = [];
      }
    },
    () => {
      life.transactions.commit();
      kept = structuredClone(staged);
    },
    () => {
      life.transactions.abort();
      staged = structuredClone(kept);
    },
    () => {
      life = memories.open(SCHEMA);
      staged = structuredClone(kept);
    },
  ];
  for (let step = 0; step < 5_000; step++) {
    acts[random(acts.length)]!();
    const { head, rows, tail } = life.keep;
    assertEquals(head.get().count, staged.count, `step ${step}`);
    const model = [...staged.rows].map(([index, value]) => [index, { value }]);
    assertEquals<unknown>([...rows.entries()], model.sort(([a], [b]) => +a! - +b!), `step ${step}`);
    assertEquals(tail.length, staged.tail.length, `step ${step}`);
    const bytes = [...tail.entries()].map((entry, i) => entry.every((b) => b === staged.tail[i]));
    assert(bytes.every((same) => same), `step ${step}`);
    const free = [0, 1, 2, 3].find((index) => !staged.rows.has(index)) ?? -1;
    assertEquals(rows.free(), free, `step ${step}`);
  }
});
