import { assertEquals } from "@std/assert";
import { AnsweredCalls, type AnsweredRow } from "./answered.ts";
import type { KernelAnswer, KernelCall } from "./calls.ts";
import { CapabilityCalls } from "./execution.ts";
import type { CapabilityRow } from "./rows.ts";
import { CapabilityTable, TABLE_LIMITS } from "./table.ts";
import { FakeKernel } from "./test_fake_kernel.ts";
import { MemoryRows } from "./test_memory_rows.ts";

const APP = 1;

/** A kernel that can be succeeded: its rows stay. */
function stage() {
  const rows = new MemoryRows<CapabilityRow>(64);
  const answered = new MemoryRows<AnsweredRow>(3);
  const kernel = new FakeKernel();
  const capabilities = { rows: 63, owners: 3, reserved: 8, held: 32, what: "capabilities" };
  const limits = { ...TABLE_LIMITS, capabilities };
  const begin = () => {
    const table = new CapabilityTable(rows, () => kernel.newBadge(), limits);
    const calls = new CapabilityCalls(table, kernel);
    const answers = new AnsweredCalls(answered, table);
    /** As the kernel does: once, however often it is asked. */
    const ask = (name: { epoch: number; number: number }, call: KernelCall): KernelAnswer => {
      const before = answers.repeat(APP, name);
      if (before !== undefined) return before;
      const answer = calls.execute(APP, call);
      answers.note(APP, name, answer);
      return answer;
    };
    return { table, ask };
  };
  return { begin, rows, kernel };
}

Deno.test("a call that is repeated to a successor is answered the same and done once", () => {
  const { begin, rows } = stage();
  const { table, ask } = begin();
  const root = table.root(APP, { kind: "endpoint", object: 200, badge: 5, isInUse: true });
  const to = { endpoint: root };
  const calls: KernelCall[] = [
    { type: "derive", handle: root, operations: [1] },
    { type: "segment", byteLength: 4096 },
    { type: "grant", handles: [root], to },
    { type: "revoke", handle: root },
    { type: "connect", handle: root },
  ];
  calls.forEach((call, number) => {
    const answer = ask({ epoch: 1, number }, call);
    const after = rows.copy();
    const successor = begin();
    assertEquals(successor.ask({ epoch: 1, number }, call), answer);
    assertEquals(successor.ask({ epoch: 1, number }, call), answer);
    assertEquals(rows.copy(), after, `${call.type} is done once`);
  });
});

Deno.test("what is told with a repeatable call is told again: it may have died with the kernel", () => {
  const { begin, kernel } = stage();
  const { table, ask } = begin();
  const root = table.root(APP, { kind: "endpoint", object: 200, badge: 5 });
  const segment = table.root(APP, { kind: "segment", object: 3 });
  const calls: KernelCall[] = [
    { type: "connect", handle: root },
    { type: "map", handle: segment },
  ];
  calls.forEach((call, number) => {
    const answer = ask({ epoch: 1, number }, call);
    const told = kernel.asked();
    assertEquals(told.length, 1);
    assertEquals(begin().ask({ epoch: 1, number }, call), answer);
    assertEquals(kernel.asked(), told);
  });
});

Deno.test("another number or another life is another call", () => {
  const { begin, rows } = stage();
  const { table, ask } = begin();
  const root = table.root(APP, { kind: "endpoint", object: 200 });
  const derive: KernelCall = { type: "derive", handle: root };
  ask({ epoch: 1, number: 1 }, derive);
  ask({ epoch: 1, number: 2 }, derive);
  ask({ epoch: 2, number: 2 }, derive);
  ask({ epoch: 2, number: 2 }, derive);
  assertEquals(rows.copy().filter((row) => row?.parent).length, 3);
});

Deno.test("what was answered and has ended since is told so", () => {
  const { begin } = stage();
  const { table, ask } = begin();
  const root = table.root(APP, { kind: "endpoint", object: 200 });
  ask({ epoch: 1, number: 1 }, { type: "derive", handle: root });
  table.revoke(APP, root);
  const again = ask({ epoch: 1, number: 1 }, { type: "derive", handle: root });
  assertEquals(again, { type: "refused", code: "EBADF", what: "get what has ended since" });
});

Deno.test("what was refused is tried again", () => {
  const { begin } = stage();
  const { table, ask } = begin();
  const name = { epoch: 1, number: 1 };
  const handle = 4097;
  assertEquals(ask(name, { type: "derive", handle }).type, "refused");
  const root = table.root(APP, { kind: "endpoint", object: 200 });
  assertEquals(ask(name, { type: "derive", handle: root }).type, "capabilities");
});
