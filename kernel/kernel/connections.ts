/**
 * Connections: who may call whom, over which channel, under which badge.
 *
 * @module
 */

import { Channel, ERRNO, type Errno, SLOT_COUNT } from "@hako/ipc";
import { ANSWERS_BYTES } from "../keeps/limits.ts";
import { SEQUENCE_GAP } from "../limits.ts";
import { PROGRAM_CENSUS_INDEX } from "../manifest.ts";
import type { ServedGrant, UsedGrant } from "../messages.ts";
import type { Connection, DomainEntry } from "./tables.ts";
import type { KernelCore } from "./kernel_core.ts";

/** The number of the program among the domains. */
export const PROGRAM_NUMBER = 0;

/** What a new connection is to be. */
export interface ConnectionPlan {
  readonly client: number;
  readonly server: DomainEntry;
  readonly endpoint: string;
  /** The program's call that asks for it; 0 if none does. */
  readonly call: number;
  /** The client's number for the server; a new one if left out. */
  readonly badge?: number;
  /** The codes of the operations that the client may use; all if left out. */
  readonly operations?: readonly number[];
}

/** The connections of one system. */
export class Connections {
  readonly #kernel: KernelCore;

  /** The connections in the tables of `kernel`. */
  constructor(kernel: KernelCore) {
    this.#kernel = kernel;
  }

  /** Those of one client. */
  ofClient(client: number): Connection[] {
    return [...this.#kernel.tables.connections].filter(({ row }) => row.client === client);
  }

  /** Those of one server. */
  ofServer(server: number): Connection[] {
    return [...this.#kernel.tables.connections].filter(({ row }) => row.server === server);
  }

  /** That which was made by a call of the program, if it was. */
  madeBy(call: number): Connection | undefined {
    return [...this.#kernel.tables.connections].find(({ row }) => row.call === call);
  }

  /** Who serves an endpoint: of several, the one with the fewest clients that was not given up. */
  serverOf(endpoint: string): DomainEntry | undefined {
    let found: DomainEntry | undefined;
    let fewest = Infinity;
    for (const entry of this.#kernel.tables.domains.values()) {
      if (!Object.hasOwn(entry.plan.serves, endpoint)) continue;
      const isLost = entry.row.state === "gave-up";
      const clients = isLost ? Number.MAX_SAFE_INTEGER : this.ofServer(entry.number).length;
      if (clients < fewest) found = entry;
      fewest = Math.min(fewest, clients);
    }
    return found;
  }

  /** A new connection; `ENFILE` if the table is full. Its server hears of it. */
  connect(plan: ConnectionPlan): Connection | Errno {
    const { client, server, endpoint, call, operations } = plan;
    const { tables } = this.#kernel;
    const channel = Channel.create(0, server.row.slotEpoch);
    const taken = new Set(this.ofServer(server.number).map(({ row }) => row.index));
    let index = 0;
    while (taken.has(index)) index++;
    const connection = tables.addConnection({
      badge: plan.badge ?? ++tables.system.lastBadge,
      client,
      server: server.number,
      endpoint,
      index,
      channel: tables.hold(channel.memory),
      answers: tables.hold(new SharedArrayBuffer(ANSWERS_BYTES)),
      call,
      operations: operations === undefined ? "" : ["only", ...operations].join(" "),
    });
    if (connection === undefined) return "ENFILE";
    if (server.row.state === "gave-up") {
      this.#kernel.effect(() => connection.channel.close(ERRNO.EHOSTDOWN));
    }
    this.#kernel.control(server, { type: "open", served: this.served(connection) });
    return connection;
  }

  /** Gives the connection of a dead client a fresh channel; the old one is closed. */
  renew(connection: Connection): void {
    const { tables } = this.#kernel;
    const server = tables.domain(connection.row.server)!;
    const old = connection.row.channel;
    // No name of a request comes twice: a fenced client may still post a few before it is heard of.
    const first = connection.channel.core.firstUnfinished() + SEQUENCE_GAP;
    connection.channel = Channel.create((first & -SLOT_COUNT) >>> 0, server.row.slotEpoch);
    connection.row.channel = tables.hold(connection.channel.memory);
    tables.changed(connection);
    const { channel } = connection;
    if (server.row.state === "gave-up") {
      this.#kernel.effect(() => channel.close(ERRNO.EHOSTDOWN));
    }
    this.#kernel.effect(() => tables.release(old));
    this.#kernel.control(server, { type: "open", served: this.served(connection) });
  }

  /** Ends a connection for good: its client hears why, its server forgets it. */
  close(connection: Connection, errno: number): void {
    const { tables } = this.#kernel;
    const { channel, row } = connection;
    this.#kernel.effect(() => channel.close(errno));
    this.#kernel.control(tables.domain(row.server)!, { type: "close", channel: row.channel });
    tables.removeConnection(connection);
    this.#kernel.effect(() => {
      tables.release(row.channel);
      tables.release(row.answers);
    });
  }

  /** What the server is given of a connection. */
  served({ row, channel }: Connection): ServedGrant {
    const { tables } = this.#kernel;
    const censusIndex = row.client === PROGRAM_NUMBER ? PROGRAM_CENSUS_INDEX : row.client;
    return {
      endpoint: row.endpoint,
      channel: row.channel,
      badge: row.badge,
      index: row.index,
      censusIndex,
      memory: channel.memory,
      answers: tables.buffer(row.answers),
      poisoned: tables.poisonedOf(row.badge),
      ...(row.operations === ""
        ? {}
        : { operations: row.operations.split(" ").slice(1).map(Number) }),
    };
  }

  /** What the client is given of a connection. */
  used({ row, channel }: Connection): UsedGrant {
    const server = this.#kernel.tables.domain(row.server)!;
    return {
      badge: row.badge,
      endpoint: row.endpoint,
      protocol: server.plan.serves[row.endpoint]!,
      index: row.index,
      memory: channel.memory,
      bell: server.bell.memory,
      censusIndex: server.number,
    };
  }
}
