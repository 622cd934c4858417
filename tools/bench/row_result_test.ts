import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Measurement } from "./measurement.ts";
import { figureOf, openSide, type PairedRow, type Side } from "./paired_row.ts";
import {
  type Figures,
  type MeasuredRow,
  MeasurementFailure,
  MeasurementInterruption,
  runRow,
} from "./row_result.ts";

const ROW: PairedRow = {
  name: "room/claim/peer",
  peerName: "a peer",
  unit: "us/call",
  target: 2,
  ours: () => Promise.reject(new Error("opened here")),
  peer: () => Promise.reject(new Error("opened here")),
};

/** Runs a row whose rounds take the given nanoseconds. */
async function run(row: PairedRow, ns: Figures<readonly number[]>): Promise<MeasuredRow> {
  const left = { ours: [...ns.ours], peer: [...ns.peer], bound: [...ns.bound ?? []] };
  const result = await runRow(row, ns.ours.length, (_row, side) => {
    return Promise.resolve(measurement(left[side].shift()!));
  });
  assert(result !== undefined && "ours" in result, "the row is measured");
  return result;
}

function measurement(costMedian: number, othersCores: number | null = 0): Measurement {
  return { costMedian, costP99: costMedian * 3, operationCount: 1, othersCores };
}

Deno.test("runRow() measures the sides in turn, ours first", async () => {
  const order: string[] = [];
  await runRow(ROW, 3, (row, side) => {
    order.push(`${row.name} ${side}`);
    return Promise.resolve(measurement(1));
  });
  assertEquals(order.length, 6);
  assertEquals(order.slice(0, 3), [
    "room/claim/peer ours",
    "room/claim/peer peer",
    "room/claim/peer ours",
  ]);
});

Deno.test("runRow() tells medians, their ratio, and what lies between the rounds", async () => {
  const result = await run(ROW, {
    ours: [1_000, 9_000, 2_000, 2_000, 1_000],
    peer: [5_000, 6_000, 90_000, 7_000, 6_000],
  });
  assertEquals(result, {
    name: "room/claim/peer",
    peerName: "a peer",
    unit: "us/call",
    target: 2,
    ours: 2,
    peer: 6,
    ratio: 3,
    met: true,
    rounds: 5,
    perRound: {
      ours: [1, 9, 2, 2, 1],
      peer: [5, 6, 90, 7, 6],
      p99: [3, 27, 6, 6, 3],
      ratio: [5, 6 / 9, 45, 3.5, 6],
    },
    spread: { ours: [1, 9], peer: [5, 90], ratio: [6 / 9, 45] },
    p99: { ours: 6, peer: 18 },
    othersCores: 0,
  });
});

Deno.test("runRow() tells a rate as more when we are faster, and the ratio is the same", async () => {
  const row: PairedRow = { ...ROW, unit: "requests/s" };
  const { ours, peer, ratio } = await run(row, { ours: [100], peer: [400] });
  assertEquals([ours, peer, ratio], [1e7, 2.5e6, 4]);
});

Deno.test("runRow() shows a missed target as missed", async () => {
  const { met } = await run(ROW, { ours: [1_000], peer: [1_999] });
  assertEquals(met, false);
});

Deno.test("runRow() holds our figure to its limit, whatever the ratio is", async () => {
  const times = { ours: [3_000], peer: [30_000] };
  const strict = await run({ ...ROW, limit: 2 }, times);
  assertEquals([strict.met, strict.limit], [false, 2]);
  assertEquals((await run({ ...ROW, limit: 3 }, times)).met, true);
});

Deno.test("runRow() holds our 99th percentile to its limit", async () => {
  const times = { ours: [1_000], peer: [9_000] };
  const strict = await run({ ...ROW, limitP99: 2.9 }, times);
  assertEquals([strict.met, strict.limitP99], [false, 2.9]);
  assertEquals((await run({ ...ROW, limitP99: 3 }, times)).met, true);
});

Deno.test("runRow() holds what we are above the peer to its limit", async () => {
  const row: PairedRow = { ...ROW, unit: "MB", target: 0 };
  const bytes = { ours: [9_000_000], peer: [7_000_000] };
  const strict = await run({ ...row, excessMax: 1.9 }, bytes);
  assertEquals([strict.met, strict.excessMax], [false, 1.9]);
  assertEquals((await run({ ...row, excessMax: 2 }, bytes)).met, true);
});

