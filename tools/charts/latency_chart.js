// Latency over time, with the faults marked.
/* global uPlot, hakoChartFrame */
(() => {
  "use strict";

  const { AXIS_FONT, RIGHT_PX, axes, decades, duration, logMarks, makeChart, plural, whole } =
    hakoChartFrame;

  /** Faults that are no harm: the domain is replaced on purpose. */
  const UPGRADES = new Set(["upgrade", "restart"]);

  /** Faults that end a worker from outside. */
  const KILLS = new Set(["kill", "terminate"]);

  /** Rows of names above the plot, and the height of one. */
  const LANES = 3;
  const LANE_PX = 14;

  const seconds = (values) => {
    const places = values.length > 1 && values[1] - values[0] < 0.1 ? 2 : 1;
    const isWhole = values.every(Number.isInteger);
    return values.map((value) => `${isWhole ? value : value.toFixed(places)} s`);
  };

  const milliseconds = (value) => `${value >= 1 ? whole.format(value) : value} ms`;

  function latencyColumns({ intervals }) {
    const of = (name) => intervals.map((one) => one[name] > 0 ? one[name] / 1_000 : null);
    return [intervals.map(({ atMs }) => atMs / 1_000), of("p50Us"), of("p99Us"), of("maxUs")];
  }

  function timeRange({ intervals, untilMs }) {
    if (untilMs !== undefined) return [0, untilMs / 1_000];
    if (intervals.length === 0) return [0, 1];
    const step = intervals.length > 1 ? intervals[1].atMs - intervals[0].atMs : 100;
    return [Math.max(0, intervals[0].atMs - step) / 1_000, intervals.at(-1).atMs / 1_000];
  }

  function latencyRange({ intervals }) {
    let min = Infinity;
    let max = 0;
    for (const { p50Us, maxUs } of intervals) {
      if (p50Us > 0) min = Math.min(min, p50Us);
      max = Math.max(max, maxUs);
    }
    return decades(min / 1_000, max / 1_000);
  }

  /** Round times from 0, at most eight: as the timeline of lives has them. */
  function timeMarks(untilMs) {
    const rough = untilMs / 8;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => one >= rough);
    return Array.from({ length: Math.floor(untilMs / step) + 1 }, (_, i) => i * step / 1_000);
  }

  /** Points between which there is no line: an interval between two in which nothing ended. */
  function alone(plot, series) {
    const values = plot.data[series];
    return values.flatMap((value, index) => {
      const isAlone = value != null && values[index - 1] == null && values[index + 1] == null;
      return isAlone ? [index] : [];
    });
  }

  function latencyOptions(get, ink) {
    const line = (label, stroke, more) => ({
      label,
      stroke,
      width: 1.5,
      points: { show: true, size: 5, fill: stroke, filter: alone },
      spanGaps: false,
      ...more,
    });
    const lanes = get().strikes.length > 0 || get().untilMs === undefined ? LANES * LANE_PX : 6;
    return {
      padding: [lanes + 4, RIGHT_PX, 0, 0],
      legend: { show: false },
      cursor: { drag: { x: false, y: false, setScale: false }, points: { size: 6 } },
      scales: {
        x: { time: false, range: () => timeRange(get()) },
        y: { distr: 3, range: () => latencyRange(get()) },
      },
      axes: axes(ink, {
        values: (_, values) => seconds(values),
        space: 60,
        ...(get().untilMs === undefined ? {} : { splits: () => timeMarks(get().untilMs) }),
      }, {
        splits: (_, __, min, max) => logMarks(min, max),
        values: (_, values) => values.map(milliseconds),
        filter: (_, values) => values,
      }),
      series: [
        {},
        line("p50", ink.half, { width: 2.25 }),
        line("p99", ink.most, { width: 1.25 }),
        line("longest", ink.longest, { width: 1.25, dash: [2, 3] }),
      ],
      hooks: { drawAxes: [(plot) => drawStrikes(plot, get(), ink)] },
    };
  }

  /** A line at each fault, and its name above the plot where there is room. */
  function drawStrikes(plot, { strikes, intervals }, ink) {
    const { ctx, bbox } = plot;
    const ratio = uPlot.pxRatio;
    ctx.save();
    ctx.font = AXIS_FONT.replace("11.5px", `${11.5 * ratio}px`);
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    ctx.lineWidth = ratio;
    const ends = Array(LANES).fill(-Infinity);
    for (const { atMs, domain, kind } of strikes) {
      const x = Math.round(plot.valToPos(atMs / 1_000, "x", true));
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      const isUpgrade = UPGRADES.has(kind);
      const colour = isUpgrade ? ink.accent : ink.bad;
      const lane = laneFor(ends, ctx, nameOf({ domain, kind }), x, plot);
      ctx.strokeStyle = colour;
      ctx.fillStyle = colour;
      ctx.setLineDash(isUpgrade ? [4 * ratio, 3 * ratio] : []);
      // What belongs to the plot stays in front: there the line is pale.
      const above = lane === undefined ? bbox.top - 4 * ratio : lane.y - 5 * ratio;
      strokeDown(ctx, x, above, bbox.top, 1);
      strokeDown(ctx, x, bbox.top, bbox.top + bbox.height, 0.4);
      if (lane !== undefined) ctx.fillText(lane.text, lane.x, lane.y);
    }
    ctx.setLineDash([]);
    drawErrors(plot, intervals, ink);
    ctx.restore();
  }

  function strokeDown(ctx, x, from, to, alpha) {
    ctx.globalAlpha = alpha;
    ctx.beginPath();
    ctx.moveTo(x + 0.5, from);
    ctx.lineTo(x + 0.5, to);
    ctx.stroke();
    ctx.globalAlpha = 1;
  }

  /** A kill needs no word: most faults are kills. */
  function nameOf({ domain, kind }) {
    return KILLS.has(kind) ? domain : `${kind} ${domain}`;
  }

  /**
   * Where a fault's name fits above the plot, to the right of its line: in a row in which, as in all
   * below it, there is room, so that no line goes through a name.
   */
  function laneFor(ends, ctx, text, x, { bbox }) {
    const ratio = uPlot.pxRatio;
    const width = ctx.measureText(text).width + 7 * ratio;
    if (x + width > bbox.left + bbox.width + RIGHT_PX * ratio) return undefined;
    const lane = ends.findIndex((_, row) => ends.slice(row).every((end) => end <= x));
    if (lane < 0) return undefined;
    ends[lane] = x + width;
    const y = bbox.top - (LANES - lane - 0.5) * LANE_PX * ratio;
    return { text, x: x + 4 * ratio, y };
  }

  /** Squares at the foot where clients saw errors. */
  function drawErrors(plot, intervals, ink) {
    const { ctx, bbox } = plot;
    const size = 7 * uPlot.pxRatio;
    ctx.fillStyle = ink.bad;
    for (const { atMs, errors } of intervals) {
      if (errors === 0) continue;
      const x = plot.valToPos(atMs / 1_000, "x", true);
      ctx.fillRect(x - size / 2, bbox.top + bbox.height - size - 2, size, size);
    }
  }

  /** The faults of one interval, in words. */
  function faultsIn({ intervals, strikes }, index) {
    const fromMs = intervals[index - 1]?.atMs ?? -1;
    const { atMs } = intervals[index];
    const near = strikes.filter((strike) => strike.atMs > fromMs && strike.atMs <= atMs);
    return near.map(({ kind, domain }) => `${kind} ${domain}`).join(", ");
  }

  function latencyReading({ intervals, strikes }, index) {
    const one = intervals[index];
    if (one === undefined) return "";
    const { atMs, operations, errors, p50Us, p99Us, maxUs } = one;
    const at = `at ${(atMs / 1_000).toFixed(1)} s`;
    const times = operations === 0
      ? "no operation ended"
      : `p50 ${duration(p50Us)}, p99 ${duration(p99Us)}, longest ${duration(maxUs)}; ` +
        plural(operations, "operation");
    const failed = errors === 0 ? "" : `, ${plural(errors, "error")}`;
    const faults = faultsIn({ intervals, strikes }, index);
    return `${at}: ${times}${failed}${faults === "" ? "" : `; ${faults}`}`;
  }

  const LATENCY = {
    name: "Latency over time, on a logarithmic scale",
    keys: [
      ["half", "half of the operations took at most (p50)"],
      ["most", "99 of 100 (p99)"],
      ["longest", "the longest"],
      ["fault", "a kill, or the fault that is named"],
      ["upgrade", "an upgrade or restart"],
    ],
    columns: latencyColumns,
    options: latencyOptions,
    reading: latencyReading,
    table: (data) => ({
      heads: ["until", "operations", "errors", "p50", "p99", "longest", "memory", "faults"],
      rows: data.intervals.map((one, index) => [
        `${(one.atMs / 1_000).toFixed(1)} s`,
        whole.format(one.operations),
        whole.format(one.errors),
        ...[one.p50Us, one.p99Us, one.maxUs].map((us) => us > 0 ? duration(us) : "–"),
        `${whole.format(one.residentBytes / 1024 ** 2)} MiB`,
        faultsIn(data, index),
      ]),
    }),
  };

  globalThis.hakoCharts = {
    ...globalThis.hakoCharts,
    latency: (host, data) => makeChart(host, LATENCY, data),
  };
})();
