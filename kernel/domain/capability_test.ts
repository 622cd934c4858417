import { assertEquals, assertThrows } from "@std/assert";
import { defineProtocol, type Errno, OsError, u32 } from "@hako/ipc";
import { CapabilityTable, TABLE_LIMITS } from "../capabilities/table.ts";
import { CapabilityCalls } from "../capabilities/execution.ts";
import type { CapabilityView } from "../capabilities/calls.ts";
import type { CapabilityRow } from "../capabilities/rows.ts";
import { FakeKernel } from "../capabilities/test_fake_kernel.ts";
import { MemoryRows } from "../capabilities/test_memory_rows.ts";
import {
  accept,
  type Ask,
  Capability,
  grantAll,
  held,
  newSegment,
  operationCodes,
} from "./capability.ts";

const APP = 1;
const VIEWER = 2;

const Volume = defineProtocol("volume", 1, {
  read: { code: 1, request: { block: u32 }, errors: [], idempotent: true },
  write: { code: 2, request: { block: u32 }, errors: [], idempotent: true },
});

/** An app that calls a viewer, and holds a volume. */
function stage() {
  const kernel = new FakeKernel();
  const capabilities = { rows: 255, owners: 5, reserved: 8, held: 64, what: "capabilities" };
  const limits = { ...TABLE_LIMITS, capabilities };
  const rows = new MemoryRows<CapabilityRow>(256);
  const table = new CapabilityTable(rows, () => kernel.newBadge(), limits);
  const calls = new CapabilityCalls(table, kernel);
  const asker = (owner: number): Ask => (call) => calls.execute(owner, structuredClone(call));
  const [app, viewer] = [asker(APP), asker(VIEWER)];
  const root = (object: number, badge: number) => {
    const more = { object, badge, isInUse: true };
    const handle = table.root(APP, { kind: "endpoint", ...more });
    return held(app).find((capability) => capability.handle === handle)!;
  };
  return { kernel, table, app, viewer, toViewer: root(200, 21), volume: root(300, 31) };
}

function assertRefused(code: Errno, act: () => unknown): void {
  assertEquals(assertThrows(act, OsError).code, code);
}

Deno.test("Capability: the example of its documentation", () => {
  const { viewer, toViewer, volume } = stage();
  const rights = ["call", "grant", "revoke"] as const;
  const readOnly = volume.derive({ operations: operationCodes(Volume, "read"), rights });
  const { handle, badge } = readOnly.grant(toViewer);

  const accepted = accept(viewer, handle, { badge: 21 });

  assertEquals(accepted.rights.toSorted(), rights.toSorted());
  assertEquals([accepted.operations, accepted.badge, accepted.via], [[1], badge, 21]);
  assertRefused("EPERM", () => accepted.derive({ rights: ["call"] }));
  assertEquals(readOnly.revoke(), { count: 1, isRetired: false });
  assertRefused("EBADF", () => accepted.drop());
  assertEquals(readOnly.drop(), { count: 1, isRetired: false });
});

Deno.test("grantAll() offers all or none", () => {
  const { app, viewer, toViewer, volume } = stage();
  const bare = volume.derive({ rights: ["call"] });
  assertRefused("EPERM", () => grantAll([volume, bare], toViewer));
  assertEquals(grantAll([], toViewer), []);
  const window = newSegment(app, 4096);
  const granted = grantAll([volume, window], toViewer);
  const taken = granted.map(({ handle }) => accept(viewer, handle, { badge: 21 }));
  assertEquals(taken.map(({ kind }) => kind), ["endpoint", "segment"]);
  assertEquals(held(viewer).map(({ handle }) => handle), granted.map(({ handle }) => handle));
});

Deno.test("held() finds what there is, however much", () => {
  const { app, volume } = stage();
  const derived = Array.from({ length: 50 }, () => volume.derive().handle);
  assertEquals(held(app).slice(2).map(({ handle }) => handle), derived);
});

Deno.test("a segment is copied, a domain looked at and ended, by what allows it", () => {
  const { kernel, table, app, volume } = stage();
  const copy = newSegment(app, 4096).copy();
  assertEquals([copy.kind, kernel.byteLengthOf(2)], ["segment", 4096]);
  table.root(APP, { kind: "domain", object: 4 });
  const domain = held(app).at(-1)!;
  assertEquals(domain.look().epoch, 4);
  kernel.asked();
  domain.restart();
  domain.terminate();
  assertEquals(kernel.asked(), ["restart 4", "terminate 4"]);
  assertRefused("EBADF", () => volume.look());
  assertRefused("EPERM", () => domain.derive({ rights: ["look"] }).restart());
});

Deno.test("what a domain makes up gets it nothing", () => {
  const { app, volume } = stage();
  const view: CapabilityView = {
    handle: volume.handle + 4096,
    kind: "endpoint",
    object: 300,
    rights: 0xffff,
    badge: 31,
    via: 0,
  };
  const forged = new Capability(view, app);
  assertRefused("EBADF", () => forged.derive());
  assertRefused("EBADF", () => forged.revoke());
  assertRefused("EPERM", () => volume.grant({ badge: 21 }));
  assertRefused("EBADF", () => volume.grant(forged));
});
