/**
 * Runs a program beside a collector that speaks OTLP over HTTP in JSON
 * (https://opentelemetry.io/docs/specs/otlp/#otlphttp), and prints what the program exported: one
 * JSON array of points for each export. Its arguments are those of `deno`.
 *
 * @module
 */

import { denoProgram } from "../command_line/deno_program.ts";

interface Point {
  readonly attributes: readonly { key: string; value: { stringValue?: string } }[];
  readonly asInt?: number | string;
  readonly asDouble?: number;
}

interface Metric {
  readonly name: string;
  readonly unit: string;
  readonly sum?: { readonly dataPoints: readonly Point[]; readonly isMonotonic: boolean };
  readonly gauge?: { readonly dataPoints: readonly Point[] };
}

interface Export {
  readonly resourceMetrics: readonly { scopeMetrics: readonly { metrics: readonly Metric[] }[] }[];
}

const stop = new AbortController();
const server = Deno.serve(
  { hostname: "127.0.0.1", port: 0, signal: stop.signal, onListen: () => {} },
  async (request) => {
    const body = await request.json();
    if (new URL(request.url).pathname === "/v1/metrics") {
      console.log(JSON.stringify(points(body as Export)));
    }
    return Response.json({});
  },
);
const { success, stderr } = await new Deno.Command(denoProgram(), {
  args: Deno.args,
  env: {
    OTEL_DENO: "true",
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${server.addr.port}`,
    OTEL_METRIC_EXPORT_INTERVAL: "20",
  },
}).output();
stop.abort();
await server.finished;
console.error(new TextDecoder().decode(stderr).trimEnd());
if (!success) Deno.exit(1);

function points({ resourceMetrics }: Export) {
  const metrics = resourceMetrics.flatMap(({ scopeMetrics }) =>
    scopeMetrics.flatMap((scope) => scope.metrics)
  );
  return metrics.flatMap(({ name, unit, sum, gauge }) =>
    (sum ?? gauge)?.dataPoints.map(({ attributes, asInt, asDouble }) => ({
      name,
      unit,
      isCounter: sum?.isMonotonic ?? false,
      attributes: Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue])),
      value: Number(asInt ?? asDouble),
    })) ?? []
  );
}
