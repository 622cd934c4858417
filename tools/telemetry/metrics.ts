/**
 * The metrics of a running system through OpenTelemetry, which Deno has built in: they are exported
 * if `OTEL_DENO` is `true`, to where the other `OTEL_` variables say
 * (https://docs.deno.com/runtime/fundamentals/open_telemetry).
 *
 * ```text
 * hako.domain.calls      {call}     requests that the domain has answered
 * hako.domain.errors     {call}     those of them that were answered with an errno
 * hako.domain.in_flight  {call}     requests posted to it and not yet answered
 * hako.domain.restarts   {restart}  lives that followed a death
 * hako.domain.ready      1          1 while it serves, 0 while it does not
 * hako.domain.duration   s          p50, p90, p99 of its calls, by the attribute `quantile`
 * hako.kernel.restarts   {restart}  kernels that followed another
 * hako.slots_in_use      {slot}     requests posted and not yet reaped
 * hako.domains           {domain}   domains in the system
 * hako.zombies           {zombie}   fenced incarnations that have not said that they are gone
 * ```
 *
 * All of a domain have the attribute `hako.domain`.
 *
 * Counters are of the kind that is added to, because Deno exports their last values when the process
 * ends, and does not ask observable ones again. So what happened after the last export is told too,
 * if the metrics are disposed of before the system halts, and the program ends by itself:
 * `Deno.exit()` never returns if an export is under way (Deno 2.9.6: 1 in 3 at 20 ms between exports).
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { DomainStatus, SystemStatus } from "@hako/kernel";
import metadata from "../deno.json" with { type: "json" };
import type { Inspected } from "./inspected.ts";
import type {
  Attributes,
  Counter,
  Gauge,
  Meter,
  MeterProvider,
  Observable,
  Observed,
} from "./meter.ts";
import { restartsOf } from "./restarts.ts";

/** The variable that turns OpenTelemetry on in Deno. A program must be allowed to read it. */
export const TELEMETRY_VARIABLE = "OTEL_DENO";

/** Whether the environment asks for telemetry. Deno takes no other word for yes. */
export function wantsTelemetry(environment: { get(name: string): string | undefined }): boolean {
  return environment.get(TELEMETRY_VARIABLE) === "true";
}

/**
 * Observes a system and exports what it does, until disposed of: before the system halts, for it is
 * asked once more then. Deno's own exporter works only in a process that hosts no system; see
 * `host_process.ts`.
 *
 * @param provider Where the metrics go: to Deno's own exporter if left out.
 */
export function exportMetrics(
  system: Pick<Inspected, "status" | "observe">,
  provider: MeterProvider = Deno.telemetry.meterProvider as MeterProvider,
): AsyncDisposable {
  system.observe(true);
  return new Metrics(system, provider.getMeter("@hako/tools", metadata.version));
}

/** What the metrics of a system are told to. */
interface Instruments {
  readonly domains: Observable;
  readonly calls: GrowingSum;
  readonly errors: GrowingSum;
  readonly restarts: GrowingSum;
  readonly kernelRestarts: GrowingSum;
  readonly inFlight: Gauge;
  readonly ready: Gauge;
  readonly duration: Gauge;
  readonly slots: Gauge;
  readonly zombies: Gauge;
}

function makeInstruments(meter: Meter): Instruments {
  const sum = (name: string, unit: string, description: string) =>
    new GrowingSum(meter.createCounter(name, { unit, description }));
  const gauge = (name: string, unit: string, description: string) =>
    meter.createGauge(name, { unit, description });
  const domains = { unit: "{domain}", description: "Domains of the system" };
  return {
    domains: meter.createObservableGauge("hako.domains", domains),
    calls: sum("hako.domain.calls", "{call}", "Requests answered"),
    errors: sum("hako.domain.errors", "{call}", "Requests answered with an errno"),
    restarts: sum("hako.domain.restarts", "{restart}", "Lives that followed a death"),
    kernelRestarts: sum("hako.kernel.restarts", "{restart}", "Kernels that followed another"),
    inFlight: gauge("hako.domain.in_flight", "{call}", "Requests not yet answered"),
    ready: gauge("hako.domain.ready", "1", "1 while the domain serves"),
    duration: gauge("hako.domain.duration", "s", "Quantiles of the time to an answer"),
    slots: gauge("hako.slots_in_use", "{slot}", "Requests not yet reaped"),
    zombies: gauge("hako.zombies", "{zombie}", "Fenced incarnations that may still run"),
  };
}

/** The metrics of one system. */
class Metrics implements AsyncDisposable {
  readonly #system: Pick<Inspected, "status">;
  readonly #instruments: Instruments;
  readonly #poll: (asked: Observed) => Promise<void> = (asked) => this.#tell(asked);

  constructor(system: Pick<Inspected, "status">, meter: Meter) {
    this.#system = system;
    this.#instruments = makeInstruments(meter);
    // Asked before each export; what the others are told meanwhile is exported with it.
    this.#instruments.domains.addCallback(this.#poll);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#instruments.domains.removeCallback(this.#poll);
    await this.#tell();
  }

  async #tell(asked?: Observed): Promise<void> {
    const status = await this.#status();
    if (status === undefined) return;
    const { domains, kernelEpoch, slotsInUse, zombies } = status;
    asked?.observe(Object.keys(domains).length, {});
    this.#instruments.kernelRestarts.growTo(kernelEpoch - 1, {});
    this.#instruments.slots.record(slotsInUse, {});
    this.#instruments.zombies.record(zombies, {});
    for (const [name, domain] of Object.entries(domains)) this.#tellDomain(name, domain);
  }

  /** A system that cannot say what it does has nothing to export; who waits for it hears why. */
  async #status(): Promise<SystemStatus | undefined> {
    try {
      return await this.#system.status();
    } catch (error) {
      if (error instanceof OsError) return undefined;
      throw error;
    }
  }

  #tellDomain(name: string, domain: DomainStatus): void {
    const { calls, errors, restarts, inFlight, ready, duration } = this.#instruments;
    const attributes = { "hako.domain": name, "hako.domain.kind": domain.kind };
    restarts.growTo(restartsOf(domain), attributes);
    inFlight.record(domain.inFlight, attributes);
    ready.record(domain.state === "ready" ? 1 : 0, attributes);
    const { latency } = domain;
    if (latency === undefined) return;
    calls.growTo(latency.calls, attributes);
    errors.growTo(latency.errors, attributes);
    if (latency.calls === 0) return; // Without a call there is no duration, not one of 0.
    const { p50Us, p90Us, p99Us } = latency;
    for (const [quantile, us] of [["0.5", p50Us], ["0.9", p90Us], ["0.99", p99Us]] as const) {
      duration.record(us / 1e6, { ...attributes, quantile });
    }
  }
}

/** A counter that is told what it should stand at. */
class GrowingSum {
  readonly #counter: Counter;
  readonly #told: Map<string, number> = new Map();

  constructor(counter: Counter) {
    this.#counter = counter;
  }

  /** A value below the last one is of a count that began anew. */
  growTo(value: number, attributes: Attributes): void {
    const key = attributes["hako.domain"] ?? "";
    const told = this.#told.get(key) ?? 0;
    this.#told.set(key, value);
    this.#counter.add(value >= told ? value - told : value, attributes);
  }
}
