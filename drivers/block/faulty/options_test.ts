import { assertEquals, assertThrows } from "@std/assert";
import { readFaultyOptions } from "./options.ts";

Deno.test("readFaultyOptions() takes what is of use", () => {
  const faults = [
    { kind: "error", operations: ["flush"], at: 1 },
    { kind: "torn", probability: 1, succeeds: true, times: 2 },
    { kind: "slow", delayMs: 1, blocks: { first: 0, count: 1 } },
  ];
  assertEquals(readFaultyOptions({ device: "disk", seed: -3, faults }), {
    device: "disk",
    seed: -3,
    faults,
  } as unknown);
  assertEquals(readFaultyOptions({ device: "disk", faults: [] }).seed, 1);
});

const BAD: readonly [unknown, string][] = [
  [{ faults: [] }, "device is undefined, no endpoint"],
  [{ device: "disk" }, "faults is undefined, no list of rules"],
  [{ device: "disk", faults: [], seed: 0.5 }, "seed is 0.5, no whole number"],
  [
    { device: "disk", faults: Array(65).fill({ kind: "error" }) },
    "faults is 65, more rules than 64",
  ],
];

const BAD_RULES: readonly [unknown, string][] = [
  ["error", 'faults[1] is "error", no rule'],
  [{}, "faults[1].kind is undefined, none of error, full, short"],
  [{ kind: "toString" }, 'faults[1].kind is "toString", none of'],
  [{ kind: "error", when: 1 }, 'faults[1] is "when", no field of a rule'],
  [{ kind: "rot", operations: ["write"] }, 'operations is "write", not what rot befalls: read'],
  [{ kind: "rot", operations: [] }, "operations is [], no list"],
  [{ kind: "error", blocks: 3 }, "faults[1].blocks is 3, no run of blocks"],
  [{ kind: "error", blocks: { first: -1, count: 1 } }, "faults[1].blocks.first is -1, no number"],
  [{ kind: "error", blocks: { first: 1, count: 0 } }, "faults[1].blocks.count is 0, no count"],
  [{ kind: "error", at: 0 }, "faults[1].at is 0, no number from 1"],
  [{ kind: "error", times: "1" }, 'faults[1].times is "1", no number from 1'],
  [{ kind: "error", probability: 2 }, "faults[1].probability is 2, no number above 0 up to 1"],
  [{ kind: "error", probability: "0.5" }, 'faults[1].probability is "0.5", no number'],
  [{ kind: "error", succeeds: true }, "succeeds is true, no boolean of a short or torn fault"],
  [{ kind: "error", delayMs: 4 }, "faults[1].delayMs is 4, no time of a slow fault"],
  [{ kind: "slow" }, "faults[1].delayMs is undefined, no time of a slow fault"],
];

Deno.test("readFaultyOptions() refuses what is of no use, and says where", () => {
  const good = { kind: "error" };
  const rules = BAD_RULES.map(([rule, says]) => {
    return [{ device: "disk", faults: [good, rule] }, says] as const;
  });
  for (const [options, says] of [...BAD, ...rules]) {
    const read = () => readFaultyOptions(options as Record<string, unknown>);
    assertThrows(read, TypeError, says, JSON.stringify(options));
  }
});
