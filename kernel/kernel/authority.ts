/**
 * Authority: what capabilities mean to connections, segments and domains.
 *
 * A domain's last call and its answer are in the tables: a call that comes again, since the kernel
 * that had it died, is answered as it was and not done twice.
 *
 * @module
 */

import { ERRNO } from "@hako/ipc";
import {
  AnsweredCalls,
  CapabilityCalls,
  type CapabilityChannel,
  type CapabilityKind,
  CapabilityTable,
  type KernelActions,
  refuse,
} from "../capabilities/mod.ts";
import type { CapabilityGrant } from "../messages.ts";
import type { DomainStatus } from "../system_status.ts";
import { FLAG } from "../capabilities/rows.ts";
import { PROGRAM_NUMBER } from "./connections.ts";
import { statusOf } from "./status.ts";
import type { Supervised, Supervision } from "./supervision.ts";
import type { Connection, DomainEntry, Segment } from "./tables.ts";

/** An endpoint's number: its server's, and its place among those that it serves. */
const ENDPOINTS_PER_SERVER = 256;

/** Refusals of what no runtime of ours asks. */
const ABUSES: readonly string[] = ["EPROTO", "EINVAL"];

/** The authority of one system. */
export class Authority implements KernelActions {
  readonly #kernel: Supervised;
  readonly #supervision: Supervision;
  readonly #table: CapabilityTable;
  readonly #calls: CapabilityCalls;
  readonly #answered: AnsweredCalls;
  /** Who has a segment's memory by a capability, by the segment's number. */
  readonly #sharers: Map<number, Set<number>> = new Map();

  /** Opens the table of capabilities. */
  constructor(kernel: Supervised, supervision: Supervision) {
    this.#kernel = kernel;
    this.#supervision = supervision;
    this.#table = new CapabilityTable(kernel.tables.capabilities, () => this.newBadge());
    this.#calls = new CapabilityCalls(this.#table, this);
    this.#answered = new AnsweredCalls(kernel.tables.answered, this.#table);
    for (const { kind, row } of this.#table.all()) {
      if (kind === "segment" && (row.flags & FLAG.IN_USE) !== 0) this.#share(row.object, row.owner);
    }
  }

