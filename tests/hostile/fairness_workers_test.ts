import { assert } from "@std/assert";
import { HINTED_TURNS_MAX, SCAN_CHANNELS_MAX, TURN_BUDGET } from "../../ipc/limits.ts";
import { ATTACKS } from "../../tools/scenarios/domains/attacks.ts";
import { ServiceLog } from "./service_log.ts";
import { Stage } from "./stage.ts";
import type { GreedyTask } from "./workers/greedy.ts";
import type { PoliteTask } from "./workers/polite.ts";
import type { WitnessTask } from "./workers/witness.ts";

/** Requests that the log has room for: seconds of service. */
const LOG_CAPACITY = 4_000_000;

/** Requests of the polite client that the server is to see waiting: else nothing was tested. */
const WAITS = 30;

/** Requests that it makes at most to come by them. */
const POLITE_COUNT_MAX = 20_000;

/** Who takes part. */
interface Company {
  readonly clientCount: number;
  /** Whether the first client attacks. All others but the polite one are greedy. */
  readonly hostile: boolean;
  /** Whether the server keeps its thread. */
  readonly blocking: boolean;
  /** The index of the polite client. */
  readonly polite: number;
}

/** Few clients are looked at each; ten say by ready bits that they have posted. */
const COMPANIES: readonly Company[] = [
  { clientCount: 2, hostile: false, blocking: true, polite: 0 },
  { clientCount: 2, hostile: false, blocking: false, polite: 1 },
  { clientCount: 10, hostile: false, blocking: true, polite: 9 },
  { clientCount: 10, hostile: false, blocking: false, polite: 4 },
  { clientCount: 3, hostile: true, blocking: true, polite: 1 },
  { clientCount: 3, hostile: true, blocking: false, polite: 2 },
  { clientCount: 10, hostile: true, blocking: true, polite: 9 },
];

for (const company of COMPANIES) {
  for (const way of ["batches", "promises"] as const) {
    Deno.test(`a polite client waits its turn ${describe(company)} who ask by ${way}`, async () => {
      const waits = await play(company, way);

      const most = Math.max(...waits);
      const bound = boundOf(company);
      assert(waits.length >= WAITS, `only ${waits.length} requests were seen waiting`);
      assert(most < bound, `${most} others were served meanwhile, not less than ${bound}`);
    });
  }
}

/** How many others were served while the polite client waited, by request. */
async function play(company: Company, way: GreedyTask["way"]): Promise<number[]> {
  const { clientCount, hostile, blocking, polite } = company;
  const log = ServiceLog.create(LOG_CAPACITY);
  await using stage = new Stage(clientCount);
  const { channels } = stage;
  const serving: WitnessTask = { channels, log: log.buffer, blocking };
  stage.run("witness", serving);
  if (hostile) await stage.attack(0, Object.keys(ATTACKS));
  const greedy = channels.filter((_channel, i) => i !== polite && !(hostile && i === 0));
  await Promise.all(greedy.map((channel) => {
    const task: GreedyTask = { channel, log: log.buffer, way };
    return stage.run("greedy", task);
  }));
  const task: PoliteTask = {
    channel: channels[polite]!,
    log: log.buffer,
    waits: WAITS,
    countMax: POLITE_COUNT_MAX,
  };
  await stage.run("polite", task);
  return log.waitsOf(polite + 1);
}

/** Fewer others than this are served after the server has seen the polite request wait. */
function boundOf({ clientCount, hostile }: Company): number {
  const turn = (clientCount - 1) * TURN_BUDGET;
  return hostile && clientCount > SCAN_CHANNELS_MAX ? (HINTED_TURNS_MAX + 1) * turn : turn;
}

function describe({ clientCount, hostile, blocking }: Company): string {
  const server = blocking ? "at a blocking server" : "at an evented server";
  return hostile
    ? `${server}, beside a hostile client and ${clientCount - 2} greedy ones`
    : `${server}, beside ${clientCount - 1} greedy clients`;
}
