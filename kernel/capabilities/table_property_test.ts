import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Errno, OsError } from "@hako/ipc";
import type { Handle } from "./handle.ts";
import { ALL_RIGHTS, type CapabilityKind, KINDS, maskOf, RIGHT } from "./rights.ts";
import { type CapabilityRow, FLAG } from "./rows.ts";
import { type CapabilityEntry, CapabilityTable, TABLE_LIMITS } from "./table.ts";
import { MemoryRows } from "./test_memory_rows.ts";

const LIMITS = { rows: 14, owners: 3, reserved: 2, held: 7, what: "capabilities" };
const CODES = [1, 2, 33, 64];

/** One capability of the model, which knows its parent by reference and its rights by their sets. */
interface Node {
  readonly handle: Handle;
  readonly kind: CapabilityKind;
  readonly owner: number;
  readonly parent: Node | undefined;
  readonly rights: number;
  readonly codes: readonly number[] | undefined;
  readonly giver: number;
  readonly via: number;
  isOffered: boolean;
}

type Answer = Handle[] | Errno;

/** The same as the table, as one would say it: a list of nodes, and searches through all of it. */
class Model {
  nodes: Node[] = [];

  charged(owner: number): number {
    const pays = (node: Node) => node.isOffered ? node.giver : node.owner;
    return this.nodes.filter((node) => pays(node) === owner).length;
  }

  room(owner: number, count: number, nodes = this.nodes): Errno | undefined {
    const all = this.nodes;
    this.nodes = nodes;
    const counts = [0, 1, 2].map((one) => this.charged(one));
    this.nodes = all;
    if (counts[owner]! + count > LIMITS.held) return "EMFILE";
    counts[owner]! += count;
    const reserves = counts.map((has) => Math.max(has, LIMITS.reserved));
    const wanted = reserves.reduce((sum, has) => sum + has, 0);
    return wanted > LIMITS.rows ? "ENFILE" : undefined;
  }

  find(owner: number, handle: Handle): Node | undefined {
    return this.nodes.find((node) => node.handle === handle && node.owner === owner);
  }

  usable(owner: number, handle: Handle, right: number): Node | Errno {
    const node = this.find(owner, handle);
    if (node === undefined || node.isOffered) return "EBADF";
    return (node.rights & right) === 0 ? "EPERM" : node;
  }

  below(node: Node): Node[] {
    const isBelow = (other: Node): boolean =>
      other.parent !== undefined && (other.parent === node || isBelow(other.parent));
    return this.nodes.filter(isBelow);
  }

  end(nodes: readonly Node[]): Handle[] {
    this.nodes = this.nodes.filter((node) => !nodes.includes(node));
    return nodes.map(({ handle }) => handle);
  }
}

/** What a step does, drawn at random: every number is taken modulo what there is to choose from. */
interface Step {
  readonly what: number;
  readonly owner: number;
  readonly which: readonly number[];
  readonly rights: number;
  readonly codes: readonly number[] | undefined;
  readonly via: number;
  /** 0: by any handle, for anyone, over any channel. Else: by one that is good, by whoever has it. */
  readonly aim: number;
}

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    what: fc.nat(15),
    owner: fc.nat(2),
    which: fc.array(fc.nat(40), { minLength: 1, maxLength: 3 }),
    rights: fc.oneof(fc.constant(0xffff), fc.nat(0x1ff).map((bits) => bits | 7), fc.nat(0x1ff)),
    codes: fc.option(fc.subarray(CODES), { nil: undefined }),
    via: fc.integer({ min: 1, max: 3 }),
    aim: fc.nat(4),
  }),
  { maxLength: 60, size: "max" },
);

/** The table and the model, told the same. */
class Twins {
  readonly rows: MemoryRows<CapabilityRow> = new MemoryRows(LIMITS.rows + 1);
  readonly model: Model = new Model();
  readonly everGiven: Handle[] = [];
  table: CapabilityTable;
  #badge = 0;

  constructor() {
    this.table = this.#successor();
  }

  act(drawn: Step): void {
    const { handles, ...found } = this.#aimed(drawn);
    const step = { ...drawn, ...found };
    const [handle = 1] = handles;
    if (step.what < 2) this.#root(step);
    else if (step.what < 5) this.#derive(step, handle);
    else if (step.what < 8) this.#grant(step, handles);
    else if (step.what < 11) this.#accept(step, handle);
    else if (step.what < 12) this.#revoke(step, handle);
    else if (step.what < 14) this.#drop(step, handle);
    else if (step.what < 15) this.table = this.#successor();
    else if (step.which.length === 3) this.#dropOwner(step);
    this.#compare();
  }

