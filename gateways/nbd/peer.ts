/**
 * The socket of one client, with an eye on how long it keeps us waiting.
 *
 * @module
 */

/** Bytes there and back. Every `Deno.Conn` is one. */
export interface ByteStream {
  /** Reads some bytes; `null` at the end. */
  read(target: Uint8Array): Promise<number | null>;
  /** Writes some bytes and answers how many. */
  write(source: Uint8Array): Promise<number>;
  /** Closes both directions: what is under way is rejected. */
  close(): void;
}

/** How long a client may take, in ticks of the gateway's clock. */
export interface Patience {
  /** From the connection's beginning until the client has chosen an export. */
  readonly handshakeTicks: number;
  /** Without one byte, in the middle of a request or of a reply. */
  readonly stallTicks: number;
}

/** One client. Whatever fails at its socket is its end, which is told by answers, not by errors. */
export class Peer {
  /** Whether the connection is over. */
  isClosed = false;
  readonly #stream: ByteStream;
  readonly #patience: Patience;
  /** Waits in which the client owes us bytes, or room for ours. */
  #owing = 0;
  #ticksLeft: number;
  #isShakingHands = true;

  /** The client at the other end of a socket that nobody else uses. */
  constructor(stream: ByteStream, patience: Patience) {
    this.#stream = stream;
    this.#patience = patience;
    this.#ticksLeft = patience.handshakeTicks;
  }

  /** Says that the client has chosen an export: from now on it may be idle for ever. */
  beginTransmission(): void {
    this.#isShakingHands = false;
  }

  /** One tick of the gateway's clock: a client that has kept us waiting for too long is left. */
  tick(): void {
    if ((this.#isShakingHands || this.#owing > 0) && --this.#ticksLeft <= 0) this.close();
  }

  /** Reads some bytes, whenever they come; 0 at the end. */
  async read(target: Uint8Array): Promise<number> {
    try {
      return await this.#stream.read(target) ?? 0;
    } catch {
      return 0;
    }
  }

  /** Reads some bytes in the middle of a request; 0 at the end. */
  async readOwed(target: Uint8Array): Promise<number> {
    this.#beginOwing();
    const count = await this.read(target);
    this.#owing--;
    return count;
  }

  /** Writes all of `source`; answers whether it could. */
  async write(source: Uint8Array): Promise<boolean> {
    this.#beginOwing();
    try {
      for (let at = 0; at < source.byteLength;) {
        at += await this.#stream.write(at === 0 ? source : source.subarray(at));
        this.#hear();
      }
    } catch {
      this.close();
    }
    this.#owing--;
    return !this.isClosed;
  }

  /** Ends the connection at once. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    try {
      this.#stream.close();
    } catch {
      // The runtime may have closed it when it failed.
    }
  }

  #beginOwing(): void {
    this.#owing++;
    this.#hear();
  }

  #hear(): void {
    if (!this.#isShakingHands) this.#ticksLeft = this.#patience.stallTicks;
  }
}
