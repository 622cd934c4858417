/**
 * What a system does between two looks at it.
 *
 * @module
 */

import type { DomainState, DomainStatus, SystemStatus } from "@hako/kernel";
import type { CallEvent } from "../../kernel/trace/events.ts";
import { restartsOf } from "../telemetry/restarts.ts";
import type { Inspected } from "../telemetry/inspected.ts";

/** What a domain did since the last look. */
export interface DomainSample {
  /** Its name. */
  readonly domain: string;
  /** What it is. */
  readonly kind: DomainStatus["kind"];
  /** The number of its present life. */
  readonly epoch: number;
  /** Where it stands in that life. */
  readonly state: DomainState;
  /** Requests posted to it and not yet answered. */
  readonly inFlight: number;
  /** Requests that it has answered in a second. */
  readonly callsPerSecond: number;
  /** Half of its last calls took at most this long; none if there were no calls. */
  readonly p50Us?: number;
  /** All but one in a hundred took at most this long. */
  readonly p99Us?: number;
  /** Lives that followed a death. */
  readonly restarts: number;
  /** Why it died last; empty if it never has. */
  readonly why: string;
}

/** What a system did since the last look. */
export interface Sample {
  /** Seconds since the first look. */
  readonly seconds: number;
  /** The number of the kernel's present life. */
  readonly kernelEpoch: number;
  /** Requests posted and not yet reaped. */
  readonly slotsInUse: number;
  /** Fenced incarnations that have not said that they are gone. */
  readonly zombies: number;
  /** The domains, in the order of the manifest. */
  readonly domains: readonly DomainSample[];
}

/** Looks at a system again and again. */
export class Sampler {
  readonly #system: Inspected;
  readonly #nowUs: () => number;
  readonly #beganUs: number;
  #lastUs: number;
  #last: SystemStatus["domains"] = {};

  private constructor(system: Inspected, nowUs: () => number) {
    this.#system = system;
    this.#nowUs = nowUs;
    this.#beganUs = nowUs();
    this.#lastUs = this.#beganUs;
  }

  /**
   * Takes the first look, from which on calls are timed.
   *
   * @param nowUs The clock of the system's trace.
   */
  static async begin(system: Inspected, nowUs: () => number): Promise<Sampler> {
    const sampler = new Sampler(system, nowUs);
    system.observe(true);
    sampler.#last = (await system.status()).domains;
    return sampler;
  }

  /** What has happened since the last look. */
  async next(): Promise<Sample> {
    const status = await this.#system.status();
    const durations = durationsSince(this.#system, this.#lastUs);
    const nowUs = this.#nowUs();
    const seconds = (nowUs - this.#lastUs) / 1e6;
    const domains = Object.entries(status.domains).map(([domain, now]): DomainSample => {
      const { kind, epoch, state, inFlight, why } = now;
      const callsPerSecond = seconds > 0 ? answeredSince(now, this.#last[domain]) / seconds : 0;
      const times = quantiles(durations.get(domain) ?? []);
      const restarts = restartsOf(now);
      return { domain, kind, epoch, state, inFlight, callsPerSecond, ...times, restarts, why };
    });
    this.#lastUs = nowUs;
    this.#last = status.domains;
    const { kernelEpoch, slotsInUse, zombies } = status;
    return { seconds: (nowUs - this.#beganUs) / 1e6, kernelEpoch, slotsInUse, zombies, domains };
  }
}

/** The count of a life begins at 0 and wraps; what a life answered after the last look is lost with it. */
function answeredSince(now: DomainStatus, last: DomainStatus | undefined): number {
  if (last === undefined || last.epoch !== now.epoch) return now.answered;
  return (now.answered - last.answered) >>> 0;
}

/** How long the calls took that ended since; of a busy domain the last thousand. */
function durationsSince(system: Inspected, sinceUs: number): Map<string, number[]> {
  const ended = (event: CallEvent) => event.startUs + event.durationUs >= sinceUs;
  const calls = system.trace().filter((event) => event.type === "call" && ended(event));
  const durations: Map<string, number[]> = new Map();
  for (const call of calls as CallEvent[]) {
    const list = durations.get(call.domain);
    if (list === undefined) durations.set(call.domain, [call.durationUs]);
    else list.push(call.durationUs);
  }
  return durations;
}

function quantiles(durationsUs: number[]): { readonly p50Us?: number; readonly p99Us?: number } {
  if (durationsUs.length === 0) return {};
  durationsUs.sort((one, other) => one - other);
  const at = (share: number) => durationsUs[Math.ceil(share * durationsUs.length) - 1]!;
  return { p50Us: at(0.5), p99Us: at(0.99) };
}
