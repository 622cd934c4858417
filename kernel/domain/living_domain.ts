/**
 * The domain as its incarnation lives it: what {@linkcode Domain} promises, and the loop that
 * serves.
 *
 * @module
 */

import {
  assert,
  type Background,
  Channel,
  ChannelClient,
  ChannelServer,
  type Client,
  type ClientEnvironment,
  Doorbell,
  type Errno,
  type Handlers,
  mismatch,
  nextImmediate,
  nextTurn,
  type Operations,
  type OperationsOf,
  OsError,
  type Protocol,
  serveBlocking,
  type ServedChannel,
  serveEvented,
  type Serving,
  type SpokenProtocol,
  type UntypedHandler,
} from "@hako/ipc";
import { type FaultBody, FaultPoints } from "../faults/fault_points.ts";
import { type Keep, openKeep } from "../keeps/keep.ts";
import type { KeepSchema } from "../keeps/schema.ts";
import { EXIT } from "../layouts/boot.ts";
import { TRACE_KIND } from "../layouts/trace.ts";
import type { BootMessage, ControlMessage, ServedGrant } from "../messages.ts";
import { TraceRecorder } from "../trace/recorder.ts";
import type { Capability } from "./capability.ts";
import { ControlLink } from "./control_link.ts";
import type { Domain, WindowName } from "./domain.ts";
import { DurableState } from "./durable_state.ts";
import type { Incarnation } from "./incarnation.ts";
import { HeldCapabilities } from "./held_capabilities.ts";
import { isReaderLoaded, loadReader } from "./port_reader.ts";
import { HeldWindows } from "./windows.ts";

interface Service {
  readonly protocol: Protocol<Operations>;
  readonly handlers: Readonly<Record<string, UntypedHandler>>;
}

/** A fault that waits for the next turn. */
interface Rejection {
  readonly type: "rejected";
  readonly error: Error;
}

/** What {@linkcode enter} answers. */
export class LivingDomain implements Domain, Serving {
  readonly name: string;
  readonly epoch: number;
  readonly options: Readonly<Record<string, unknown>>;
  /** A full heap cuts off the work that fills it: the event loop is to live on and tell of it. */
  readonly beginsInCallbacks: boolean;
  /** What goes on between requests. */
  work: Background | undefined;
  readonly #message: BootMessage;
  readonly #incarnation: Incarnation;
  readonly #windows: HeldWindows;
  readonly #environment: ClientEnvironment;
  readonly #server: ChannelServer;
  readonly #services: Map<string, Service> = new Map();
  readonly #served: Map<number, ServedChannel> = new Map();
  /** By badge: the number of the client's channel, which is another for each of its lives. */
  readonly #clients: Map<number, number>;
  readonly #state: DurableState;
  readonly #capabilities: HeldCapabilities;
  readonly #control: ControlLink;
  readonly #points: FaultPoints;
  readonly #trace: TraceRecorder;
  readonly #inbox: (ControlMessage | Rejection)[] = [];
  #close: () => void | Promise<void> = () => {};
  #closing: void | Promise<void> = undefined;
  #clientGone: (badge: number, life: number) => void = () => {};
  #serving = false;
  #halting = false;

