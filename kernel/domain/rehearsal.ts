/**
 * The rehearsal of a spare: a made-up life, so that the life that it waits for begins at once.
 *
 * A worker that has loaded its modules has not compiled them: the host compiles each function when it
 * is called for the first time, and instantiates the core for the first memory. Of a fail-over to a
 * spare that was a third. So a spare leads a short life beforehand: it is given channels, takes some
 * requests from itself, answers them, and dies of the last one.
 *
 * It plays among things of its own. No kernel, no machine and no program hear of it; what a life does
 * to its worker itself - closing it, minding its errors - is done by `enter.ts`, for real lives only.
 * Where it would sleep it ends, since nobody is there to wake it; and so it does as soon as the real
 * life is there.
 *
 * @module
 */

import {
  Channel,
  defineProtocol,
  Doorbell,
  i32,
  type Operations,
  type SpokenProtocol,
} from "@hako/ipc";
import { ANSWERS_BYTES, LOG_BYTES_DEFAULT } from "../keeps/limits.ts";
import { BOOT, exitText } from "../layouts/boot.ts";
import { TRACE_BYTES } from "../layouts/trace.ts";
import type { BootMessage } from "../messages.ts";
import { Fenced, Incarnation } from "./incarnation.ts";
import { LivingDomain } from "./living_domain.ts";

const FENCE = BOOT.at.fence >> 2;

const PAGE_BYTES = 4096;

/** Requests that are answered before the last: the first compiles, the others find out what is usual. */
const ANSWERED = 3;

const operations = {
  answer: { code: 1, request: { value: i32 }, reply: { value: i32 }, errors: [], idempotent: true },
  die: { code: 2, request: {}, errors: [], idempotent: true },
} as const satisfies Operations;

/** A life that ends rather than sleep. */
class RehearsedLife extends Incarnation {
  /** @throws {Fenced} Always. */
  override beginSleep(): never {
    throw new Fenced("nobody would wake it");
  }
}

/** A rehearsal that is under way. */
export interface Rehearsal {
  /** Resolves at its end, with what the made-up life has said that it died of. */
  readonly ended: Promise<string>;
  /** Ends it early: the real life is there. */
  end(): void;
}

/** Leads a made-up life in this worker, in its event loop. */
export function rehearse(): Rehearsal {
  const protocol = defineProtocol("rehearsal", 1, operations); // Here: most workers never need it.
  const channel = Channel.create(0, 1);
  const message = madeUp(channel.memory, protocol);
  const words = new Int32Array(message.boot);
  const { promise: ended, resolve } = Promise.withResolvers<string>();
  const life = new RehearsedLife(message, () => {
    channel.close(); // Its client hears that the last request is answered by nobody.
    resolve(exitText(words));
  });
  const domain = new LivingDomain(message, life);
  domain.serve(protocol, {
    answer: ({ value }) => ({ value }),
    die: () => {
      throw new Error("rehearsed");
    },
  });
  const client = domain.connect(protocol, protocol.name);
  const calls = Array.from({ length: ANSWERED }, (_, value) => client.call("answer", { value }));
  for (const call of [...calls, client.call("die", {})]) call.catch(() => {});
  return { ended, end: () => void Atomics.store(words, FENCE, 1) };
}

/** What a kernel and a machine would say. */
function madeUp(memory: WebAssembly.Memory, { name, version }: SpokenProtocol): BootMessage {
  const bell = Doorbell.create().memory;
  const words = () => new SharedArrayBuffer(PAGE_BYTES);
  const end = { endpoint: name, badge: 1, index: 0, censusIndex: 0, memory };
  return {
    type: "boot",
    name,
    kind: "server",
    epoch: 1,
    options: {},
    boot: new SharedArrayBuffer(BOOT.byteLength),
    bell,
    kernelBell: bell,
    census: words(),
    censusIndex: 0,
    cores: 0, // A crowd, in which nobody spins.
    serves: { [name]: { name, version } },
    served: [{ ...end, channel: 1, answers: new SharedArrayBuffer(ANSWERS_BYTES), poisoned: [] }],
    used: [{ ...end, protocol: { name, version }, bell }],
    capabilities: [],
    keeps: {},
    log: new SharedArrayBuffer(LOG_BYTES_DEFAULT),
    trace: new SharedArrayBuffer(TRACE_BYTES),
    windows: {},
    segments: [],
    faults: [],
    faultVisits: words(),
    control: new MessageChannel().port1,
    link: new MessageChannel().port1,
  };
}
