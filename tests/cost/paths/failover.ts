/**
 * Fail-over: from the death of a server to the answer of its successor.
 *
 * @module
 */

import { startBareWorkers } from "../../../kernel/bench/bare_worker.ts";
import { median } from "../../growth/curve.ts";
import type { CostPath, PartPlan, RowPlan, StepPlan, TablePlan } from "../cost_path.ts";
import type { DeathName } from "../domains/victim_protocol.ts";
import { HANG_MS, measureDeaths } from "../measuring/deaths.ts";

const US_PER_MS = 1_000;

/** Bare workers that are started, one after the other. */
const WORKERS = 15;

const EVENTS = "times of the kernel's events";

const NOTICE: Readonly<Record<DeathName, string>> = {
  throw: "the request, the throw, the kernel is rung and looks",
  terminate: "the machine tells the kernel",
  hang: `the watchdog looks, beyond ${HANG_MS} ms of hanging`,
};

const FENCE: StepPlan = {
  lane: "kernel",
  name: "fence: epochs raised, the old life is gone, peers roused",
  how: EVENTS,
};
const ORDERED: StepPlan = {
  lane: "machine",
  name: "the machine's event loop hears of it",
  how: "the kernel's clock, the machine's",
};
const ENTER: StepPlan = {
  lane: "successor",
  name: "enters: its boot words, bell, census",
  how: "the worker's clock, notes of the life",
};
const RECOVER: StepPlan = {
  lane: "successor",
  name: "opens channels and keeps, recovers, serves",
  how: "notes of the life",
};
const ANSWER: StepPlan = {
  lane: "client",
  name: "the request is done again and answered",
  how: "clocks of both",
};

const STARTS: Readonly<Record<"warm" | "cold", Readonly<Record<string, StepPlan>>>> = {
  warm: {
    handed: {
      lane: "successor",
      name: "kernel and machine pass on what it is given, its event loop hears it",
      how: "clocks of machine and worker",
    },
  },
  cold: {
    thread: {
      lane: "machine",
      name: "kernel and machine make a worker: thread, heap, runtime",
      how: "clocks of machine and worker",
    },
    modules: {
      lane: "successor",
      name: "its modules are loaded and run",
      how: "the worker's clock",
    },
    handed: {
      lane: "successor",
      name: "its event loop hears what it is given",
      how: "the worker's clock",
    },
  },
};

const BARE: RowPlan = {
  name: "floor: a bare worker starts",
  how: "an empty module, until its first message",
};

const TITLE: Readonly<Record<DeathName, string>> = {
  throw: "a handler throws",
  terminate: "the worker is terminated",
  hang: "a handler hangs",
};

function tableOf(spare: "warm" | "cold", death: DeathName): TablePlan {
  const having = spare === "warm" ? "with a warm spare" : "without a spare";
  return {
    title: `After ${TITLE[death]}, ${having}`.replace("After the worker", "After its worker"),
    unit: "us",
    steps: {
      notice: { lane: "kernel", name: NOTICE[death], how: "the client's clock, the kernel's" },
      fence: FENCE,
      ordered: ORDERED,
      ...STARTS[spare],
      enter: ENTER,
      recover: RECOVER,
      answer: ANSWER,
    },
    whole: { name: "from the death to the answer", how: "clocks of one process" },
    beside: {
      gap: { name: "the longest wait that the client saw", how: "the client's clock" },
      bare: BARE,
    },
    counts: {},
  };
}

const CASES = (["warm", "cold"] as const).flatMap((spare) =>
  (["throw", "terminate", "hang"] as const).map((death) => ({
    name: `${spare}-${death}`,
    spare,
    death,
  }))
);

const deaths = Object.fromEntries(CASES.map(({ name, spare, death }): [string, PartPlan] => {
  return [name, { measure: () => measureDeaths(name, spare, death) }];
}));

/** Fail-over. */
export const failover: CostPath = {
  name: "failover",
  what: "Fail-over: from the death of a server to the answer of its successor",
  tables: Object.fromEntries(CASES.map(({ name, spare, death }) => [name, tableOf(spare, death)])),
  parts: { ...deaths, bare: { measure: bareWorkers } },
};

async function bareWorkers() {
  const times: number[] = [];
  for (let n = 0; n < WORKERS; n++) {
    const startMs = performance.now();
    const [worker] = await startBareWorkers(1);
    times.push((performance.now() - startMs) * US_PER_MS);
    worker!.terminate();
  }
  return Object.fromEntries(CASES.map(({ name }) => [`${name}.bare`, median(times)]));
}
