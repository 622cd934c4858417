/**
 * A server as `ipc/server.ts` is one: it looks at the next slot of each channel in turn, or takes
 * ready bits first; when there is nothing it announces a sleep, looks once more at everything and at
 * the fence word, and waits.
 *
 * @module
 */

import { CHANNEL } from "../../ipc/layouts/channel.ts";
import type { Misuse, Request, Scenario } from "./scenario.ts";
import { EFFECT, type Script, type Turn } from "./turn.ts";
import { Violation } from "./violation.ts";

/** What the server waits for the core to tell. */
const AT = {
  begin: 0,
  useReady: 1,
  first: 2,
  bits: 3,
  took: 4,
  completed: 5,
  announced: 6,
  fence: 7,
  woken: 8,
  cleared: 9,
  claimed: 10,
  stored: 11,
  fenced: 12,
  rung: 13,
  woke: 14,
  again: 15,
};

/** The variables, by index. */
const WHERE = 0;
const CHANNEL_INDEX = 1;
const BITS = 2; // Channels yet to be looked at in this round.
const ANNOUNCED = 3; // What to wait on; 0 while no sleep is announced.
const BUSY = 4; // Whether this round took anything.
const EPOCH = 5;
const UNRUNG = 6; // Channels with answers that nobody has rung for.
const RESUMING = 7; // Whether it still does what predecessors had begun.
const NEXT = 8; // The sequence looked at next, of each channel.

const TIMEOUT_MS = 50;

/** One incarnation. */
export function serverScript(
  scenario: Scenario,
  server: number,
  requests: readonly Request[],
): Script {
  return new ServerScript(scenario, server, requests);
}

class ServerScript implements Script {
  readonly name: string;
  readonly variables: readonly number[];
  readonly epochAt: number = EPOCH;
  readonly #scenario: Scenario;
  readonly #takesOver: boolean;
  readonly #running: boolean;
  readonly #requests: readonly Request[];
  readonly #channelCount: number;
  readonly #misuse: Misuse | undefined;
  /** Whether it looks only where ready bits are set before it sleeps, which no server may do. */
  readonly #trustsBits: boolean;

  constructor(scenario: Scenario, server: number, requests: readonly Request[]) {
    const { epoch, running, takesOver = false } = scenario.servers[server]!;
    if (takesOver && scenario.channels.length > 1) {
      throw new RangeError("Cannot take over more than one channel");
    }
    this.name = `server ${server + 1}`;
    this.#scenario = scenario;
    this.#takesOver = takesOver;
    this.#running = running;
    this.#requests = requests;
    this.#channelCount = scenario.channels.length;
    this.#misuse = scenario.misuse;
    this.#trustsBits = scenario.misuse === "ready-after-look" ||
      scenario.misuse === "second-look-by-bits";
    const next = scenario.channels.map(({ first }) => running ? first : 0);
    this.variables = [AT.begin, 0, 0, 0, 0, epoch, 0, 0, ...next];
  }

