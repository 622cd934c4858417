/**
 * The page's summary: what each path costs beside what bounds it, from the tables that the page has.
 *
 * @module
 */

import { digits, NOT_MEASURED } from "../cells.ts";
import { rowsOf, WHOLE } from "../cost_path.ts";
import { PATHS } from "../paths.ts";
import { markdownTable, markedBlock, readTable } from "./marked_blocks.ts";

/** The block of the summary. */
export const BOUNDS_BLOCK = "bounds";

/** One line of it: two rows of one table. */
interface Bound {
  readonly what: string;
  readonly path: string;
  readonly table: string;
  readonly ours?: string;
  readonly bound: string;
}

const BOUNDS: readonly Bound[] = [
  { what: "a call, both awake", path: "null-call", table: "hot", bound: "floor" },
  { what: "a call, both asleep", path: "null-call", table: "parked", bound: "floor" },
  { what: "4 KiB read from the window", path: "read-4k", table: "hit", bound: "copy" },
  { what: "4 KiB read through the servers", path: "read-4k", table: "miss", bound: "floor" },
  { what: "1 MiB written from the window", path: "write-1m", table: "window", bound: "floor" },
  { what: "the same, on the disk", path: "write-1m", table: "synced", bound: "sync" },
  { what: "fail-over to a warm spare", path: "failover", table: "warm-throw", bound: "bare" },
  { what: "fail-over without a spare", path: "failover", table: "cold-throw", bound: "bare" },
  { what: "a domain's memory", path: "memory", table: "kept", ours: "domain", bound: "worker" },
];

/** The summary as the page has it. */
export function boundsText(page: string): string {
  const rows = BOUNDS.map(({ what, path, table, ours = WHOLE, bound }) => {
    const plan = PATHS.find(({ name }) => name === path)!.tables[table]!;
    const shown = readTable(markedBlock(page, `cost:${path}/${table}`) ?? "");
    const names = rowsOf(plan);
    const numberOf = (key: string) => {
      const { name } = names.get(key)!;
      const cell = shown.find(([, text]) => text === name || text === `**${name}**`)?.[2];
      return cell === undefined || cell === NOT_MEASURED ? NaN : Number(cell.replaceAll(",", ""));
    };
    const [here, least] = [numberOf(ours), numberOf(bound)];
    const times = Number.isNaN(here / least) ? NOT_MEASURED : digits(here / least);
    const boundName = names.get(bound)!.name.replace(/^floor: /, "");
    const figure = (value: number) =>
      Number.isNaN(value) ? NOT_MEASURED : `${digits(value)} ${plan.unit}`;
    return [what, figure(here), figure(least), times, boundName];
  });
  const head = ["what", "here", "the bound", "times", "what the bound is"];
  return markdownTable(head, ["left", "right", "right", "right", "left"], rows);
}
