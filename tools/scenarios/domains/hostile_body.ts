/**
 * A domain without the runtime: it has what the kernel gave its worker, and writes into its memories
 * and on its ports what it likes.
 *
 * @module
 */

import {
  Channel,
  ChannelClient,
  type Client,
  Doorbell,
  type Operations,
  type Protocol,
} from "@hako/ipc";
import { Incarnation } from "../../../kernel/domain/incarnation.ts";
import { HeldWindows } from "../../../kernel/domain/windows.ts";
import type { BootMessage } from "../../../kernel/messages.ts";
import type { Random } from "../random.ts";
import type { Held } from "./attacks.ts";

const bootMessage = new Promise<BootMessage>((resolve) => {
  const take = (event: Event) => resolve((event as MessageEvent<BootMessage>).data);
  globalThis.addEventListener("message", take, { once: true });
});

/** The life of a domain that obeys nobody. It calls one endpoint. */
export class HostileBody {
  /** Everything that the kernel gave. */
  readonly boot: BootMessage;
  readonly #life: Incarnation;

  private constructor(boot: BootMessage) {
    this.boot = boot;
    this.#life = new Incarnation(boot);
  }

  /** Takes up a life, and says that it has entered. */
  static async begin(): Promise<HostileBody> {
    const body = new HostileBody(await bootMessage);
    body.post({ type: "ready" });
    return body;
  }

  /** Its end of the channel, for who writes there what it likes. */
  held(random: Random): Held {
    const { memory, bell, index } = this.boot.used[0]!;
    const bellWords = new Int32Array(bell.buffer);
    return { channel: new Channel(memory), index, bell: new Doorbell(bell), bellWords, random };
  }

  /** A client on the same channel that speaks anything, whatever its server speaks. */
  client<P extends Protocol<Operations>>(protocol: P): Client<P> {
    const { memory, bell, index, censusIndex } = this.boot.used[0]!;
    const windows = new HeldWindows(() => {});
    const server = { bell: new Doorbell(bell), index, censusIndex };
    return new ChannelClient(protocol, memory, server, { waiter: this.#life, windows });
  }

  /** Posts anything on the port to the kernel. */
  post(message: unknown): void {
    this.boot.control.postMessage(message);
    new Doorbell(this.boot.kernelBell).ring();
  }

  /** Ends this life, as a worker does that closes itself. */
  die(): never {
    this.#life.announceClosing();
    return globalThis.close() as never;
  }

  /** Says that it has finished, and lives on. */
  finish(value: unknown): void {
    this.boot.link.postMessage({ type: "finish", value });
    this.#life.rest();
  }
}
