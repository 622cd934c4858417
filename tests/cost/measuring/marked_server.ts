/**
 * A server in a worker that notes what it does, and a client for it.
 *
 * @module
 */

import { Channel, ChannelClient, ChannelServer, type Client, Doorbell } from "@hako/ipc";
import { createChannel, type Operations, type Protocol, serveBlocking } from "@hako/ipc";
import { Adder } from "../../../ipc/bench/adder.ts";
import { startWorker } from "../../../ipc/bench/worker.ts";
import { type Hooks, loneLife } from "./lone_life.ts";
import { MARK, mark, newMarks } from "./marks.ts";

/** The census: the server, then the client. */
const SERVER = 0;
const CLIENT = 1;

const EPOCH = 1;

const NO_WINDOWS = { segmentOf: () => 0, segment: () => undefined };

/** What the server's worker is sent. */
export interface MarkedSetup {
  /** The channel. */
  readonly memory: WebAssembly.Memory;
  /** What its client rings. */
  readonly bell: WebAssembly.Memory;
  /** Who is awake. */
  readonly census: SharedArrayBuffer;
  /** Where it notes what it does. */
  readonly marks: SharedArrayBuffer;
  /** Whether it times each request from taking to answering. */
  readonly isObserved: boolean;
}

/** A server that has started. */
export interface MarkedServer {
  /** What it notes. */
  readonly marks: Float64Array;
  /** Its channel. */
  readonly channel: Channel;
  /** What is rung. */
  readonly bell: Doorbell;
  /** A client of it; only one may be made. */
  connect(hooks?: Hooks): Client<typeof Adder>;
}

/** Starts a server in a worker. */
export async function startMarkedServer(isObserved: boolean): Promise<MarkedServer> {
  const { bell: bellMemory } = createChannel();
  const { memory } = Channel.create(0, EPOCH);
  const bell = new Doorbell(bellMemory);
  const census = new Int32Array(new SharedArrayBuffer(8));
  const marks = newMarks();
  const setup: MarkedSetup = {
    ...{ memory, bell: bellMemory, census: census.buffer as SharedArrayBuffer },
    ...{ marks: marks.buffer, isObserved },
  };
  await startWorker(new URL("./marked_server_worker.ts", import.meta.url), setup);
  return {
    marks,
    channel: new Channel(memory, { ring: bell.core.ring, index: 0 }),
    bell,
    connect(hooks = {}) {
      const server = { bell, index: 0, censusIndex: SERVER };
      const waiter = loneLife(census, CLIENT, hooks);
      return new ChannelClient(Adder, memory, server, { waiter, windows: NO_WINDOWS });
    },
  };
}

/** The server's worker: serves for ever. */
export function serveMarked(setup: MarkedSetup): void {
  const marks = new Float64Array(setup.marks);
  const woke = () => mark(marks, MARK.WOKE);
  const waiter = loneLife(new Int32Array(setup.census), SERVER, { woke });
  const trace = {
    observed: Int32Array.of(setup.isObserved ? 1 : 0),
    answered(_badge: number, _code: number, _sequence: number, startMs: number, endMs: number) {
      marks[MARK.SHARE]! += endMs - startMs;
      marks[MARK.SHARES]!++;
      mark(marks, MARK.ANSWERED);
    },
  };
  const environment = { waiter, windows: NO_WINDOWS, trace };
  const server = new ChannelServer(new Doorbell(setup.bell), environment);
  server.attach({
    channel: new Channel(setup.memory),
    epoch: EPOCH,
    badge: 1,
    index: 0,
    protocol: Adder as unknown as Protocol<Operations>,
    censusIndex: CLIENT,
    handlers: {
      add({ a, b }) {
        if (setup.isObserved) mark(marks, MARK.HANDLER);
        return (a as number) + (b as number);
      },
    },
  });
  serveBlocking(server, { proceed: () => true, progressed: () => {} });
}