  #aimed({ owner, which, via, aim }: Step): { handles: Handle[]; owner: number; via: number } {
    const { nodes } = this.model;
    if (aim === 0 || nodes.length === 0) {
      const { everGiven } = this;
      const handles = which.map((at) => everGiven[at % (everGiven.length || 1)] ?? 1);
      return { handles, owner, via };
    }
    const first = nodes[which[0]! % nodes.length]!;
    const mine = nodes.filter((node) => node.owner === first.owner && !node.isOffered);
    const more = which.slice(1).map((at) => mine[at % (mine.length || 1)]?.handle ?? 1);
    return { handles: [first.handle, ...more], owner: first.owner, via: first.via || via };
  }

  #successor(): CapabilityTable {
    return new CapabilityTable(this.rows, () => ++this.#badge, {
      ...TABLE_LIMITS,
      capabilities: LIMITS,
    });
  }

  /** Does the same in the table; one that is refused must leave the rows as they were. */
  #expect(expected: Answer | undefined, act: () => Handle[]): Handle[] {
    const before = this.rows.copy();
    try {
      const handles = act();
      assert(typeof expected !== "string", `expected ${expected}`);
      if (expected !== undefined) assertEquals(handles.toSorted(), expected.toSorted());
      return handles;
    } catch (error) {
      if (!(error instanceof OsError)) throw error;
      assertEquals(error.code, expected, error.message);
      assertEquals(this.rows.copy(), before);
      return [];
    }
  }

  #add(handles: readonly Handle[], nodes: readonly Omit<Node, "handle">[]): void {
    handles.forEach((handle, at) => {
      assert(!this.everGiven.includes(handle), "no handle comes twice");
      this.everGiven.push(handle);
      this.model.nodes.push({ ...nodes[at]!, handle });
    });
  }

  #root({ owner, rights: bits, via }: Step): void {
    const kind = KINDS[via]!;
    const rights = bits & ALL_RIGHTS[kind];
    const refused = this.model.room(owner, 1);
    const made = this.#expect(
      refused,
      () => [this.table.root(owner, { kind, object: via, rights })],
    );
    const codes = undefined;
    const node = { kind, owner, parent: undefined, rights, codes, giver: 0, via: 0 };
    this.#add(made, [{ ...node, isOffered: false }]);
  }

  #derive({ owner, rights: bits, codes }: Step, handle: Handle): void {
    const parent = this.model.usable(owner, handle, RIGHT.derive);
    const known = typeof parent === "string" ? 0 : parent.rights;
    const rights = bits === 0xffff ? undefined : bits & (known | (bits & 7)); // Now and then too many.
    const operations = codes === undefined ? undefined : maskOf(codes);
    const refused = this.#refusedDerivation(owner, parent, rights, codes);
    const made = this.#expect(
      refused,
      () => [this.table.derive(owner, handle, { rights, operations })],
    );
    if (typeof parent === "string") return;
    const more = { rights: rights ?? parent.rights, codes: codes ?? parent.codes };
    this.#add(made, [{ ...parent, parent, ...more, giver: 0, via: 0 }]);
  }

  #refusedDerivation(
    owner: number,
    parent: Node | Errno,
    rights: number | undefined,
    codes: readonly number[] | undefined,
  ): Errno | undefined {
    if (typeof parent === "string") return parent;
    if (rights !== undefined && (rights & ~parent.rights) !== 0) return "EPERM";
    if (codes !== undefined) {
      if (parent.kind !== "endpoint") return "EINVAL";
      if (parent.codes && codes.some((code) => !parent.codes!.includes(code))) return "EPERM";
    }
    return this.model.room(owner, 1);
  }

  #grant({ owner, rights, via }: Step, handles: readonly Handle[]): void {
    const receiver = (owner + 1 + rights % 2) % 3;
    const parents = handles.map((handle) => this.model.usable(owner, handle, RIGHT.grant));
    const refused = parents.find((parent) => typeof parent === "string") ??
      (new Set(handles).size < handles.length ? "EINVAL" : this.model.room(owner, handles.length));
    const made = this.#expect(
      refused as Errno | undefined,
      () => this.table.grant(owner, handles, { receiver, via }),
    );
    const nodes = parents.flatMap((parent) =>
      typeof parent === "string"
        ? []
        : [{ ...parent, parent, owner: receiver, giver: owner, via, isOffered: true }]
    );
    this.#add(made, nodes);
  }

  #accept({ owner, via }: Step, handle: Handle): void {
    const node = this.model.find(owner, handle);
    const others = this.model.nodes.filter((other) => other !== node);
    let refused: Errno | undefined;
    if (node === undefined) refused = "EBADF";
    else if (node.via !== via) refused = "EPERM";
    else if (node.isOffered) refused = this.model.room(owner, 1, others);
    const made = this.#expect(refused, () => [this.table.accept(owner, handle, via).handle]);
    if (made.length > 0) node!.isOffered = false;
  }

  #revoke({ owner }: Step, handle: Handle): void {
    const node = this.model.usable(owner, handle, RIGHT.revoke);
    const expected = typeof node === "string" ? node : this.model.end(this.model.below(node));
    this.#expect(expected, () => handlesOf(this.table.revoke(owner, handle)));
  }

  #drop({ owner }: Step, handle: Handle): void {
    const node = this.model.find(owner, handle);
    let expected: Answer;
    if (node === undefined) expected = "EBADF";
    else {
      const below = this.model.below(node);
      if (below.length > 0 && (node.rights & RIGHT.revoke) === 0) expected = "EPERM";
      else expected = this.model.end([node, ...below]);
    }
    this.#expect(expected, () => handlesOf(this.table.drop(owner, handle)));
  }

  #dropOwner({ owner }: Step): void {
    const held = this.model.nodes.filter((node) => node.owner === owner && !node.isOffered);
    const ended = new Set(held.flatMap((node) => [node, ...this.model.below(node)]));
    this.#expect(this.model.end([...ended]), () => handlesOf(this.table.dropOwner(owner)));
  }

  /** Every handle that was ever given is worth the same to everybody in both. */
  #compare(): void {
    for (const handle of this.everGiven) {
      for (const owner of [0, 1, 2]) {
        const node = this.model.find(owner, handle);
        const entry = this.table.find(owner, handle);
        assertEquals(entry === undefined, node === undefined);
        if (entry !== undefined) compareOne(entry, node!);
      }
    }
    const all = [...this.table.all()];
    assertEquals(all.length, this.model.nodes.length);
    const badges = all.map(({ row }) => row.badge).filter((badge) => badge !== 0);
    assertEquals(new Set(badges).size, badges.length, "no two have one badge");
    for (const owner of [0, 1, 2]) {
      assert(this.model.charged(owner) <= LIMITS.held);
      const held = [...this.table.held(owner)].map(({ handle }) => handle).toSorted();
      const nodes = this.model.nodes.filter((node) => node.owner === owner && !node.isOffered);
      assertEquals(held, nodes.map(({ handle }) => handle).toSorted());
    }
  }
}

