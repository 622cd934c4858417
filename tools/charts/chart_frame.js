// What the charts of Hako's pages have in common: a drawing by uPlot, its keys, what is under the
// cursor, and a table. What comes from a system is only ever set as text.
/* global uPlot */
(() => {
  "use strict";

  /** The width of the axis on the left, and the room on the right: pages align other things by it. */
  const AXIS_PX = 74;
  const RIGHT_PX = 12;

  /** A table shows so many rows at most: the last ones. */
  const ROWS_MAX = 1_200;

  const FONT = '11.5px system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif';

  // Words.

  const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

  /** Three digits say enough. */
  function digits(value) {
    if (value === 0) return "0";
    if (value >= 99.95) return whole.format(value);
    return String(Number(value.toPrecision(value >= 10 ? 3 : 2)));
  }

  function duration(us) {
    if (us < 999.5) return `${digits(us)} µs`;
    if (us < 999_500) return `${digits(us / 1e3)} ms`;
    return `${digits(us / 1e6)} s`;
  }

  function plural(count, what) {
    return `${whole.format(count)} ${what}${count === 1 ? "" : "s"}`;
  }

  function share(value) {
    const percent = value * 100;
    if (percent > 99.9 && percent < 100) return `${percent.toPrecision(percent > 99.99 ? 6 : 5)} %`;
    return `${digits(percent)} %`;
  }

  // Colours. A canvas knows nothing of custom properties, so they are looked up.

  const probe = document.createElement("span");
  probe.hidden = true;

  function colours() {
    document.body.append(probe);
    const found = {};
    for (
      const name of ["ink", "soft", "line", "bad", "accent", "life", "half", "most", "longest"]
    ) {
      probe.style.color = `var(--${name})`;
      found[name] = getComputedStyle(probe).color;
    }
    probe.remove();
    return found;
  }

  // Log scales.

  /** The decades around two values, as a range of a scale. */
  function decades(min, max) {
    if (!(min > 0)) return [0.01, 1_000];
    const low = Math.floor(Math.log10(min) + 1e-9);
    const high = Math.ceil(Math.log10(max) - 1e-9);
    return [10 ** low, 10 ** Math.max(high, low + 1)];
  }

  /** Marks of a log scale: each decade, with steps between where there are few. */
  function logMarks(min, max) {
    const steps = max / min > 300 ? [1] : [1, 2, 5];
    const marks = [];
    for (let power = Math.floor(Math.log10(min)); 10 ** power <= max * 1.001; power++) {
      for (const step of steps) {
        const mark = Number(`${step}e${power}`);
        if (mark >= min * 0.999 && mark <= max * 1.001) marks.push(mark);
      }
    }
    return marks;
  }

  // What all charts have in common.

  const charts = new Set();

  function element(name, className, text) {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }

  /** What the marks mean. */
  function keysOf(keys) {
    const list = element("ul", "chart-keys");
    for (const [className, text] of keys) {
      const item = element("li", className);
      item.append(element("i"), text);
      list.append(item);
    }
    return list;
  }

  /** Numbers under headings. */
  function tableOf({ heads, rows }) {
    const table = element("table");
    const head = table.createTHead().insertRow();
    for (const text of heads) {
      const cell = element("th", "number", text);
      cell.scope = "col";
      head.append(cell);
    }
    const body = table.createTBody();
    for (const row of rows.slice(-ROWS_MAX)) {
      const line = body.insertRow();
      for (const text of row) line.append(element("td", "number", text));
    }
    return table;
  }

  /**
   * A chart in an element. A kind tells how it is called, what its marks mean, the columns and options
   * of its plot, what is said of one point, and its table.
   */
  function makeChart(host, kind, first) {
    let data = first;
    let plot;
    let width = 0;
    const stage = element("div", "chart-stage");
    stage.tabIndex = 0;
    stage.setAttribute("role", "group");
    stage.setAttribute("aria-roledescription", "chart");
    stage.setAttribute("aria-label", `${kind.name}. The arrow keys move along it.`);
    const reading = element("p", "chart-reading");
    const details = element("details", "chart-table");
    const place = element("div");
    place.tabIndex = 0;
    place.setAttribute("role", "region");
    place.setAttribute("aria-label", `${kind.name}, as a table`);
    details.append(element("summary", "", "As a table"), place);
    host.classList.add("chart");
    host.replaceChildren(keysOf(kind.keys), stage, reading, details);

    function draw() {
      width = stage.clientWidth;
      if (width === 0) return;
      const index = plot?.cursor.idx;
      plot?.destroy();
      const options = kind.options(() => data, colours());
      options.width = width;
      options.height = stage.clientHeight;
      options.hooks.setCursor = [(self) => read(self.cursor.idx)];
      plot = new uPlot(options, kind.columns(data), stage);
      if (index != null) point(index);
    }

    function read(index) {
      const text = index == null ? "" : kind.reading(data, index);
      if (reading.textContent !== text) reading.textContent = text;
    }

    function point(index) {
      const count = plot.data[0].length;
      if (count === 0) return;
      const near = Math.min(count - 1, Math.max(0, index));
      plot.setCursor({ left: plot.valToPos(plot.data[0][near], "x"), top: 1 });
    }

    function fill() {
      if (details.open) place.replaceChildren(tableOf(kind.table(data)));
    }

    stage.addEventListener("keydown", (event) => {
      if (plot === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
      const count = plot.data[0].length;
      const now = plot.cursor.idx ?? (event.key === "ArrowLeft" ? count : -1);
      const target = {
        ArrowLeft: now - 1,
        ArrowRight: now + 1,
        PageUp: now - 10,
        PageDown: now + 10,
        Home: 0,
        End: count - 1,
      }[event.key];
      if (target === undefined && event.key !== "Escape") return;
      event.preventDefault();
      reading.setAttribute("aria-live", "polite");
      if (target === undefined) plot.setCursor({ left: -10, top: -10 });
      else point(target);
    });
    details.addEventListener("toggle", fill);
    new ResizeObserver(() => {
      if (stage.clientWidth !== width) draw();
    }).observe(stage);
    const chart = { draw };
    charts.add(chart);
    draw();
    return {
      update(next) {
        data = next;
        if (plot === undefined) draw();
        else {
          plot.setData(kind.columns(data));
          if (plot.cursor.idx != null) read(plot.cursor.idx);
        }
        fill();
      },
    };
  }

  function redraw() {
    for (const chart of charts) chart.draw();
  }

  new MutationObserver(redraw).observe(document.documentElement, {
    attributeFilter: ["data-theme"],
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);

  function axes(ink, x, y) {
    const common = {
      font: FONT,
      stroke: ink.soft,
      grid: { stroke: ink.line, width: 1 },
      ticks: { stroke: ink.line, width: 1, size: 4 },
    };
    return [
      { ...common, size: 28, gap: 4, ...x },
      { ...common, size: AXIS_PX, gap: 6, ...y },
    ];
  }

  globalThis.hakoChartFrame = {
    AXIS_FONT: FONT,
    RIGHT_PX,
    axes,
    decades,
    duration,
    logMarks,
    makeChart,
    plural,
    share,
    whole,
  };
})();
