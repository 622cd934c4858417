/**
 * The rows that there are: their names, what is asked of them, and their peers.
 *
 * @module
 */

import { renderTable } from "../terminal/table.ts";
import type { PairedRow } from "./paired_row.ts";
import { digits, renderFigure } from "./report.ts";

/** All rows, one below the other. */
export function renderList(rows: readonly PairedRow[]): string {
  return renderTable({
    head: ["row", "target", "peer"],
    align: ["left", "right", "left"],
    rows: rows.map((row) => [row.name, targetOf(row), row.peerName]),
  });
}

function targetOf({ target, limit, limitP99, excessMax, unit }: PairedRow): string {
  return [
    target > 0 ? digits(target) : [],
    limit === undefined ? [] : `<= ${renderFigure(limit, unit)}`,
    limitP99 === undefined ? [] : `p99 <= ${renderFigure(limitP99, unit)}`,
    excessMax === undefined ? [] : `+ <= ${renderFigure(excessMax, unit)}`,
  ].flat().join(", ") || "-";
}
