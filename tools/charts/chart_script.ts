/**
 * The script that draws a page's charts: uPlot, and what we say to it.
 *
 * On the page it defines `window.hakoCharts`:
 *
 * - `latency(element, { intervals, strikes, untilMs? })` and
 * - `histogram(element, { buckets })`
 *
 * draw into an element of the page and return `{ update(data) }`. Charts follow the width of their
 * element, the height that CSS gives `--chart-height`, and the theme. A chart that has the focus moves
 * its cursor with the arrow keys, and each can be read as a table.
 *
 * @module
 */

import frameCode from "./chart_frame.js" with { type: "text" };
import histogramCode from "./histogram_chart.js" with { type: "text" };
import latencyCode from "./latency_chart.js" with { type: "text" };
import libraryCode from "uplot/dist/uPlot.iife.min.js" with { type: "text" };

/** The library's own first line is an address, and a page that needs no network names none. */
const BANNER = /^\s*\/\*![^*]*\*\//;

/** What its licence asks for wherever its code is. */
const LICENSE = "/*! uPlot 1.6.32, Copyright (c) 2022 Leon Sorokin, MIT License */";

/** The script. It holds no `</script` and no `<!--`, so it can stand in a page as it is. */
export const chartScript: string = [
  LICENSE,
  libraryCode.replace(BANNER, "").trim(),
  frameCode,
  latencyCode,
  histogramCode,
].join("\n");