function compareOne({ kind, row }: CapabilityEntry, node: Node): void {
  assertEquals(kind, node.kind);
  assertEquals(row.rights, node.rights);
  assertEquals((row.flags & FLAG.OFFERED) !== 0, node.isOffered);
  assertEquals((row.flags & FLAG.LIMITED) !== 0, node.codes !== undefined);
  const mask = maskOf(node.codes ?? []);
  assertEquals({ low: row.operationsLow, high: row.operationsHigh }, mask);
  assertEquals(row.badge !== 0, kind === "endpoint");
  if (node.parent === undefined) return;
  assertEquals(row.rights & ~node.parent.rights, 0, "rights only shrink along the tree");
  for (const code of node.codes ?? []) assert(node.parent.codes?.includes(code) ?? true);
}

function handlesOf(entries: readonly CapabilityEntry[]): Handle[] {
  return entries.map(({ handle }) => handle);
}

Deno.test("whatever is asked in whatever order, the table does what the model says", () => {
  const property = fc.property(steps, (all) => {
    const twins = new Twins();
    for (const step of all) twins.act(step);
  });
  fc.assert(property, { numRuns: 300 });
});

Deno.test("steps that reach everything: the model is not compared with an empty table", () => {
  const reached = new Set<string>();
  for (const all of fc.sample(steps, { numRuns: 200, seed: 4 })) {
    const twins = new Twins();
    for (const step of all) {
      twins.act(step);
      for (const node of twins.model.nodes) {
        if (node.parent?.parent?.parent) reached.add("depth");
        if (node.via !== 0) reached.add(node.isOffered ? "offered" : "accepted");
        if (node.codes !== undefined && node.parent?.codes !== undefined) reached.add("limited");
      }
      for (const owner of [0, 1, 2]) reached.add(twins.model.room(owner, 1) ?? "room");
    }
  }
  const expected = ["EMFILE", "ENFILE", "accepted", "depth", "limited", "offered", "room"];
  assertEquals([...reached].toSorted(), expected);
});
