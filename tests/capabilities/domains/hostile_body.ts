/**
 * A domain without the runtime: it has what the kernel gave its worker, and posts on its ports and
 * writes into its memories what it likes.
 *
 * @module
 */

import { receiveMessageOnPort } from "node:worker_threads";
import {
  ChannelClient,
  type Client,
  Doorbell,
  type Operations,
  type Protocol,
  SLEEP_MS_MAX,
} from "@hako/ipc";
import type { KernelAnswer } from "../../../kernel/capabilities/mod.ts";
import { Incarnation } from "../../../kernel/domain/incarnation.ts";
import { HeldWindows } from "../../../kernel/domain/windows.ts";
import type {
  BootMessage,
  CapabilityGrant,
  ControlMessage,
  UsedGrant,
} from "../../../kernel/messages.ts";

const bootMessage = new Promise<BootMessage>((resolve) => {
  const take = (event: Event) => resolve((event as MessageEvent<BootMessage>).data);
  globalThis.addEventListener("message", take, { once: true });
});

/** The life of a domain that obeys nobody. */
export class HostileBody {
  /** Everything that the kernel gave. */
  readonly boot: BootMessage;
  readonly #life: Incarnation;
  readonly #kernelBell: Doorbell;
  readonly #answers: Map<number, KernelAnswer> = new Map();
  readonly #used: Map<number, UsedGrant> = new Map();
  readonly #windows: HeldWindows;
  #lastCall = 0;

  private constructor(boot: BootMessage) {
    this.boot = boot;
    this.#life = new Incarnation(boot);
    this.#kernelBell = new Doorbell(boot.kernelBell);
    this.#windows = new HeldWindows(() => this.#receive());
    for (const segment of boot.segments) this.#windows.grant(segment);
  }

  /** Takes up a life, and says that it serves. */
  static async begin(): Promise<HostileBody> {
    const body = new HostileBody(await bootMessage);
    body.post({ type: "ready" });
    return body;
  }

  /** A capability that the manifest gave. */
  given(name: string): CapabilityGrant {
    return this.boot.capabilities.find((grant) => grant.name === name)!;
  }

  /** The end of a channel that the manifest gave. */
  usedAt(endpoint: string): UsedGrant {
    return this.boot.used.find((used) => used.endpoint === endpoint)!;
  }

  /** The end of a channel that came by a capability. */
  usedBy(badge: number): UsedGrant {
    return this.#used.get(badge)!;
  }

  /** A client that speaks anything, whatever the server speaks. */
  client<P extends Protocol<Operations>>(protocol: P, used: UsedGrant): Client<P> {
    const { index, censusIndex } = used;
    const server = { bell: new Doorbell(used.bell), index, censusIndex };
    const environment = { waiter: this.#life, windows: this.#windows };
    return new ChannelClient(protocol, used.memory, server, environment);
  }

  /** Posts anything on the port to the kernel. */
  post(message: unknown): void {
    this.boot.control.postMessage(message);
    this.#kernelBell.ring();
  }

  /** Makes a call of the kernel out of anything, and waits for the answer. */
  ask(call: unknown): KernelAnswer {
    return this.askAll([call])[0]!;
  }

  /** Makes many calls at once, whatever the rule, and waits for all their answers. */
  askAll(calls: readonly unknown[]): KernelAnswer[] {
    const numbers = calls.map((call) => {
      this.boot.control.postMessage({ type: "call", number: ++this.#lastCall, call });
      return this.#lastCall;
    });
    this.#kernelBell.ring();
    for (;;) {
      const announced = this.#life.bell.announce();
      this.#receive();
      if (numbers.every((number) => this.#answers.has(number))) break;
      this.#life.beginSleep();
      this.#life.bell.wait(announced, SLEEP_MS_MAX);
      this.#life.endSleep();
    }
    const answers = numbers.map((number) => this.#answers.get(number)!);
    this.#answers.clear();
    return answers;
  }

  /** Tells the program something. */
  report(value: unknown): void {
    this.boot.link.postMessage({ type: "report", value });
  }

  /** Says that it has finished, and lives on. */
  finish(value: unknown): void {
    this.boot.link.postMessage({ type: "finish", value });
    this.#life.rest();
  }

  #receive(): void {
    for (;;) {
      // deno-lint-ignore no-explicit-any -- the node type of a web MessagePort
      const received = receiveMessageOnPort(this.boot.control as any);
      if (received === undefined) return;
      const message = received.message as ControlMessage;
      if (message.type === "answer") this.#answers.set(message.number, message.answer);
      if (message.type === "used") this.#used.set(message.used.badge, message.used);
      if (message.type === "segment") this.#windows.grant(message.segment);
      if (message.type === "fence") this.#life.yieldToFence();
    }
  }
}
