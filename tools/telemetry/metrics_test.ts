import { assert, assertEquals } from "@std/assert";
import { OsError } from "@hako/ipc";
import type { DomainStatus, SystemStatus } from "@hako/kernel";
import { denoProgram } from "../command_line/deno_program.ts";
import type { Attributes, MeterProvider, Observed } from "./meter.ts";
import { exportMetrics, wantsTelemetry } from "./metrics.ts";
import { readStatusLine, statusLine } from "./status_line.ts";
import { tellStatus } from "./tell_status.ts";

interface Point {
  readonly name: string;
  readonly unit: string;
  readonly isCounter: boolean;
  readonly attributes: Record<string, string>;
  readonly value: number;
}

function value(points: readonly Point[], name: string, domain?: string, quantile?: string) {
  return points.find((point) =>
    point.name === name && point.attributes["hako.domain"] === domain &&
    point.attributes.quantile === quantile
  )?.value;
}

Deno.test("a collector hears of every call, error, restart and duration, of the last ones too", async () => {
  const here = import.meta.dirname!;
  const program = ["run", "--quiet", "--no-prompt", "--allow-env=OTEL_DENO", "--allow-run"];
  const { stdout, stderr, success } = await new Deno.Command(denoProgram(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      "--allow-net=127.0.0.1",
      "--allow-run",
      `${here}/test_collector.ts`,
      ...program,
      `${here}/test_program.ts`,
      "500",
    ],
  }).output();
  const said = new TextDecoder().decode(stderr);
  assert(success, said);
  assertEquals(said, "the host speaks to people\n");
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  const exports = lines.map((line) => JSON.parse(line) as Point[]);

  assert(exports.length > 1, "metrics are exported while the system boots and runs");
  const sums = exports.map((points) => value(points, "hako.domain.calls", "sum") ?? 0);
  assertEquals(sums, sums.toSorted((one, other) => one - other));
  const last = exports.findLast((points) =>
    value(points, "hako.domain.calls", "sum") !== undefined
  );
  assert(last !== undefined);
  // The call that the server died of began twice and was answered once.
  assertEquals(value(last, "hako.domain.calls", "sum"), 500);
  assertEquals(value(last, "hako.domain.errors", "sum"), 50);
  assertEquals(value(last, "hako.domain.restarts", "sum"), 1);
  assertEquals(value(last, "hako.domain.in_flight", "sum"), 0);
  assertEquals(value(last, "hako.domain.ready", "sum"), 1);
  assertEquals(value(last, "hako.kernel.restarts"), 0);
  assertEquals(value(last, "hako.slots_in_use"), 0);
  assertEquals(value(last, "hako.zombies"), 0);
  const seconds = ["0.5", "0.9", "0.99"].map((quantile) =>
    value(last, "hako.domain.duration", "sum", quantile)!
  );
  assert(seconds.every((each) => each > 1e-8 && each < 1), `${seconds}`);
  assertEquals(seconds, seconds.toSorted((one, other) => one - other));
  const { unit, isCounter } = last.find(({ name }) => name === "hako.domain.calls")!;
  assertEquals([unit, isCounter], ["{call}", true]);
});

/** Keeps what it is told, as an exporter that is asked by `collect`. */
class Collector implements MeterProvider {
  readonly sums: Map<string, number> = new Map();
  readonly gauges: Map<string, number> = new Map();
  readonly #callbacks: Set<(asked: Observed) => Promise<void>> = new Set();

  getMeter() {
    const keyOf = (name: string, { "hako.domain": domain, quantile }: Attributes) =>
      [name, domain, quantile].filter((part) => part !== undefined).join(" ");
    return {
      createCounter: (name: string) => ({
        add: (more: number, attributes: Attributes) => {
          assert(more >= 0, "a counter never goes back");
          const key = keyOf(name, attributes);
          this.sums.set(key, (this.sums.get(key) ?? 0) + more);
        },
      }),
      createGauge: (name: string) => ({
        record: (last: number, attributes: Attributes) =>
          void this.gauges.set(keyOf(name, attributes), last),
      }),
      createObservableGauge: () => ({
        addCallback: (callback: (asked: Observed) => Promise<void>) =>
          void this.#callbacks.add(callback),
        removeCallback: (callback: (asked: Observed) => Promise<void>) =>
          void this.#callbacks.delete(callback),
      }),
    };
  }

