/**
 * A client as `ipc/client.ts` is one: it posts when the slot is its own; until answered it announces
 * a sleep, looks once more at the answer and at whether the channel is closed, and waits; it reads the
 * answer.
 *
 * @module
 */

import { CHANNEL } from "../../ipc/layouts/channel.ts";
import type { Misuse, Request, Scenario } from "./scenario.ts";
import { EFFECT, type Script, type Turn } from "./turn.ts";
import { Violation } from "./violation.ts";

/** What the client waits for the core to tell. */
const AT = {
  begin: 0,
  free: 1,
  posted: 2,
  announcedForSlot: 3,
  freeNow: 4,
  cancelled: 5,
  announced: 6,
  answered: 7,
  closed: 8,
  woken: 9,
  answeredNow: 10,
  called: 11,
  closedForSlot: 12,
};

/** The variables, by index. */
const WHERE = 0;
const POSTED = 1; // Requests posted.
const FINISHED = 2; // Requests of which nothing more is to come.
const ANNOUNCED = 3;
const UNREAD = 4; // Of a client that reads late: the area of the answer, and 0 if there is none.

const TIMEOUT_MS = 50;

/** The client of one channel. */
export function clientScript(
  scenario: Scenario,
  channel: number,
  requests: readonly Request[],
): Script {
  return new ClientScript(scenario, channel, requests);
}

class ClientScript implements Script {
  readonly name: string;
  readonly variables: readonly number[];
  readonly #misuse: Misuse | undefined;
  readonly #channel: number;
  readonly #requests: readonly Request[];
  readonly #pipeline: number;
  readonly #together: boolean;
  readonly #spins: boolean;

  constructor(scenario: Scenario, channel: number, requests: readonly Request[]) {
    const { pipeline = 1, together = false, spins = false } = scenario.channels[channel]!;
    this.name = `client ${String.fromCharCode(65 + channel)}`;
    this.#misuse = scenario.misuse;
    this.#channel = channel;
    this.#requests = requests;
    this.#pipeline = pipeline;
    this.#together = together;
    this.#spins = spins;
    const posted = requests.filter(({ before }) => before !== undefined).length;
    this.variables = [AT.begin, posted, 0, 0, 0];
  }

