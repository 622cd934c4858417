/**
 * The domain as its incarnation lives it: what {@linkcode Domain} promises, and the loop that
 * serves.
 *
 * @module
 */

import { receiveMessageOnPort } from "node:worker_threads";
import {
  assert,
  Channel,
  ChannelClient,
  ChannelServer,
  type Client,
  type ClientEnvironment,
  Doorbell,
  type Errno,
  type Handlers,
  mismatch,
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
import { EXIT } from "../layouts/boot.ts";
import type {
  BootMessage,
  ControlMessage,
  DomainMessage,
  PointFault,
  ServedGrant,
} from "../messages.ts";
import type { Domain } from "./domain.ts";
import { Fenced, Incarnation } from "./incarnation.ts";
import { HeldWindows } from "./windows.ts";

interface Service {
  readonly protocol: Protocol<Operations>;
  readonly handlers: Readonly<Record<string, UntypedHandler>>;
}

/** What {@linkcode enter} answers. */
export class LivingDomain implements Domain, Serving {
  readonly name: string;
  readonly epoch: number;
  readonly options: Readonly<Record<string, unknown>>;
  readonly #message: BootMessage;
  readonly #incarnation: Incarnation;
  readonly #windows: HeldWindows;
  readonly #environment: ClientEnvironment;
  readonly #server: ChannelServer;
  readonly #services: Map<string, Service> = new Map();
  readonly #served: Map<number, ServedChannel> = new Map();
  readonly #faultVisits: Int32Array;
  readonly #inbox: ControlMessage[] = [];
  #close: () => void = () => {};
  #serving = false;
  #halting = false;

  constructor(message: BootMessage) {
    this.#message = message;
    this.name = message.name;
    this.epoch = message.epoch;
    this.options = message.options;
    this.#incarnation = new Incarnation(message);
    this.#incarnation.announceClosing();
    this.#incarnation.catchFence();
    this.#windows = new HeldWindows(() => this.#receive());
    for (const segment of message.segments) this.#windows.grant(segment);
    this.#environment = { waiter: this.#incarnation, windows: this.#windows };
    this.#server = new ChannelServer(this.#incarnation.bell, this.#environment);
    this.#faultVisits = new Int32Array(message.faultVisits);
    // A domain that serves nothing listens in its event loop; one that serves, in its serving loop.
    if (Object.keys(message.serves).length === 0) this.#listen();
  }

  keep(name: string): Uint8Array {
    const buffer = this.#message.keeps[name];
    if (buffer === undefined) this.fail("ENOENT", `find a keep named ${name} in the manifest`);
    return new Uint8Array(buffer);
  }

  window(name: string): Uint8Array {
    const bytes = this.#windows.own(this.#message.windows[name] ?? 0);
    if (bytes === undefined) this.fail("ENOENT", `find a window named ${name} in the manifest`);
    return bytes;
  }

  connect<P extends Protocol<Operations>>(protocol: P, endpoint: string): Client<P> {
    const grant = this.#message.used.find((used) => used.endpoint === endpoint);
    if (grant === undefined) this.fail("ENOENT", `find ${endpoint} under uses in the manifest`);
    this.#refuseOther(protocol, grant.protocol, endpoint);
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
    if (this.#serving) return;
    this.#serving = true;
    setImmediate(() => this.#run());
  }

  onHalt(close: () => void): void {
    this.#close = close;
  }

  report(value: unknown): void {
    this.#tell({ type: "report", value });
  }

  finish(value: unknown): void {
    this.#tell({ type: "finish", value });
    this.#incarnation.rest();
  }

  fail(code: Errno, what: string): never {
    this.#tell({ type: "failed", code, what });
    this.#incarnation.yieldToFence();
    throw new OsError(code, what);
  }

  point(name: string): void {
    for (const fault of this.#message.faults) {
      if (fault.point !== name) continue;
      const visit = Atomics.add(this.#faultVisits, fault.index, 1) + 1;
      if (visit === (fault.visit ?? 1)) this.#dieOf(fault);
    }
  }

  nowMs(): number {
    return Date.now();
  }

  #dieOf(fault: PointFault): never {
    if (fault.kind === "throw") throw new Error(`injected fault at ${fault.point}`);
    if (fault.kind === "exit") globalThis.close();
    // Terminated from outside: nothing after this point runs.
    this.#tell({ type: "terminate-here", point: fault.point });
    for (;;) {
      const announced = this.#incarnation.bell.announce();
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
      this.#tell({ type: "ready" });
      const { kind } = this.#message;
      if (kind === "driver" || kind === "gateway") await serveEvented(this.#server, this);
      else serveBlocking(this.#server, this);
      this.#tell({ type: "halted" });
      this.#incarnation.yieldToFence();
    } catch (error) {
      if (error instanceof Fenced) this.#incarnation.yieldToFence();
      else this.#incarnation.die(EXIT.THROWN, describe(error));
    }
  }

  /** Control messages first; then whether to serve. Hot path. */
  proceed(): boolean {
    this.#incarnation.check();
    if (this.#incarnation.hasControl()) this.#receive();
    for (let message = this.#inbox.shift(); message; message = this.#inbox.shift()) {
      this.#obey(message);
    }
    return !this.#halting;
  }

  progressed(): void {
    this.#incarnation.beat();
  }

  /** Reads what the kernel has sent. Segments take effect at once, even within a request. */
  #receive(): void {
    for (;;) {
      // deno-lint-ignore no-explicit-any -- the node type of a web MessagePort
      const received = receiveMessageOnPort(this.#message.control as any);
      if (received === undefined) return;
      const message = received.message as ControlMessage;
      if (message.type === "segment") this.#windows.grant(message.segment);
      else this.#inbox.push(message);
    }
  }

  #obey(message: ControlMessage): void {
    switch (message.type) {
      case "open":
        return this.#open(message.served);
      case "close": {
        const served = this.#served.get(message.channel);
        if (served !== undefined) this.#server.detach(served);
        this.#served.delete(message.channel);
        return;
      }
      case "drop-segment":
        return this.#windows.drop(message.id);
      case "halt":
        this.#close();
        this.#halting = true;
        return;
      case "fence":
        return this.#incarnation.check();
    }
  }

  #open({ endpoint, channel: id, badge, index, censusIndex, memory }: ServedGrant): void {
    const service = this.#services.get(endpoint);
    assert(service !== undefined, "every endpoint of the manifest is served before the first turn");
    const channel = new Channel(memory);
    const { epoch } = this;
    const accepted = { channel, epoch, badge, index, censusIndex, ...service };
    this.#served.set(id, this.#server.attach(accepted));
  }

  /** For a domain without a serving loop: control messages as events. */
  #listen(): void {
    this.#message.control.onmessage = (event: MessageEvent<ControlMessage>) => {
      const message = event.data;
      if (message.type === "segment") this.#windows.grant(message.segment);
      if (message.type === "drop-segment") this.#windows.drop(message.id);
      if (message.type === "fence") return this.#incarnation.yieldToFence();
      if (message.type !== "halt") return;
      this.#close();
      this.#tell({ type: "halted" });
      this.#incarnation.yieldToFence();
    };
    this.#tell({ type: "ready" });
  }

  #tell(message: DomainMessage): void {
    this.#message.control.postMessage(message);
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.stack ?? String(error) : String(error);
}
