/**
 * What the keeps write into shared memory, declared once.
 *
 * ```text
 * log      state | count | checksum | reserved | entries ...
 * entry    region | at | count | words ...
 * keep     magic | fingerprint | words | checksum, then the parts: records, tables, logs
 * record   row
 * table    checksum | used, then its rows
 * row      checksum | present | fixed words ... | variable bytes ...
 * answer   checksum | sequence | count | words ...
 * ```
 *
 * @module
 */

import { bytes, defineLayout, type Layout, type LayoutField, u32 } from "@hako/ipc/layout";

/**
 * The head of a redo log.
 *
 * `state` is a counter of 16 bits, with a check of it in the upper half: even while the log holds
 * nothing, odd while what it holds is committed and may not be in its place yet. It is written by
 * the one incarnation that owns the log, by ordered stores, and never takes the same value twice
 * within 65,536 steps, so that whoever copies beside the owner sees that it has moved.
 */
export const LOG: Layout<{
  state: LayoutField;
  count: LayoutField;
  checksum: LayoutField;
  reserved: LayoutField;
}> = defineLayout("redo log", { byteLength: 16 }, {
  state: u32,
  count: u32, // Words of entries. Published by `state`, as all that follows.
  checksum: u32, // Of the odd state that makes the entries count, their number, and themselves.
  reserved: bytes(4),
});

/** The head of one change in a log: a run of words for one region. */
export const ENTRY: Layout<{ region: LayoutField; at: LayoutField; count: LayoutField }> =
  defineLayout("log entry", { byteLength: 12 }, {
    region: u32, // The region's number.
    at: u32, // Index of the first word.
    count: u32, // How many follow here.
  });

/** The head of a keep with a schema. */
export const KEEP: Layout<{
  magic: LayoutField;
  fingerprint: LayoutField;
  words: LayoutField;
  checksum: LayoutField;
}> = defineLayout("keep", { byteLength: 16 }, {
  magic: u32, // KEEP_MAGIC; 0 in a keep that nobody has opened.
  fingerprint: u32, // Of the schema, in its order.
  words: u32, // Of the whole keep, as the schema wants it.
  checksum: u32, // Of the three words before.
});

/** The first word of a keep: "keep", little-endian. */
export const KEEP_MAGIC = 0x7065656b;

/**
 * The head of a table.
 *
 * `used` changes in the transaction that puts the first row at or above it, and never falls. It
 * spares a table with room for thousands of rows a look at those that nobody has ever put. The rows
 * themselves say whether they are present: a head that is damaged costs time, and no row.
 */
export const TABLE: Layout<{ checksum: LayoutField; used: LayoutField }> = defineLayout(
  "table",
  { byteLength: 8 },
  {
    checksum: u32, // Of the table's place and `used`.
    used: u32, // From this row on, none was ever put.
  },
);

/** The head of one row. A row that nobody has put is all zero, its fields included. */
export const ROW: Layout<{ checksum: LayoutField; present: LayoutField }> = defineLayout(
  "row",
  { byteLength: 8 },
  {
    checksum: u32, // Of the row's place, `present`, and the fields if there are any.
    present: u32, // 1 with fields; 0 if it was removed, or is a record that nobody has put.
  },
);

/** The head of one recorded answer. */
export const ANSWER: Layout<{
  checksum: LayoutField;
  sequence: LayoutField;
  count: LayoutField;
  reserved: LayoutField;
}> = defineLayout("answer", { byteLength: 16 }, {
  checksum: u32, // Of the slot's place, and of all that follows.
  sequence: u32, // Of the request. Meaningless while `count` is 0.
  count: u32, // Words of the answer, its result among them; 0: none was recorded.
  reserved: bytes(4),
});
