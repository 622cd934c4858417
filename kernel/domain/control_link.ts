/**
 * An incarnation's ports: one to the kernel of the moment, and one to the machine, by which it gets
 * another when a kernel has followed another.
 *
 * Both are read in place after a ring, never by events: a domain that sleeps in its serving loop, or
 * in a call of the kernel, has no event loop.
 *
 * @module
 */

import type { KernelAnswer, KernelCall } from "../capabilities/calls.ts";
import { SAID } from "../layouts/boot.ts";
import type {
  BootMessage,
  ControlMessage,
  DomainMessage,
  DomainNews,
  LinkMessage,
} from "../messages.ts";
import type { Incarnation } from "./incarnation.ts";
import { readPort } from "./port_reader.ts";

/** What a kernel is told, other than calls and what it asks for itself. */
type Said = Exclude<DomainMessage, { readonly type: "call" | "hello" }>;

/** The ports of one incarnation. */
export class ControlLink {
  readonly #incarnation: Incarnation;
  readonly #link: MessagePort;
  readonly #onMessage: (message: ControlMessage) => void;
  #control: MessagePort;
  #lastCall = 0;
  /** The call that waits for its answer: told again to the next kernel. */
  #call: Extract<DomainMessage, { readonly type: "call" }> | undefined;
  #answer: KernelAnswer | undefined;

  /** @param onMessage Hears what the kernel says, answers of calls excepted. */
  constructor(
    { control, link }: BootMessage,
    incarnation: Incarnation,
    onMessage: (message: ControlMessage) => void,
  ) {
    this.#control = control;
    this.#link = link;
    this.#incarnation = incarnation;
    this.#onMessage = onMessage;
  }

  /** Reads what has come. */
  receive(): void {
    for (;;) {
      const message = readPort(this.#link) as LinkMessage | undefined;
      if (message === undefined) break;
      this.#meet(message.port);
    }
    for (;;) {
      const message = readPort(this.#control) as ControlMessage | undefined;
      if (message === undefined) return;
      if (message.type !== "answer") this.#onMessage(message);
      else if (message.number === this.#call?.number) this.#answer = message.answer;
    }
  }

  /** Tells the kernel something, and its successors again if they must know. */
  tell(message: Said): void {
    if (message.type === "ready") this.#incarnation.say(SAID.READY);
    if (message.type === "halted") this.#incarnation.say(SAID.HALTED);
    this.#post(message);
  }

  /** Tells the program that booted the system something. */
  report(news: DomainNews): void {
    this.#link.postMessage(news);
  }

  /**
   * Asks the kernel, and waits in place for the answer, whatever becomes of the kernel meanwhile.
   *
   * @throws {Fenced} If this life ends before the answer has come.
   */
  ask(call: KernelCall): KernelAnswer {
    const { bell, sleepMsMax } = this.#incarnation;
    this.#call = { type: "call", number: ++this.#lastCall, call };
    this.#post(this.#call);
    for (;;) {
      const announced = bell.announce();
      this.receive();
      const answer = this.#answer;
      if (answer !== undefined) {
        this.#call = this.#answer = undefined;
        return answer;
      }
      this.#incarnation.beginSleep();
      bell.wait(announced, sleepMsMax);
      this.#incarnation.endSleep();
    }
  }

  /** Another kernel has taken over: it is told what the last one knew. */
  #meet(port: MessagePort): void {
    this.#control.close();
    this.#control = port;
    this.#post({ type: "hello" });
    if (this.#call !== undefined && this.#answer === undefined) this.#post(this.#call);
  }

  #post(message: DomainMessage): void {
    this.#control.postMessage(message);
    this.#incarnation.ringKernel();
  }
}