  /** Gives a domain what its manifest lists, before it lives. */
  give(entry: DomainEntry): void {
    const { number, plan } = entry;
    for (const { row: { server, endpoint, badge } } of this.#kernel.connections.ofClient(number)) {
      const object = endpointNumber(this.#domain(server), endpoint);
      this.#table.root(number, { kind: "endpoint", object, badge, isInUse: true });
    }
    for (const { row: { object } } of this.#windowsOf(number)) {
      this.#table.root(number, { kind: "segment", object, isInUse: true });
    }
    for (const name of plan.manages) {
      for (const managed of this.#kernel.tables.domains.values()) {
        if (managed.plan.name !== name && managed.plan.name.split(".")[0] !== name) continue;
        this.#table.root(number, { kind: "domain", object: managed.number });
      }
    }
  }

  /** What a domain may find by name: the roots that the manifest gave it. */
  grantsOf(entry: DomainEntry): CapabilityGrant[] {
    const grants: CapabilityGrant[] = [];
    for (const { handle, kind, row } of this.#table.held(entry.number)) {
      if (row.parent !== 0 || row.via !== 0) continue;
      const name = this.#nameOf(kind, row.object);
      if (name !== undefined) grants.push({ kind, name, handle });
    }
    return grants;
  }

  /** Does what a domain asks, once. */
  call(entry: DomainEntry, number: number, call: unknown): void {
    const name = { epoch: entry.row.epoch, number };
    const before = this.#answered.repeat(entry.number, name);
    const answer = before ?? this.#calls.execute(entry.number, call);
    if (before === undefined) this.#answered.note(entry.number, name, answer);
    if (answer.type === "refused" && ABUSES.includes(answer.code)) this.#supervision.abused(entry);
    this.#kernel.control(entry, { type: "answer", number, answer });
  }

  /** Ends all that a domain holds: it will not live again. */
  disown({ number }: DomainEntry): void {
    this.#calls.endOwner(number);
  }

  /** Who has a window's memory to use and to lend: its owner, and who got a capability to it. */
  sharersOf({ row: { object, owner } }: Segment): Set<number> {
    return new Set([owner, ...this.#sharers.get(object) ?? []]);
  }

  /** A zombie has a window's memory: its successor gets another, and all others lose the old one. */
  renewWindow({ row: { object, owner }, buffer }: Segment): void {
    const root = [...this.#table.held(owner)].find(({ kind, row }) =>
      kind === "segment" && row.object === object && row.parent === 0
    );
    if (root === undefined) {
      const old = this.#segment(object);
      this.#kernel.segments.replace(old, new SharedArrayBuffer(buffer.byteLength));
      return;
    }
    const ended = this.#calls.execute(owner, { type: "revoke", handle: root.handle });
    if (ended.type === "ended" && ended.isRetired) return;
    this.#table.replaceObject(root, this.replaceSegment(object));
  }

  serverOf(endpoint: number): number {
    return Math.floor(endpoint / ENDPOINTS_PER_SERVER);
  }

  newBadge(): number {
    return ++this.#kernel.tables.system.lastBadge;
  }

  openChannel({ badge, endpoint, client, operations }: CapabilityChannel): void {
    const connection = this.#connection(badge) ??
      this.#connect(badge, endpoint, client, operations);
    const used = this.#kernel.connections.used(connection);
    this.#kernel.control(this.#domain(client), { type: "used", used });
    this.#kernel.segments.announceReaching(client);
  }

  closeChannel(badge: number): void {
    const connection = this.#connection(badge);
    if (connection !== undefined) this.#kernel.connections.close(connection, ERRNO.EPERM);
  }

  newSegment(owner: number, byteLength: number, bytesOf?: number): number {
    const source = bytesOf === undefined ? undefined : this.#segment(bytesOf);
    const segment = this.#kernel.segments.create(owner, "window", "", { byteLength });
    if (segment === undefined) refuse("ENFILE", "make one more segment");
    if (source !== undefined) {
      new Uint8Array(segment.buffer).set(new Uint8Array(source.buffer).subarray(0, byteLength));
    }
    return segment.row.object;
  }

  byteLengthOf(segment: number): number {
    return this.#segment(segment).buffer.byteLength;
  }

  shareSegment(segment: number, owner: number): void {
    const shared = this.#segment(segment);
    this.#share(segment, owner);
    this.#kernel.segments.announce(shared);
  }

  unshareSegment(segment: number, owner: number): void {
    this.#sharers.get(segment)?.delete(owner);
    const shared = this.#kernel.tables.segments.get(segment);
    if (shared !== undefined) this.#kernel.segments.announceAnew(shared);
  }

  replaceSegment(segment: number): number {
    const old = this.#segment(segment);
    const fresh = new SharedArrayBuffer(old.buffer.byteLength);
    this.#sharers.delete(segment);
    return this.#kernel.segments.replace(old, fresh).row.object;
  }

  freeSegment(segment: number): void {
    const freed = this.#kernel.tables.segments.get(segment);
    if (freed !== undefined) this.#kernel.segments.drop(freed);
    this.#sharers.delete(segment);
  }

  look(domain: number): DomainStatus {
    const { plan } = this.#domain(domain);
    return statusOf(this.#kernel.tables, 0).domains[plan.name]!;
  }

  restart(domain: number): void {
    const entry = this.#domain(domain);
    const { state } = entry.row;
    if (state !== "ready" && state !== "starting") refuse("EBUSY", `restart what is ${state}`);
    this.#supervision.restart(entry);
  }

  terminate(domain: number): void {
    this.#supervision.retire(this.#domain(domain), "ended by a domain that manages it");
  }

  lost(owner: number, handles: readonly number[]): void {
    const entry = this.#kernel.tables.domain(owner);
    if (entry !== undefined) this.#kernel.control(entry, { type: "lost", handles });
  }

  #connect(
    badge: number,
    endpoint: number,
    client: number,
    operations: readonly number[] | undefined,
  ): Connection {
    const server = this.#domain(this.serverOf(endpoint));
    if (this.#calledBy(server.number).has(client)) refuse("ELOOP", "call whoever calls oneself");
    const plan = {
      client,
      server,
      endpoint: Object.keys(server.plan.serves)[endpoint % ENDPOINTS_PER_SERVER]!,
      call: 0,
      badge,
      ...(operations === undefined ? {} : { operations }),
    };
    const connection = this.#kernel.connections.connect(plan);
    if (typeof connection === "string") refuse(connection, "open one more channel");
    return connection;
  }

  #share(segment: number, owner: number): void {
    const sharers = this.#sharers.get(segment);
    if (sharers === undefined) this.#sharers.set(segment, new Set([owner]));
    else sharers.add(owner);
  }

  /** A domain, and all whom it calls, directly or not. */
  #calledBy(caller: number): Set<number> {
    const called = new Set([caller]);
    for (const each of called) {
      for (const { row } of this.#kernel.connections.ofClient(each)) called.add(row.server);
    }
    return called;
  }

  #connection(badge: number): Connection | undefined {
    return [...this.#kernel.tables.connections].find(({ row }) => row.badge === badge);
  }

  #windowsOf(owner: number): Segment[] {
    return [...this.#kernel.tables.segmentsOf(owner, "window").values()];
  }

  #segment(number: number): Segment {
    return this.#kernel.tables.segments.get(number) ?? refuse("EBADF", "find that segment");
  }

  #domain(number: number): DomainEntry {
    if (number === PROGRAM_NUMBER) refuse("EPERM", "act on the program");
    return this.#kernel.tables.domain(number)!;
  }

  #nameOf(kind: CapabilityKind, object: number): string | undefined {
    const { tables } = this.#kernel;
    if (kind === "domain") return tables.domain(object)?.plan.name;
    if (kind === "segment") return tables.segments.get(object)?.row.name || undefined;
    const { plan } = this.#domain(this.serverOf(object));
    return Object.keys(plan.serves)[object % ENDPOINTS_PER_SERVER];
  }
}

function endpointNumber({ number, plan }: DomainEntry, endpoint: string): number {
  return number * ENDPOINTS_PER_SERVER + Object.keys(plan.serves).indexOf(endpoint);
}
