/**
 * Memory: what a domain, a channel, an open file and a page of a client's cache keep. The
 * measurements are those of the growth curves and of the benchmark `kernel/memory`.
 *
 * @module
 */

import { sessionShape } from "../../../fs-server/layouts/session.ts";
import { CHANNEL_PAGES } from "../../../ipc/layouts/channel.ts";
import { keepingBareWorkers, keepingDomains } from "../../../kernel/bench/memory.ts";
import { LOG_BYTES_DEFAULT } from "../../../kernel/keeps/limits.ts";
import { BOOT } from "../../../kernel/layouts/boot.ts";
import { TRACE_BYTES } from "../../../kernel/layouts/trace.ts";
import type { Curve } from "../../growth/curve.ts";
import { channels } from "../../growth/curves/channels.ts";
import { openFiles } from "../../growth/curves/open_files.ts";
import type { CostPath, PartPlan, Place, Sample, TablePlan } from "../cost_path.ts";

/** Bytes in the unit of the table. */
const kB = 1_000;

/** Bytes of a page of WebAssembly's memory. */
const WASM_PAGE_BYTES = 65_536;

/** A client's window, of which the page cache is a part. */
const WINDOW_BYTES = 16 * 1024 * 1024;

const kept: TablePlan = {
  title: "What each keeps resident",
  unit: "kB",
  steps: {},
  beside: {
    domain: { name: "an idle domain", how: "16 more of them, resident" },
    worker: { name: "floor: a bare worker of Deno", how: "16 more of them, resident" },
    domainShared: {
      name: "shared memory of a domain: log, trace, boot words",
      how: "by layout; touched as used",
    },
    channel: { name: "a channel that was used", how: "64 of one server, resident" },
    channelShared: { name: "shared memory of a channel", how: "by layout; touched as used" },
    openFile: { name: "an open file, server and client", how: "1,000 of one client, resident" },
    page: { name: "a page of a client's cache, 4,096 bytes of it content", how: "by layout" },
  },
  counts: {},
};

/** Memory. */
export const memory: CostPath = {
  name: "memory",
  what: "Memory",
  tables: { kept },
  parts: {
    domain: { measure: async () => ({ "kept.domain": await keptOf(keepingDomains) }) },
    worker: { measure: async () => ({ "kept.worker": await keptOf(keepingBareWorkers) }) },
    channel: onCurve("kept.channel", { curve: channels, count: 64, figure: "memory per channel" }),
    openFile: onCurve("kept.openFile", {
      curve: openFiles,
      count: 1_000,
      figure: "memory per open file",
    }),
    layouts: { measure: () => Promise.resolve(byLayout()) },
  },
};

async function keptOf(open: typeof keepingDomains): Promise<number> {
  const { sample } = await open();
  return await sample() / kB;
}

/** One figure of a point of a growth curve. */
function onCurve(
  row: string,
  { curve, count, figure }: { curve: Curve; count: number; figure: string },
): PartPlan {
  return {
    async measure({ directory }: Place): Promise<Sample> {
      const figures = await curve.measure(count, directory);
      const found = figures.find(({ name }) => name === figure);
      if (found === undefined) throw new Error(`Cannot go on: ${curve.name} has no "${figure}"`);
      return { [row]: found.unit === "bytes" ? found.value / kB : found.value };
    },
  };
}

function byLayout(): Sample {
  return {
    "kept.channelShared": CHANNEL_PAGES * WASM_PAGE_BYTES / kB,
    "kept.domainShared": (LOG_BYTES_DEFAULT + TRACE_BYTES + BOOT.byteLength) / kB,
    "kept.page": WINDOW_BYTES / sessionShape(WINDOW_BYTES).frameCount / kB,
  };
}