  async collect(): Promise<void> {
    for (const callback of this.#callbacks) await callback({ observe: () => {} });
  }
}

class FakeSystem {
  readonly observed: boolean[] = [];
  hasHalted = false;
  kernelEpoch = 1;
  disk: Partial<DomainStatus> = {};

  observe(isObserved: boolean): void {
    this.observed.push(isObserved);
  }

  trace(): [] {
    return [];
  }

  status(): Promise<SystemStatus> {
    if (this.hasHalted) return Promise.reject(new OsError("ESHUTDOWN", "ask a halted system"));
    const { disk, kernelEpoch } = this;
    const life = { kind: "driver", epoch: 1, state: "ready", deaths: 0, why: "" } as const;
    const domains = { disk: { ...life, inFlight: 2, answered: 9, ...disk } };
    return Promise.resolve({ domains, kernelEpoch, slotsInUse: 3, zombies: 1 });
  }
}

Deno.test("exportMetrics() observes the system, and tells nothing of calls before there are any", async () => {
  const [system, collector] = [new FakeSystem(), new Collector()];
  await using _metrics = exportMetrics(system, collector);
  await collector.collect();

  assertEquals(system.observed, [true]);
  assertEquals(collector.gauges.get("hako.domain.in_flight disk"), 2);
  assertEquals(collector.gauges.get("hako.slots_in_use"), 3);
  assertEquals(collector.gauges.get("hako.zombies"), 1);
  assertEquals([...collector.gauges.keys()].some((key) => key.includes("duration")), false);
  assertEquals(collector.sums.has("hako.domain.calls disk"), false);
});

Deno.test("counters follow the system's counts, also where one begins anew", async () => {
  const [system, collector] = [new FakeSystem(), new Collector()];
  {
    await using _metrics = exportMetrics(system, collector);
    const quantiles = { p50Us: 1, p90Us: 2, p99Us: 3 };
    for (const [calls, errors] of [[10, 1], [25, 2], [5, 0]] as const) {
      system.disk = { deaths: 2, state: "gave-up", latency: { calls, errors, ...quantiles } };
      await collector.collect();
    }
    system.disk = { ...system.disk, latency: { calls: 6, errors: 1, ...quantiles } };
    system.kernelEpoch = 3;
  }

  assertEquals(collector.sums.get("hako.domain.calls disk"), 31, "the last ones too");
  assertEquals(collector.sums.get("hako.domain.errors disk"), 3);
  assertEquals(collector.sums.get("hako.domain.restarts disk"), 1, "nobody came after the last");
  assertEquals(collector.sums.get("hako.kernel.restarts"), 2);
  assertEquals(collector.gauges.get("hako.domain.duration disk 0.99"), 3e-6);
  assertEquals(collector.gauges.get("hako.domain.ready disk"), 0);
});

Deno.test("a system that has halted is not exported, and disturbs nobody", async () => {
  const [system, collector] = [new FakeSystem(), new Collector()];
  {
    await using _metrics = exportMetrics(system, collector);
    system.hasHalted = true;
    await collector.collect();
  }

  assertEquals([collector.sums.size, collector.gauges.size], [0, 0]);
});

Deno.test("wantsTelemetry() asks as Deno does: for the one word", () => {
  for (const [word, wants] of [["true", true], ["1", false], ["false", false]] as const) {
    assertEquals(wantsTelemetry(new Map([["OTEL_DENO", word]])), wants);
  }
  assertEquals(wantsTelemetry(new Map()), false);
});

Deno.test("a status comes through between lines for people, and nothing else passes for one", async () => {
  const status = await new FakeSystem().status();
  const line = statusLine(status);

  assertEquals(line.endsWith("\n"), true);
  assertEquals(readStatusLine(line.slice(0, -1)), status);
  for (const other of ["", "{}", "error: x", line.slice(1, -1), line.slice(0, 20)]) {
    assertEquals(readStatusLine(other), undefined);
  }
});

Deno.test("a host tells its last status too, and nothing of a system that has halted", async () => {
  const system = new FakeSystem();
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  {
    await using _telling = tellStatus(system, write);
    assertEquals(system.observed, [true]);
    system.disk = { answered: 77 };
  }
  assertEquals(lines.map((line) => readStatusLine(line)?.domains.disk?.answered), [77]);

  {
    await using _telling = tellStatus(system, write);
    system.hasHalted = true;
  }
  assertEquals(lines.length, 1);
});
