/**
 * A journal as a page of text.
 *
 * ```text
 * disk.img: 4,096 blocks of 4 KiB, format 2, device 00112233445566778899aabbccddeeff
 *
 * volume  first block  blocks     size
 * ------  -----------  ------  -------
 * volume            0   3,966  15.5 MiB
 *
 * superblock  block  generation  replay from           state
 * ----------  -----  ----------  --------------------  --------
 * S0          4,094           3  record 5, position 9  in force
 * S1          4,095           2  record 1, position 0  older
 *
 * The ring is blocks 3966 to 4093. From the checkpoint on it holds 2 records.
 *
 * A recovery would replay 2 records (7 images), if these are whole: --verify says.
 * ```
 *
 * @module
 */

import type { LastTransaction } from "../../storage-server/layouts/record.ts";
import type { Style } from "../terminal/style.ts";
import { renderTable, wrap } from "../terminal/table.ts";
import type {
  JournalReport,
  LayerReport,
  Place,
  RecordReport,
  RecoveryReport,
  TagsReport,
} from "./report.ts";

const KIB_PER_BLOCK = 4;

/** What a page shows besides the rest. */
export interface PageOptions {
  /** Whether each record is shown. */
  readonly records: boolean;
}

/** The page. No line is longer than 80 columns, unless a path or a name is. */
export function renderJournal(
  report: JournalReport,
  style: Style,
  { records }: PageOptions,
): string {
  const { path, blockCount, format, deviceId, ring } = report;
  const held = count(report.records.length, "record");
  const parts = [
    wrap(`${path}: ${number(blockCount)} blocks of 4 KiB, format ${format}, device ${deviceId}`),
    ...(report.layer === undefined ? [] : [layerText(report.layer)]),
    volumeTable(report),
    superblockTable(report),
    wrap(
      `The ring is blocks ${ring.first} to ${ring.first + ring.blockCount - 1}. From the ` +
        `checkpoint on it holds ${held}.`,
    ),
  ];
  if (records && report.records.length > 0) parts.push(recordTable(report.records));
  if (records) parts.push(...report.records.map(recordText));
  if (report.layer?.tags !== undefined) parts.push(tagsVerdict(report.layer.tags, style));
  parts.push(verdict(report, style));
  return parts.join("\n\n");
}

function layerText(layer: LayerReport): string {
  const { leg, legCount, legStates, isTagged, dirtyRegions, missedRegions, regionBlocks } = layer;
  const legs = legCount === 1 ? "its only leg" : `leg ${leg} of 0 and 1`;
  const states = legStates.map((state, index) => `leg ${index} is ${state}`).join(", ");
  return wrap(
    `An integrity layer ${isTagged ? "with" : "without"} tags lies below, of ` +
      `${number(layer.blockCount)} blocks; this is ${legs}. Layer ${layer.layerId}, generation ` +
      `${number(layer.generation)}, ${states}. Of its regions of ${number(regionBlocks)} blocks ` +
      `${number(dirtyRegions)} are dirty and ${number(missedRegions)} are missed.`,
  );
}

function tagsVerdict(tags: TagsReport, style: Style): string {
  const { good, unknown, discarded, inDoubt, badBlocks, lostTagBlocks } = tags;
  const sums = `${number(good)} blocks match their tags, ${number(unknown)} have none, ` +
    `${number(discarded)} were discarded, ${number(inDoubt)} are in dirty regions.`;
  const faults = [
    ...(badBlocks.length === 0 ? [] : [`Damaged: blocks ${runs(badBlocks)}.`]),
    ...(lostTagBlocks.length === 0 ? [] : [`Lost: tag blocks ${runs(lostTagBlocks)}.`]),
  ];
  return style(faults.length === 0 ? "green" : "red", wrap([sums, ...faults].join(" ")));
}

function volumeTable({ volumes }: JournalReport): string {
  return renderTable({
    head: ["volume", "first block", "blocks", "size"],
    align: ["left", "right", "right", "right"],
    rows: volumes.map(({ name, first, blockCount }) => [
      name.replaceAll(/\p{C}/gu, "?"), // Whoever made the image chose it.
      number(first),
      number(blockCount),
      size(blockCount),
    ]),
  });
}

