/**
 * How every page of Hako looks: colours for light and dark, type, tables, focus, charts.
 *
 * A page follows the system; `data-theme="light"` or `"dark"` on its root says otherwise. Colours are
 * custom properties, `var(--ink)`, and every pair that text is set in has a contrast of 4.5:1.
 *
 * | Property | For |
 * | --- | --- |
 * | `--page`, `--panel` | the ground, and what stands on it |
 * | `--ink`, `--soft` | text, and text that says less |
 * | `--line` | borders and grids |
 * | `--accent` | links, focus, upgrades |
 * | `--good`, `--warn`, `--bad` | verdicts, starts, deaths |
 * | `--life` | time in which a domain serves |
 * | `--half`, `--most`, `--longest` | the series of a latency chart |
 *
 * @module
 */

import chartStyle from "uplot/dist/uPlot.min.css" with { type: "text" };
import ownStyle from "./theme.css" with { type: "text" };

/** The CSS of every page. */
export const pageStyle: string = chartStyle + ownStyle;