  next(variables: number[], answer: number, turn: Turn): void {
    switch (variables[WHERE]) {
      case AT.begin:
        return this.#begin(variables, turn);
      case AT.useReady:
        if (this.#running) return this.#lookAtAll(variables, turn);
        variables[WHERE] = AT.first;
        return turn.call(0, "firstUnfinished");
      case AT.first:
        return this.#first(variables, answer, turn);
      case AT.bits:
        return this.#gotBits(variables, answer, turn);
      case AT.took:
        return this.#took(variables, answer, turn);
      case AT.again:
        return this.#tookAgain(variables, answer, turn);
      case AT.completed:
        return this.#completed(variables, answer, turn);
      case AT.announced:
        variables[ANNOUNCED] = answer;
        if (this.#misuse === "no-second-look") return this.#lookAtFence(variables, turn);
        if (this.#trustsBits) return this.#takeBits(variables, turn, AT.bits);
        return this.#lookAtAll(variables, turn);
      case AT.claimed:
        return this.#claimed(variables, answer, turn);
      case AT.stored:
        return this.#fence(variables, turn);
      case AT.fenced:
        variables[WHERE] = AT.rung;
        return turn.call(this.#channelCount, "rouse");
      case AT.rung:
        variables[WHERE] = AT.first;
        return turn.call(0, "firstUnfinished");
      case AT.cleared:
        return this.#announce(variables, turn);
      case AT.woke:
        return this.#look(variables, turn);
      case AT.fence:
        return this.#sawFence(variables, answer, turn);
      default:
        return this.#round(variables, turn);
    }
  }

  #begin(variables: number[], turn: Turn): void {
    if (this.#takesOver) {
      variables[WHERE] = AT.claimed;
      if (this.#misuse === "claim-by-store") return turn.look(0, CHANNEL.at.epoch);
      return turn.claim(0, CHANNEL.at.epoch, 1);
    }
    if (this.#scenario.usesReady) {
      variables[WHERE] = AT.useReady;
      return turn.call(this.#channelCount, "useReady");
    }
    if (this.#running) return this.#round(variables, turn);
    variables[WHERE] = AT.first;
    turn.call(0, "firstUnfinished");
  }

  #claimed(variables: number[], answer: number, turn: Turn): void {
    variables[EPOCH] = answer + 1;
    if (this.#misuse !== "claim-by-store") return this.#fence(variables, turn);
    variables[WHERE] = AT.stored;
    turn.put(0, CHANNEL.at.epoch, answer + 1);
  }

  #fence(variables: number[], turn: Turn): void {
    variables[WHERE] = AT.fenced;
    turn.call(0, "fence", variables[EPOCH]!);
  }

  #first(variables: number[], answer: number, turn: Turn): void {
    variables[NEXT + variables[CHANNEL_INDEX]!] = answer;
    variables[CHANNEL_INDEX]!++;
    if (variables[CHANNEL_INDEX]! < this.#channelCount) {
      return turn.call(variables[CHANNEL_INDEX]!, "firstUnfinished");
    }
    if (this.#misuse === "no-resumption") return this.#lookAtAll(variables, turn);
    variables[RESUMING] = 1;
    variables[CHANNEL_INDEX] = 0;
    this.#resume(variables, turn);
  }

  /** Takes what predecessors had begun, channel by channel, before anything else. */
  #resume(variables: number[], turn: Turn): void {
    const channel = variables[CHANNEL_INDEX]!;
    variables[WHERE] = AT.again;
    turn.call(channel, "takeAgain", variables[NEXT + channel]!, variables[EPOCH]!);
  }

  #tookAgain(variables: number[], answer: number, turn: Turn): void {
    const channel = variables[CHANNEL_INDEX]!;
    if (answer === 1) return this.#answer(variables, turn);
    if (answer === 2) variables[NEXT + channel] = (variables[NEXT + channel]! + 1) | 0;
    else variables[CHANNEL_INDEX]!++;
    if (variables[CHANNEL_INDEX]! < this.#channelCount) return this.#resume(variables, turn);
    variables[RESUMING] = 0;
    variables[CHANNEL_INDEX] = 0;
    this.#lookAtAll(variables, turn);
  }

  /** Begins a round: at every channel, or at those whose ready bits are set. */
  #round(variables: number[], turn: Turn): void {
    variables[BUSY] = 0;
    if (!this.#scenario.usesReady || this.#misuse === "ready-after-look") {
      return this.#lookAtAll(variables, turn);
    }
    this.#takeBits(variables, turn, AT.bits);
  }

  #takeBits(variables: number[], turn: Turn, where: number): void {
    variables[CHANNEL_INDEX] = 0;
    variables[WHERE] = where;
    turn.call(this.#channelCount, "takeReady", 0);
  }

  #gotBits(variables: number[], bits: number, turn: Turn): void {
    if (bits === 0) {
      if (variables[ANNOUNCED] !== 0) return this.#lookAtFence(variables, turn);
      return this.#announce(variables, turn);
    }
    variables[BITS] = bits;
    variables[BUSY] = 1; // A round with bits is followed by another.
    this.#look(variables, turn);
  }

  #lookAtAll(variables: number[], turn: Turn): void {
    variables[BITS] = (1 << this.#channelCount) - 1;
    this.#look(variables, turn);
  }

  /** Looks at the first channel of the round that is left, or ends the round. */
  #look(variables: number[], turn: Turn): void {
    const bits = variables[BITS]!;
    if (bits === 0) return this.#endRound(variables, turn);
    const channel = 31 - Math.clz32(bits & -bits);
    variables[CHANNEL_INDEX] = channel;
    variables[WHERE] = AT.took;
    turn.call(channel, "take", variables[NEXT + channel]!, variables[EPOCH]!);
  }

  #took(variables: number[], answer: number, turn: Turn): void {
    const channel = variables[CHANNEL_INDEX]!;
    if (answer === 2) {
      variables[NEXT + channel] = (variables[NEXT + channel]! + 1) | 0;
      return this.#look(variables, turn);
    }
    if (answer === 0) {
      variables[BITS]! &= ~(1 << channel);
      return this.#wake(variables, turn);
    }
    this.#answer(variables, turn);
  }