const BOUNDED: PairedRow = {
  ...ROW,
  bound: {
    name: "a bare hop",
    open: () => Promise.resolve({ sampleCount: 1, sample: () => Promise.resolve(1) }),
  },
  note: "Each call hops.",
};

Deno.test("runRow() measures a bound in the same rounds, after the others", async () => {
  const order: Side[] = [];
  await runRow(BOUNDED, 2, (_row, side) => {
    order.push(side);
    return Promise.resolve(measurement(1));
  });
  assertEquals(order, ["ours", "peer", "bound", "ours", "peer", "bound"]);
});

Deno.test("runRow() tells our share of the bound, by the medians, and meets nothing by it", async () => {
  const result = await run(BOUNDED, {
    ours: [1_000, 2_000, 9_000],
    peer: [1_000, 1_000, 1_000],
    bound: [900, 7_000, 1_800],
  });
  assertEquals([result.bound, result.ofBound, result.met], [1.8, 0.9, false]);
  assertEquals([result.boundName, result.note], ["a bare hop", "Each call hops."]);
  assertEquals(result.perRound.bound, [0.9, 7, 1.8]);
  assertEquals([result.spread.bound, result.p99.bound], [[0.9, 7], 5.4]);
});

Deno.test("runRow() tells the bound of a rate, and of what has limits, the same way", async () => {
  const rate = await run({ ...BOUNDED, unit: "requests/s" }, {
    ours: [400],
    peer: [400],
    bound: [100],
  });
  assertEquals([rate.bound, rate.ofBound], [1e7, 0.25]);
});

Deno.test("runRow() gives up on a row whose bound cannot be measured", async () => {
  const result = await runRow(BOUNDED, 5, (_row, side) => {
    if (side !== "bound") return Promise.resolve(measurement(1));
    return Promise.reject(new MeasurementFailure("it hung"));
  });
  assertEquals(result && "failure" in result && result.failure, "bound: it hung");
});

Deno.test("runRow() tells the rounds that were complete when the user wanted no more", async () => {
  for (const [countMax, expected] of [[0, undefined], [1, undefined], [2, 1], [5, 2]] as const) {
    let count = 0;
    const result = await runRow(ROW, 5, () => {
      if (count++ === countMax) return Promise.reject(new MeasurementInterruption());
      return Promise.resolve(measurement(1));
    });
    assertEquals(result && "rounds" in result ? result.rounds : undefined, expected);
    assertEquals(count, countMax + 1, "nothing more is measured");
  }
});

Deno.test("openSide() opens the bound of a row that has one, and refuses any other's", async () => {
  assertEquals((await openSide(BOUNDED, "bound") as { sampleCount: number }).sampleCount, 1);
  assertThrows(() => openSide(ROW, "bound"), Error, "it has no bound");
});

Deno.test("runRow() tells the cores of others where any measurement can", async () => {
  const result = await runRow(ROW, 2, (_row, side) => {
    return Promise.resolve(measurement(1, side === "ours" ? 0.5 : null));
  });
  assertEquals(result && "othersCores" in result && result.othersCores, 0.5);
});

Deno.test("runRow() tells which side could not be measured, and gives up on its row", async () => {
  let count = 0;
  const result = await runRow(ROW, 5, (_row, side) => {
    count++;
    if (side === "ours") return Promise.resolve(measurement(1));
    return Promise.reject(new MeasurementFailure("it hung"));
  });
  assertEquals(count, 2);
  assertEquals(result, {
    name: "room/claim/peer",
    peerName: "a peer",
    unit: "us/call",
    target: 2,
    met: false,
    failure: "peer: it hung",
  });
});

Deno.test("figureOf() turns a cost into each unit", () => {
  assertEquals(figureOf({ unit: "ms" }, 2_500_000), 2.5);
  assertEquals(figureOf({ unit: "MB" }, 7_500_000), 7.5);
  assertEquals(figureOf({ unit: "us/call" }, 250), 0.25);
  assertEquals(figureOf({ unit: "us/hand-over" }, 1_500), 1.5);
  assertEquals(figureOf({ unit: "requests/s" }, 500), 2e6);
  assertEquals(figureOf({ unit: "GB/s", bytes: 65_536 }, 8_192), 8);
});