  /** The domain that `life` leads, as `message` has it. */
  constructor(message: BootMessage, life: Incarnation) {
    this.#message = message;
    this.beginsInCallbacks = message.memoryLimitMb !== undefined;
    this.name = message.name;
    this.epoch = message.epoch;
    this.options = message.options;
    this.#incarnation = life;
    this.#trace = new TraceRecorder(message.trace, message.epoch);
    this.#trace.note(TRACE_KIND.ENTERED);
    this.#windows = new HeldWindows(() => this.#control.receive());
    for (const segment of message.segments) this.#windows.grant(segment);
    this.#clients = new Map(message.served.map(({ badge, channel }) => [badge, channel]));
    this.#control = new ControlLink(message, this.#incarnation, (said) => this.#hear(said));
    this.#points = new FaultPoints(
      message.faults,
      new Int32Array(message.faultVisits),
      this.#faultBody(),
    );
    this.#state = new DurableState(message, () => this.#incarnation.checkInOrder());
    this.#environment = {
      waiter: this.#incarnation,
      windows: this.#windows,
      progress: this.#incarnation.progress,
      trace: this.#trace,
      changes: this.#state.changes,
      ...(this.#points.isArmed ? { point: (name: string) => this.#points.visit(name) } : {}),
    };
    this.#server = new ChannelServer(this.#incarnation.bell, this.#environment);
    this.#capabilities = new HeldCapabilities(message, this.#control, this.#windows);
    this.#points.visit("runtime.enter");
    // A domain that serves nothing listens in its event loop; one that serves, in its serving loop.
    if (Object.keys(message.serves).length === 0) this.#listen();
  }

  keep(name: string): Uint8Array {
    const buffer = this.#message.keeps[name];
    if (buffer === undefined) this.fail("ENOENT", `find a keep named ${name} in the manifest`);
    return new Uint8Array(buffer);
  }

  state<S extends KeepSchema>(name: string, schema: S): Keep<S> {
    const region = this.#state.region(name);
    if (region === undefined) this.fail("ENOENT", `find a keep named ${name} in the manifest`);
    return openKeep(region, schema);
  }

  commit(): void {
    this.#state.changes.commit();
  }

  window(name: string): Uint8Array {
    const bytes = this.#windows.own(this.#message.windows[name] ?? 0);
    if (bytes === undefined) this.fail("ENOENT", `find a window named ${name} in the manifest`);
    return bytes;
  }

  connect<P extends Protocol<Operations>>(protocol: P, to: string | Capability): Client<P> {
    const grant = typeof to === "string"
      ? this.#message.used.find((used) => used.endpoint === to)
      : this.#capabilities.connect(to);
    if (grant === undefined) this.fail("ENOENT", `find ${to} under uses in the manifest`);
    this.#refuseOther(protocol, grant.protocol, grant.endpoint);
    const { index, censusIndex } = grant;
    const server = { bell: new Doorbell(grant.bell), index, censusIndex };
    return new ChannelClient(protocol, grant.memory, server, this.#environment);
  }

  serve<P extends Protocol<Operations>>(
    protocol: P,
    handlers: Handlers<OperationsOf<P>>,
    endpoint?: string,
  ): void {
    const endpoints = Object.keys(this.#message.serves);
    const name = endpoint ?? endpoints[0];
    const declared = name === undefined ? undefined : this.#message.serves[name];
    if (name === undefined || declared === undefined) {
      this.fail("ENOENT", `find ${name ?? "any endpoint"} under serves in the manifest`);
    }
    this.#refuseOther(protocol, declared, name);
    const untyped = handlers as unknown as Readonly<Record<string, UntypedHandler>>;
    this.#services.set(name, { protocol, handlers: untyped });
    this.#trace.nameOperations(protocol.byCode);
    if (this.#serving) return;
    this.#serving = true;
    this.#turn().then(() => this.#run());
  }

  background(work: Background): void {
    assert(this.#message.kind === "server", "only a server that sleeps in place has a background");
    this.work = work;
  }

  clients(): ReadonlyMap<number, number> {
    return this.#clients;
  }

  onClientGone(hear: (badge: number, life: number) => void): void {
    this.#clientGone = hear;
  }

  windowName(view: Uint8Array): WindowName {
    return this.#windows.name(view);
  }

  windowOf(badge: number, name: WindowName): Uint8Array | undefined {
    return this.#windows.named(badge, name);
  }

  requireLife(): void {
    this.#incarnation.checkInOrder();
  }

  onHalt(close: () => void | Promise<void>): void {
    this.#close = close;
  }

  report(value: unknown): void {
    this.#control.report({ type: "report", value });
  }

  finish(value: unknown): void {
    this.#control.report({ type: "finish", value });
    this.#incarnation.rest();
  }

  /** Ends this life for a reason that its code has not thrown. */
  die(why: string): void {
    this.#incarnation.die(EXIT.THROWN, why);
  }

  fail(code: Errno, what: string): never {
    this.#control.tell({ type: "failed", code, what });
    this.#incarnation.yieldToFence();
    throw new OsError(code, what);
  }

  asleep<T>(wait: () => T): T {
    this.#incarnation.beginSleep();
    try {
      return wait();
    } finally {
      this.#incarnation.endSleep();
    }
  }

  get isCrowded(): boolean {
    return this.#incarnation.crowded();
  }

  capability(kind: Capability["kind"], name: string): Capability {
    return this.#capabilities.named(kind, name);
  }

  accept(handle: number, from: Parameters<Domain["accept"]>[1]): Capability {
    return this.#capabilities.accept(handle, from);
  }

  capabilities(): Capability[] {
    return this.#capabilities.held();
  }

  map(segment: Capability): Uint8Array {
    return this.#capabilities.map(segment);
  }

  segment(byteLength: number): Capability {
    return this.#capabilities.segment(byteLength);
  }

  point(name: string): void {
    this.#points.visit(name);
  }

  nowMs(): number {
    return Date.now();
  }

  #faultBody(): FaultBody {
    const { bell, epoch, keeps, windows, used, log } = this.#message;
    return {
      terminate: (point) => this.#awaitEnd(point),
      exit: () => globalThis.close() as never,
      reject: (error) => {
        this.#inbox.push({ type: "rejected", error });
        this.#incarnation.bell.ring();
        Promise.reject(error); // An event where there is an event loop; else the next turn throws it.
      },
      isFenced: () => this.#incarnation.isFenced,
      holdings: () => ({
        epoch,
        bell,
        served: [...this.#served.values()].map(({ accepted }) => accepted.channel.memory),
        replaced: [
          log,
          ...Object.values(keeps),
          ...[...this.#served.keys()].map((channel) => this.#state.answersOf(channel)),
          ...Object.values(windows).map((id) => this.#windows.own(id)!.buffer),
          ...used.map(({ memory }) => memory.buffer),
        ],
      }),
    };
  }

  /** Terminated from outside: nothing after this point runs. */
  #awaitEnd(point: string): never {
    for (;;) {
      const announced = this.#incarnation.bell.announce();
      this.#control.receive(); // A kernel that has died heard nothing: the next one is told again.
      this.#control.tell({ type: "terminate-here", point });
      this.#incarnation.beginSleep();
      this.#incarnation.bell.wait(announced, this.#incarnation.sleepMsMax);
      this.#incarnation.endSleep();
    }
  }

  #refuseOther(protocol: SpokenProtocol, declared: SpokenProtocol, endpoint: string): void {
    const wrong = mismatch(protocol, declared, `at ${endpoint}`);
    if (wrong !== undefined) this.fail("EPROTONOSUPPORT", wrong);
  }

  /** Serves until fenced or halted. A driver returns to its event loop; a server sleeps in place. */
  async #run(): Promise<void> {
    try {
      for (const served of this.#message.served) this.#open(served);
      this.#points.visit("runtime.ready");
      this.#trace.note(TRACE_KIND.SERVING);
      this.#control.tell({ type: "ready" });
      this.#server.resume(() => this.progressed());
      const { kind } = this.#message;
      const isEvented = kind === "driver" || kind === "gateway";
      for (;;) {
        if (isEvented) await serveEvented(this.#server, this);
        else serveBlocking(this.#server, this);
        if (this.#halting) return await this.#endInOrder();
        await this.#readFirst();
      }
    } catch (error) {
      this.#incarnation.endOf(error);
    }
  }

  /** For a domain without a serving loop: looks at every ring, and from time to time without one. */
  async #listen(): Promise<void> {
    const { bell, sleepMsMax } = this.#incarnation;
    try {
      this.#points.visit("runtime.ready");
      this.#control.tell({ type: "ready" });
      for (;;) {
        const announced = bell.announce();
        if (!this.proceed()) {
          if (this.#halting) return await this.#endInOrder();
          await this.#readFirst();
          continue;
        }
        this.#incarnation.beat();
        await bell.waitAsync(announced, sleepMsMax);
      }
    } catch (error) {
      this.#incarnation.endOf(error);
    }
  }

  /** The first control messages: what reads them must be loaded, in the event loop, once. */
  async #readFirst(): Promise<void> {
    this.#incarnation.beginSleep(); // A terminated worker ends there, and says no more.
    await loadReader();
    await this.#turn();
    this.#incarnation.endSleep();
    this.#control.receive();
  }

  #turn(): Promise<void> {
    return this.beginsInCallbacks ? nextImmediate() : nextTurn();
  }

  async #endInOrder(): Promise<void> {
    const { bell, sleepMsMax } = this.#incarnation;
    let isClosed = this.#closing === undefined;
    const closing = this.#closing?.then(() => isClosed = true);
    while (!isClosed) { // It may be fenced meanwhile, and be asked whether it lives.
      this.#incarnation.check();
      this.#incarnation.beat();
      await Promise.race([closing, bell.waitAsync(bell.announce(), sleepMsMax)]);
    }
    this.#control.tell({ type: "halted" });
    this.#incarnation.yieldToFence();
  }

  /** Control messages first; then whether to serve. Hot path. */
  proceed(): boolean {
    this.#incarnation.check();
    if (this.#incarnation.hasControl()) {
      if (!isReaderLoaded()) return false; // Back to the event loop, for this once.
      this.#control.receive();
    }
    for (let message = this.#inbox.shift(); message; message = this.#inbox.shift()) {
      this.#obey(message);
    }
    return !this.#halting;
  }

  progressed(): void {
    this.#incarnation.beat();
  }

  /** Memories take effect at once, even within a request; the rest waits for the next turn. */
  #hear(message: ControlMessage): void {
    if (message.type === "world") this.#windows.keepOnly(message.segments);
    if (message.type === "segment") this.#windows.grant(message.segment);
    else if (message.type === "used") this.#capabilities.addUsed(message.used);
    else this.#inbox.push(message);
  }

  #obey(message: ControlMessage | Rejection): void {
    switch (message.type) {
      case "open":
        return this.#open(message.served);
      case "close":
        return this.#shut(message.channel);
      case "drop-segment":
        return this.#windows.drop(message.id);
      case "world":
        return this.#takeWorld(message);
      case "halt":
        this.#trace.note(TRACE_KIND.HALTING);
        this.#closing = this.#close();
        this.#halting = true;
        return;
      case "fence":
        return this.#incarnation.check();
      case "lost":
        return; // Whoever uses one of them hears of it.
      case "rejected":
        throw message.error;
    }
  }

  /** What a new kernel knows counts: what the last one may have left unsaid is made up for. */
  #takeWorld({ served }: Extract<ControlMessage, { readonly type: "world" }>): void {
    this.#trace.note(TRACE_KIND.ADOPTED);
    const channels = new Set(served.map(({ channel }) => channel));
    for (const channel of [...this.#served.keys()]) {
      if (!channels.has(channel)) this.#shut(channel);
    }
    for (const grant of served) if (!this.#served.has(grant.channel)) this.#open(grant);
  }

  #open(grant: ServedGrant): void {
    const { endpoint, channel: id, badge, index, censusIndex, memory, poisoned } = grant;
    const service = this.#services.get(endpoint);
    assert(service !== undefined, "every endpoint of the manifest is served before the first turn");
    if (this.#served.has(id)) return;
    // Its end may have been told to an incarnation that did not live to hear of it.
    const before = this.#clients.get(badge);
    if (before !== undefined && before !== id) this.#shut(before);
    const answers = this.#state.openAnswers(grant);
    const { epoch } = this;
    const channel = new Channel(memory);
    const accepted = { channel, epoch, badge, index, censusIndex, answers };
    // Each of these makes every request of the channel a little slower: rare ones have them.
    const limits = {
      ...(grant.operations === undefined ? {} : { operations: new Set(grant.operations) }),
      ...(poisoned.length === 0 ? {} : { poisoned }),
    };
    this.#served.set(id, this.#server.attach({ ...accepted, ...limits, ...service }));
    this.#clients.set(badge, id);
  }

  #shut(channel: number): void {
    const served = this.#served.get(channel);
    if (served === undefined) return;
    this.#server.detach(served);
    this.#served.delete(channel);
    this.#state.closeAnswers(channel);
    const { badge } = served.accepted;
    if (this.#clients.get(badge) === channel) this.#clients.delete(badge);
    this.#clientGone(badge, channel);
  }
}
