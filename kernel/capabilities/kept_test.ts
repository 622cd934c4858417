import { assert, assertEquals } from "@std/assert";
import { openKeep } from "../keeps/keep.ts";
import { keepBytes, table as rowsOf } from "../keeps/schema.ts";
import { Transactions } from "../keeps/transactions.ts";
import { KERNEL_LOG_BYTES } from "../limits.ts";
import { CAPABILITIES_MAX, OWNERS_MAX } from "./limits.ts";
import { CAPABILITY_FIELDS } from "./rows.ts";
import { CapabilityTable } from "./table.ts";

const APP = 1;
const SERVER = 2;
const VIA = 9;
const SCHEMA = { capabilities: rowsOf(CAPABILITIES_MAX, CAPABILITY_FIELDS) };

/** The memories that outlive a kernel. */
function memories() {
  return {
    log: new SharedArrayBuffer(KERNEL_LOG_BYTES),
    tables: new SharedArrayBuffer(keepBytes(SCHEMA)),
  };
}

/** A kernel begins: it finds what was committed. */
function begin({ log, tables }: ReturnType<typeof memories>) {
  const transactions = new Transactions(log, () => {});
  const region = transactions.region(1, tables);
  transactions.recover();
  let badge = 0;
  const table = new CapabilityTable(openKeep(region, SCHEMA).capabilities, () => ++badge);
  return { table, transactions };
}

Deno.test("a table in a keep: what a kernel has not committed has not been", () => {
  const outliving = memories();
  const first = begin(outliving);
  const volume = first.table.root(APP, { kind: "endpoint", object: 4, badge: 100 });
  first.transactions.commit();
  const [granted] = first.table.grant(APP, [volume], { receiver: SERVER, via: VIA });
  const lost = begin(outliving);
  assertEquals(lost.table.named(granted!), undefined);
  assertEquals([...lost.table.held(APP)].map(({ handle }) => handle), [volume]);

  const [again] = lost.table.grant(APP, [volume], { receiver: SERVER, via: VIA });
  lost.transactions.commit();
  const found = begin(outliving);
  assertEquals(found.table.accept(SERVER, again!, VIA).row.object, 4);
  found.transactions.commit();
  found.table.revoke(APP, volume);

  assertEquals(begin(outliving).table.lookup(SERVER, again!, "call").handle, again);
  found.transactions.commit();
  assertEquals([...begin(outliving).table.held(SERVER)], []);
});

Deno.test("the largest tree is revoked in one transaction of the kernel's log", () => {
  const outliving = memories();
  const { table, transactions } = begin(outliving);
  const root = table.root(APP, { kind: "segment", object: 1 });
  for (let owner = APP; owner < OWNERS_MAX; owner++) {
    const top = owner === APP ? root : accepted(table, root, owner);
    for (let count = 1; count < 60; count++) table.derive(owner, top);
    transactions.commit();
  }
  const count = [...table.all()].length;
  assertEquals(count, 60 * (OWNERS_MAX - 1));
  const startMs = performance.now();

  assertEquals(table.revoke(APP, root).length, count - 1);
  transactions.commit();

  const tookMs = performance.now() - startMs;
  assertEquals([...begin(outliving).table.all()].length, 1);
  assert(tookMs < 1_000, `it took ${tookMs} ms`);
});

function accepted(table: CapabilityTable, root: number, owner: number): number {
  const [offer] = table.grant(APP, [root], { receiver: owner, via: VIA });
  return table.accept(owner, offer!, VIA).handle;
}