  /** Does what it has taken from the channel at hand, and answers. */
  #answer(variables: number[], turn: Turn): void {
    const channel = variables[CHANNEL_INDEX]!;
    const { id, kind } = this.#request(channel, variables[NEXT + channel]!);
    turn.do(EFFECT.readRequest, id);
    turn.do(EFFECT.execute, id);
    if (this.#misuse !== "reply-after-complete") this.#writeReply(variables, id, turn);
    variables[WHERE] = AT.completed;
    const oneWay = kind === "oneWay" ? 1 : 0;
    const operation = this.#scenario.quiet ? "finish" : "complete";
    turn.call(channel, operation, variables[NEXT + channel]!, variables[EPOCH]!, oneWay);
  }

  /** Rings once for all the answers that a channel got in its turn. */
  #wake(variables: number[], turn: Turn): void {
    const channel = variables[CHANNEL_INDEX]!;
    const unrung = variables[UNRUNG]! & (1 << channel);
    if (unrung === 0 || this.#misuse === "no-ring-after-turn") return this.#look(variables, turn);
    variables[UNRUNG]! &= ~unrung;
    variables[WHERE] = AT.woke;
    turn.call(channel, "wake");
  }

  #completed(variables: number[], answer: number, turn: Turn): void {
    const channel = variables[CHANNEL_INDEX]!;
    if (this.#misuse === "reply-after-complete") {
      this.#writeReply(variables, this.#request(channel, variables[NEXT + channel]!).id, turn);
    }
    if (answer === 0) return this.#end(variables); // Fenced.
    variables[NEXT + channel] = (variables[NEXT + channel]! + 1) | 0;
    variables[BUSY] = 1;
    if (this.#scenario.quiet) variables[UNRUNG]! |= 1 << channel;
    if (variables[RESUMING] !== 0) return this.#resume(variables, turn);
    // With ready bits a channel is looked at until it has nothing more: its bit is gone.
    if (!this.#scenario.quiet && !this.#scenario.usesReady) variables[BITS]! &= ~(1 << channel);
    this.#look(variables, turn);
  }

  #writeReply(variables: readonly number[], id: number, turn: Turn): void {
    const parity = this.#misuse === "one-reply-area" ? 0 : variables[EPOCH]! & 1;
    turn.do(EFFECT.writeReply, id, parity);
  }

  #endRound(variables: number[], turn: Turn): void {
    const busy = variables[BUSY] !== 0;
    variables[CHANNEL_INDEX] = 0;
    if (this.#misuse === "ready-after-look" && !busy && variables[ANNOUNCED] === 0) {
      return this.#takeBits(variables, turn, AT.cleared);
    }
    if (busy) {
      variables[ANNOUNCED] = 0;
      return this.#round(variables, turn);
    }
    if (variables[ANNOUNCED] === 0) return this.#announce(variables, turn);
    this.#lookAtFence(variables, turn);
  }

  #announce(variables: number[], turn: Turn): void {
    variables[WHERE] = AT.announced;
    turn.call(this.#channelCount, "announce");
  }

  #lookAtFence(variables: number[], turn: Turn): void {
    if (this.#misuse === "no-look-at-fence-word") return this.#wait(variables, turn);
    variables[WHERE] = AT.fence;
    turn.look(variables[CHANNEL_INDEX]!, CHANNEL.at.epoch);
  }

  #sawFence(variables: number[], epoch: number, turn: Turn): void {
    if (epoch !== variables[EPOCH]) return this.#end(variables);
    variables[CHANNEL_INDEX]!++;
    if (variables[CHANNEL_INDEX]! < this.#channelCount) {
      return turn.look(variables[CHANNEL_INDEX]!, CHANNEL.at.epoch);
    }
    this.#wait(variables, turn);
  }

  #wait(variables: number[], turn: Turn): void {
    const announced = variables[ANNOUNCED]!;
    variables[ANNOUNCED] = 0;
    variables[CHANNEL_INDEX] = 0;
    variables[WHERE] = AT.woken;
    turn.call(this.#channelCount, "wait", announced, TIMEOUT_MS);
  }

  #end(variables: number[]): void {
    variables.fill(0);
  }

  #request(channel: number, sequence: number): Request {
    const found = this.#requests.find((request) => {
      return request.channel === channel && (request.sequence | 0) === (sequence | 0);
    });
    if (found === undefined) {
      throw new Violation("script", `take() took ${sequence} of channel ${channel}: nobody's`);
    }
    return found;
  }
}
