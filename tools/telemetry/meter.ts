/**
 * The part of OpenTelemetry's metrics that Hako uses, as Deno builds it in: `Deno.telemetry` has the
 * shape of `@opentelemetry/api` without its types, and so needs no package
 * (https://opentelemetry.io/docs/specs/otel/metrics/api/).
 *
 * @module
 */

/** What a measured value is about. */
export type Attributes = Readonly<Record<string, string>>;

/** Describes an instrument. */
export interface InstrumentOptions {
  /** What it measures, in a few words. */
  readonly description: string;
  /** The unit, as UCUM writes it. */
  readonly unit: string;
}

/** A sum that only grows. */
export interface Counter {
  /** Adds to the sum of these attributes. */
  add(value: number, attributes: Attributes): void;
}

/** The last value is the one that counts. */
export interface Gauge {
  /** Says the value of these attributes. */
  record(value: number, attributes: Attributes): void;
}

/** Takes the answer of an instrument that was asked. */
export interface Observed {
  /** Says the value of these attributes. */
  observe(value: number, attributes: Attributes): void;
}

/** An instrument that is asked for its values. */
export interface Observable {
  /** Asks `callback` before each export, and waits for it. */
  addCallback(callback: (asked: Observed) => Promise<void>): void;
  /** Asks it no more. */
  removeCallback(callback: (asked: Observed) => Promise<void>): void;
}

/** Makes instruments. */
export interface Meter {
  /** A sum that only grows. */
  createCounter(name: string, options: InstrumentOptions): Counter;
  /** A value that goes up and down. */
  createGauge(name: string, options: InstrumentOptions): Gauge;
  /** A value that is asked for. */
  createObservableGauge(name: string, options: InstrumentOptions): Observable;
}

/** Makes meters: `Deno.telemetry.meterProvider` is one. */
export interface MeterProvider {
  /** The meter of a program. */
  getMeter(name: string, version: string): Meter;
}