function superblockTable({ superblocks }: JournalReport): string {
  return renderTable({
    head: ["superblock", "block", "generation", "replay from", "state"],
    align: ["left", "right", "right"],
    rows: superblocks.map(({ which, block, generation, checkpoint, state }) => [
      `S${which}`,
      number(block),
      generation === undefined ? "-" : number(generation),
      checkpoint === undefined ? "-" : place(checkpoint),
      state,
    ]),
  });
}

function recordTable(records: readonly RecordReport[]): string {
  return renderTable({
    head: ["record", "position", "epoch", "header", "images", "checksums", "requests"],
    align: ["right", "right", "right", "right", "right", "left", "right"],
    rows: records.map(({ sequence, position, epoch, headerBlocks, blocks, badBlocks, tags }) => [
      number(sequence),
      number(position),
      number(epoch),
      number(headerBlocks),
      number(blocks.length),
      badBlocks === undefined
        ? "not read"
        : badBlocks.length === 0
        ? "ok"
        : `${badBlocks.length} bad`,
      number(tags.length),
    ]),
  });
}

/** The blocks of a record, and its requests. */
function recordText({ sequence, blocks, badBlocks = [], tags }: RecordReport): string {
  const lines = [`record ${sequence}: blocks ${runs(blocks)}`];
  if (badBlocks.length > 0) lines.push(`bad: blocks ${runs(badBlocks)}`);
  lines.push(...tags.map(requestText));
  return lines.map((line) => wrap(line, 76).replaceAll("\n", "\n    ")).join("\n  ");
}

function requestText(tag: LastTransaction): string {
  const { badge, sequence, tagBadge, tagSequence, result } = tag;
  return `client ${badge}, request ${sequence}: tag ${tagBadge}/${tagSequence}, result ${result}`;
}

function verdict({ recovery, verified }: JournalReport, style: Style): string {
  const { state, next, tornTail, damage } = recovery;
  const torn = tornTail
    ? ` ${capital(place(next))} holds the start of a record that never happened: all ended while ` +
      "it was written."
    : "";
  if (state === "damaged") {
    const text = `Damaged: ${damage}. A recovery would replay nothing and serve read-only.`;
    return style("red", wrap(text));
  }
  if (state === "clean") {
    return style("green", wrap(`Clean: a recovery would replay nothing.${torn}`));
  }
  return style("yellow", wrap(`${replayText(recovery, verified)}${torn}`));
}

function replayText({ records, images, next }: RecoveryReport, verified: boolean): string {
  const what = `A recovery would replay ${count(records, "record")} (${count(images, "image")})`;
  const then = ` and go on at ${place(next)}`;
  return verified
    ? `${what}, all whole,${then}.`
    : `${what}${then}, if the images are whole: --verify tells.`;
}

/** Numbers that rise, as runs: `3-5 9`. */
function runs(blocks: readonly number[]): string {
  const found: [first: number, last: number][] = [];
  for (const block of blocks) {
    const run = found.at(-1);
    if (run !== undefined && run[1] + 1 === block) run[1] = block;
    else found.push([block, block]);
  }
  return found.map(([first, last]) => first === last ? `${first}` : `${first}-${last}`).join(" ");
}

function place({ sequence, position }: Place): string {
  return `record ${sequence}, position ${position}`;
}

function size(blockCount: number): string {
  const kib = blockCount * KIB_PER_BLOCK;
  const [value, unit] = kib < 1024
    ? [kib, "KiB"]
    : kib < 1024 ** 2
    ? [kib / 1024, "MiB"]
    : [kib / 1024 ** 2, "GiB"];
  return `${value.toLocaleString("en-US", { maximumFractionDigits: 1 })} ${unit}`;
}

function count(amount: number, what: string): string {
  return `${number(amount)} ${what}${amount === 1 ? "" : "s"}`;
}

function number(value: number): string {
  return value.toLocaleString("en-US");
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
