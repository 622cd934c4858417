// How many operations took how long.
/* global uPlot, hakoChartFrame */
(() => {
  "use strict";

  const { AXIS_FONT, RIGHT_PX, axes, duration, logMarks, makeChart, plural, share, whole } =
    hakoChartFrame;

  /** The middle of a bucket on a log scale. */
  const middle = ({ fromUs, toUs }) => Math.sqrt(Math.max(fromUs, toUs / 4) * toUs);

  /** Above the plot stand two lines of words. */
  const LINE_PX = 14;

  function histogramColumns({ buckets }) {
    return [buckets.map(middle), buckets.map(({ count }) => count)];
  }

  function bars(plot, { buckets }) {
    const path = new Path2D();
    const foot = plot.valToPos(0.5, "y", true);
    for (const { fromUs, toUs, count } of buckets) {
      const left = plot.valToPos(Math.max(fromUs, toUs / 4), "x", true);
      const width = plot.valToPos(toUs, "x", true) - left;
      const top = plot.valToPos(count, "y", true);
      const gap = Math.min(width / 4, uPlot.pxRatio);
      path.rect(left + gap / 2, top, Math.max(1, width - gap), foot - top);
    }
    return { fill: path, stroke: null, clip: null, band: null, gaps: null, flags: 1 };
  }

  function histogramOptions(get, ink) {
    const timeScale = () => {
      const { buckets } = get();
      if (buckets.length === 0) return [1, 1_000];
      const low = Math.max(buckets[0].fromUs, buckets[0].toUs / 4);
      return [low * 0.8, buckets.at(-1).toUs * 1.25];
    };
    const countScale = () => [
      0.5,
      10 ** Math.ceil(Math.log10(Math.max(5, ...get().buckets.map(({ count }) => count)) * 1.2)),
    ];
    return {
      padding: [2 * LINE_PX + 2, RIGHT_PX, 0, 0],
      legend: { show: false },
      cursor: { drag: { x: false, y: false, setScale: false }, points: { show: false } },
      scales: {
        x: { time: false, distr: 3, range: timeScale },
        y: { distr: 3, range: countScale },
      },
      axes: axes(ink, {
        splits: (_, __, min, max) => logMarks(min, max),
        values: (_, values) => values.map(duration),
        filter: (_, values) => values,
        space: 50,
      }, {
        splits: (_, __, min, max) => logMarks(Math.max(1, min), max).filter(isDecade),
        values: (_, values) => values.map((value) => whole.format(value)),
        filter: (_, values) => values,
      }),
      series: [{}, {
        label: "operations",
        fill: ink.life,
        points: { show: false },
        paths: (plot) => bars(plot, get()),
      }],
      hooks: { drawAxes: [(plot) => drawQuantiles(plot, get(), ink)] },
    };
  }

  const isDecade = (value) => Number.isInteger(Math.log10(value));

  /** The bucket below whose end a share of the operations lie. */
  function quantile(buckets, part) {
    const total = buckets.reduce((sum, { count }) => sum + count, 0);
    let below = 0;
    return buckets.find(({ count }) => (below += count) >= part * total);
  }

  function drawQuantiles(plot, { buckets }, ink) {
    const { ctx, bbox } = plot;
    const ratio = uPlot.pxRatio;
    ctx.save();
    ctx.font = AXIS_FONT.replace("11.5px", `${11.5 * ratio}px`);
    ctx.textAlign = "left";
    ctx.textBaseline = "middle";
    ctx.lineWidth = ratio;
    const marks = [[0.5, "p50", ink.half], [0.99, "p99", ink.most]];
    for (const [index, [part, text, colour]] of marks.entries()) {
      const bucket = quantile(buckets, part);
      if (bucket === undefined) continue;
      const x = Math.round(plot.valToPos(bucket.toUs, "x", true));
      ctx.strokeStyle = colour;
      ctx.fillStyle = colour;
      ctx.beginPath();
      const y = bbox.top - (1.5 - index) * LINE_PX * ratio;
      ctx.moveTo(x + 0.5, y - 5 * ratio);
      ctx.lineTo(x + 0.5, bbox.top + bbox.height);
      ctx.stroke();
      const words = `${text} ≤ ${duration(bucket.toUs)}`;
      const width = ctx.measureText(words).width;
      const hasRoom = x + width + 5 * ratio < ctx.canvas.width;
      ctx.fillText(words, hasRoom ? x + 5 * ratio : x - width - 5 * ratio, y);
    }
    ctx.restore();
  }

  function histogramReading({ buckets }, index) {
    const bucket = buckets[index];
    if (bucket === undefined) return "";
    const total = buckets.reduce((sum, { count }) => sum + count, 0);
    const below = buckets.slice(0, index + 1).reduce((sum, { count }) => sum + count, 0);
    const { fromUs, toUs, count } = bucket;
    return `${duration(fromUs)} to ${duration(toUs)}: ${plural(count, "operation")} ` +
      `(${share(count / total)}); ${share(below / total)} took at most so long`;
  }

  const HISTOGRAM = {
    name: "How many operations took how long, on logarithmic scales",
    keys: [["half", "half took at most (p50)"], ["most", "99 of 100 (p99)"]],
    columns: histogramColumns,
    options: histogramOptions,
    reading: histogramReading,
    table: ({ buckets }) => ({
      heads: ["from", "to", "operations"],
      rows: buckets.map(({ fromUs, toUs, count }) => {
        return [duration(fromUs), duration(toUs), whole.format(count)];
      }),
    }),
  };

  globalThis.hakoCharts = {
    ...globalThis.hakoCharts,
    histogram: (host, data) => makeChart(host, HISTOGRAM, data),
  };
})();
