/**
 * A server and its clients in one thread, so that a client can post at every moment of a turn, one
 * after the other: what the fairness of the rotation is measured with.
 *
 * @module
 */

import {
  Channel,
  ChannelClient,
  ChannelServer,
  defineProtocol,
  Doorbell,
  type Operations,
  type Protocol,
  SLOT_COUNT,
  type Waiter,
  type WindowTable,
} from "@hako/ipc";

/** Exported only so that the type of `Notes` is public. @internal */
export const operations = {
  /** A request that nobody waits for. */
  note: { code: 1, request: {}, oneWay: true, errors: [], idempotent: true },
} as const satisfies Operations;

const Notes: Protocol<typeof operations> = defineProtocol("notes", 1, operations);

const NO_WINDOWS: WindowTable = { segmentOf: () => 0, segment: () => undefined };

/** Nobody waits in one thread. */
const NEVER: Waiter = {
  sleepMsMax: 0,
  crowded: () => true,
  arrived: () => {},
  wakes: () => {},
  beginSleep: () => {},
  endSleep: () => {},
  check: () => {},
  nowMs: () => 0,
};

/** A server with some clients, each with a badge from 1. */
export class Rotation {
  /** The badges of those served, in order. */
  readonly order: number[] = [];
  /** Called when a request is served, with its badge. */
  onServed: (badge: number) => void = () => {};
  readonly #server: ChannelServer;
  readonly #clients: ChannelClient<typeof Notes>[] = [];

  /** @param clientCount Clients. */
  constructor(clientCount: number) {
    const bell = Doorbell.create();
    const environment = { waiter: NEVER, windows: NO_WINDOWS };
    this.#server = new ChannelServer(bell, environment);
    for (let badge = 1; badge <= clientCount; badge++) {
      const channel = Channel.create(0, 1);
      const index = badge - 1;
      this.#server.attach({
        channel,
        epoch: 1,
        badge,
        index,
        protocol: Notes as unknown as Protocol<Operations>,
        censusIndex: 0,
        handlers: { note: () => this.#serve(badge) },
      });
      const place = { bell, index, censusIndex: 0 };
      this.#clients.push(new ChannelClient(Notes, channel.memory, place, environment));
    }
  }

  /** Posts one request. */
  post(badge: number): void {
    this.#clients[badge - 1]!.send("note", {});
  }

  /** Posts as many requests as a channel holds. */
  fill(badge: number): void {
    for (let slot = 0; slot < SLOT_COUNT; slot++) this.post(badge);
  }

  /** One turn of the server. */
  turn(): number {
    return this.#server.serve();
  }

  #serve(badge: number): void {
    this.order.push(badge);
    this.onServed(badge);
  }
}

/** Who waits, and since when. */
export interface Moment {
  /** Clients in all. */
  readonly clientCount: number;
  /** The badge of the one that makes a single request. */
  readonly polite: number;
  /** Its request is there when the others have been served so many. */
  readonly moment: number;
}

/** How many requests of others, who never stop posting, are served before the polite one's. */
export function overtakenAt({ clientCount, polite, moment }: Moment): number {
  const rotation = new Rotation(clientCount);
  let postedAt = 0;
  const due: number[] = [];
  rotation.onServed = (badge) => {
    if (badge === polite) return;
    due.push(badge); // Its slot is free when this request is over.
    if (rotation.order.length !== moment) return;
    rotation.post(polite);
    postedAt = rotation.order.length;
  };
  for (let badge = 1; badge <= clientCount; badge++) if (badge !== polite) rotation.fill(badge);
  for (;;) {
    rotation.turn();
    const servedAt = rotation.order.indexOf(polite);
    if (servedAt >= 0) return servedAt - postedAt;
    for (const badge of due.splice(0)) rotation.post(badge);
  }
}