  next(variables: number[], answer: number, turn: Turn): void {
    switch (variables[WHERE]) {
      case AT.begin:
        return this.#go(variables, turn);
      case AT.free:
        if (answer !== 0) return this.#post(variables, turn);
        if (this.#misuse === "write-before-free") {
          turn.do(EFFECT.writeRequest, this.#unposted(variables).id);
        }
        return this.#ask(variables, turn, AT.announcedForSlot, "announce");
      case AT.posted:
        return this.#posted(variables, answer, turn);
      case AT.called:
        return this.#called(variables, answer, turn);
      case AT.announcedForSlot:
        variables[ANNOUNCED] = answer;
        return this.#ask(variables, turn, AT.freeNow, "isFree", this.#unposted(variables).sequence);
      case AT.freeNow:
        if (answer !== 0) return this.#post(variables, turn);
        return this.#lookAtClosed(variables, turn, AT.closedForSlot);
      case AT.closedForSlot:
        if (answer !== 0) return void variables.fill(0);
        return this.#wait(variables, turn, AT.begin);
      case AT.cancelled:
        return this.#cancelled(variables, answer, turn);
      case AT.announced:
        variables[ANNOUNCED] = answer;
        if (this.#misuse === "no-second-look") return this.#wait(variables, turn, AT.woken);
        return this.#reap(variables, turn, AT.answered);
      case AT.answered:
        if (answer !== 0) return this.#read(variables, answer, turn);
        if (this.#misuse === "closed-before-announce") return this.#wait(variables, turn, AT.woken);
        return this.#lookAtClosed(variables, turn, AT.closed);
      case AT.closed:
        if (answer !== 0) return void variables.fill(0);
        return this.#wait(variables, turn, AT.woken);
      case AT.woken:
        return this.#reap(variables, turn, AT.answeredNow);
      default:
        if (answer !== 0) return this.#read(variables, answer, turn);
        return this.#announce(variables, turn);
    }
  }

  /** Posts if the pipeline has room, else waits for the oldest request. */
  #go(variables: number[], turn: Turn): void {
    this.#skipSettled(variables);
    const posted = variables[POSTED]!;
    const inFlight = posted - variables[FINISHED]!;
    if (posted < this.#requests.length && inFlight < this.#pipeline) {
      variables[WHERE] = AT.free;
      return turn.call(this.#channel, "isFree", this.#unposted(variables).sequence);
    }
    if (inFlight > 0) return this.#announce(variables, turn);
    this.#readLate(variables, turn);
    variables.fill(0);
  }

  #post(variables: number[], turn: Turn): void {
    variables[ANNOUNCED] = 0;
    variables[WHERE] = AT.posted;
    const request = this.#unposted(variables);
    const count = this.#together
      ? Math.min(this.#pipeline, this.#requests.length - variables[POSTED]!)
      : 1;
    for (let i = 0; i < count; i++) turn.do(EFFECT.writeRequest, request.id + i);
    if (this.#together) return turn.call(this.#channel, "postMany", request.sequence, count);
    if (this.#spins && request.kind === "call") {
      return this.#ask(variables, turn, AT.called, "call", request.sequence, 1);
    }
    turn.call(this.#channel, "post", request.sequence);
  }

  #posted(variables: number[], answer: number, turn: Turn): void {
    if (this.#together) {
      if (answer === 0) throw new Violation("script", "postMany() posts nothing into a free slot");
      variables[POSTED]! += answer;
      return this.#go(variables, turn);
    }
    if (answer === 0) throw new Violation("script", "post() finds no free slot where isFree() did");
    variables[WHERE] = AT.posted;
    if (answer === 2) return turn.call(this.#channel, "post", this.#unposted(variables).sequence);
    const request = this.#unposted(variables);
    this.#readLate(variables, turn);
    variables[POSTED]!++;
    if (request.kind !== "cancel") return this.#go(variables, turn);
    variables[WHERE] = AT.cancelled;
    turn.call(this.#channel, "cancel", request.sequence);
  }

  #called(variables: number[], answer: number, turn: Turn): void {
    if (answer <= 0) {
      return this.#posted(variables, answer === 0 ? 1 : answer + 2 === 0 ? 2 : 0, turn);
    }
    variables[POSTED]!++;
    this.#read(variables, answer, turn);
  }

  #cancelled(variables: number[], answer: number, turn: Turn): void {
    const request = this.#requests[variables[POSTED]! - 1]!;
    if (answer === 3) return turn.call(this.#channel, "cancel", request.sequence);
    turn.do(EFFECT.cancelled, request.id, answer);
    // Answered: there is something to read.
    if (answer === 0) return this.#reap(variables, turn, AT.answeredNow);
    variables[FINISHED]!++;
    this.#go(variables, turn);
  }

  #read(variables: number[], area: number, turn: Turn): void {
    variables[ANNOUNCED] = 0;
    if (this.#misuse === "reply-read-late") {
      variables[UNREAD] = area;
    } else {
      turn.do(EFFECT.readReply, this.#oldest(variables).id, area - 1);
    }
    variables[FINISHED]!++;
    this.#go(variables, turn);
  }

  /** What a client must not do: read an answer when the next request is already posted. */
  #readLate(variables: number[], turn: Turn): void {
    const area = variables[UNREAD]!;
    if (area === 0) return;
    turn.do(EFFECT.readReply, this.#requests[variables[FINISHED]! - 1]!.id, area - 1);
    variables[UNREAD] = 0;
  }

  #announce(variables: number[], turn: Turn): void {
    this.#ask(variables, turn, AT.announced, "announce");
  }

  #reap(variables: number[], turn: Turn, where: number): void {
    this.#ask(variables, turn, where, "reap", this.#oldest(variables).sequence);
  }

  #lookAtClosed(variables: number[], turn: Turn, where: number): void {
    variables[WHERE] = where;
    turn.look(this.#channel, CHANNEL.at.closed);
  }

  #wait(variables: number[], turn: Turn, where: number): void {
    const announced = variables[ANNOUNCED]!;
    variables[ANNOUNCED] = 0;
    this.#ask(variables, turn, where, "wait", announced, TIMEOUT_MS);
  }

  #ask(variables: number[], turn: Turn, where: number, name: string, ...operands: number[]): void {
    variables[WHERE] = where;
    turn.call(this.#channel, name, ...operands);
  }

  /** Passes over requests that want no answer, or were given up before the start. */
  #skipSettled(variables: number[]): void {
    while (variables[FINISHED]! < variables[POSTED]!) {
      const { kind, before } = this.#requests[variables[FINISHED]!]!;
      if (kind !== "oneWay" && before !== "cancelled") return;
      variables[FINISHED]!++;
    }
  }

  #oldest(variables: readonly number[]): Request {
    return this.#requests[variables[FINISHED]!]!;
  }

  #unposted(variables: readonly number[]): Request {
    return this.#requests[variables[POSTED]!]!;
  }
}
