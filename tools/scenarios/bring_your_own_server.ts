/**
 * `bring-your-own-server`: a plugin of some 40 lines, written by somebody who does not think of deaths
 * and has made mistakes, serves clients who count on it.
 *
 * ```text
 *   buyer-1 ... buyer-3 ──▶ office (plugin/tickets.ts, no permissions)
 * ```
 *
 * @module
 */

import { defineSystem, type SystemManifest } from "@hako/kernel";
import type { SystemRecord } from "../record/record.ts";
import type { BuyerOptions, BuyerResult } from "./domains/ticket_buyer.ts";
import { Tickets } from "./plugin/tickets_protocol.ts";
import { type Check, check, type Scenario, type ScenarioContext } from "./scenario.ts";

/** The plugin: what its author has written, all of it. */
const PLUGIN = ["tickets_protocol.ts", "tickets.ts"].map((name) => {
  return `${import.meta.dirname}/plugin/${name}`;
});

/** That is all that one has to write. */
const LINES_MAX = 40;

/** Shows that the box office knows. */
const SHOWS = 8;

const BUYERS = ["buyer-1", "buyer-2", "buyer-3"];
const TICKETS_EACH = 700;

/** Each buyer makes so many mistakes, by each of which lives end until the request is given up. */
const MISTAKE_EVERY = 175;

/** Lives that end by the plugin's own bug: there is one for every 16 tickets, unless others come first. */
const BUG_DEATHS_MIN = 100;

/** How often the plugin may die: that is not what is tried. */
const LENIENT = { limit: 10_000, windowMs: 1_000 };

/** A buyer's work is done once: one that dies has lost its tickets. */
const ONCE = { limit: 0, windowMs: 1_000 };

/** What came of the work. */
interface Sold {
  readonly buyers: readonly BuyerResult[];
  /** Of each show, the seats that the box office has sold. */
  readonly sold: readonly number[];
}

/** A user's own server, crash-proof for free. */
export const bringYourOwnServer: Scenario<Sold> = {
  name: "bring-your-own-server",
  story: "a plugin of 40 lines with two bugs crashes hundreds of times",
  durationMs: 0,
  faults: ["office:terminate@times=25"],
  manifest,
  async workload(system, stage) {
    const done = new Map<string, number>();
    for (const name of BUYERS) {
      stage.watch(name, (count) => {
        done.set(name, count);
        const all = done.values().reduce((sum, each) => sum + each, 0);
        stage.progress("tickets", all, BUYERS.length * TICKETS_EACH);
      });
    }
    const buyers = await Promise.all(
      BUYERS.map((name) => stage.finished<BuyerResult>(system, name)),
    );
    const office = await system.connect(Tickets, "tickets");
    const sold: number[] = [];
    for (let show = 0; show < SHOWS; show++) sold.push((await office.call("sold", { show })).seats);
    return { buyers, sold };
  },
  checks: ({ work, record }) => [
    soldOnce(work),
    mistakesRefused(work),
    bugsStruck(record),
    withoutPermissions(record),
    shortEnough(),
  ],
  figures: ({ record }) => [
    { name: "deaths by the plugin's own bugs", value: bugDeaths(record), unit: "" },
    { name: "lines of the plugin", value: linesOfPlugin(), unit: "" },
  ],
};

function manifest({ seed }: ScenarioContext): SystemManifest {
  const told = { shows: SHOWS, tickets: TICKETS_EACH, mistakeEvery: MISTAKE_EVERY };
  return defineSystem({
    base: import.meta.url,
    domains: {
      office: {
        kind: "server",
        module: "./plugin/tickets.ts",
        serves: { tickets: Tickets },
        keeps: { sales: 16 * 1024 },
        restart: LENIENT,
        spare: true,
      },
      ...Object.fromEntries(BUYERS.map((name, index) => [name, {
        kind: "app" as const,
        module: "./domains/ticket_buyer.ts",
        uses: ["tickets"],
        options: { ...told, seed: seed + index } satisfies BuyerOptions,
        restart: ONCE,
      }])),
    },
  });
}

/** All tickets together are the seats from 1 up to what was sold: none twice, none left out. */
function soldOnce({ buyers, sold }: Sold): Check {
  const wrong = buyers.map(({ failure }) => failure).filter((text) => text !== "");
  let count = 0;
  for (const [show, seats] of sold.entries()) {
    const tickets = buyers.flatMap((buyer) => buyer.seats[show] ?? []).sort((a, b) => a - b);
    count += tickets.length;
    const bad = tickets.findIndex((seat, index) => seat !== index + 1);
    if (bad >= 0) wrong.push(`show ${show}: ticket ${bad + 1} is for seat ${tickets[bad]}`);
    else if (tickets.length !== seats) wrong.push(`show ${show}: ${seats} are sold, not all had`);
  }
  return check(
    "every seat is sold exactly once: none twice, none lost",
    wrong.length === 0 && count === BUYERS.length * TICKETS_EACH,
    wrong[0] ?? `${count} tickets of ${BUYERS.length} clients`,
  );
}

function mistakesRefused({ buyers }: Sold): Check {
  const refusals = buyers.flatMap((buyer) => buyer.refusals);
  const codes = [...new Set(refusals)].join(", ");
  const wanted = BUYERS.length * Math.floor(TICKETS_EACH / MISTAKE_EVERY);
  return check(
    "a request that always crashes it is answered with ENOTRECOVERABLE",
    refusals.length === wanted && codes === "ENOTRECOVERABLE",
    `${refusals.length} of them: ${codes}`,
  );
}

function bugsStruck(record: SystemRecord): Check {
  const bugs = bugDeaths(record);
  const all = record.lives.filter(({ domain, why }) => domain === "office" && why !== undefined);
  return check(
    "the plugin crashes on its own, and is killed besides",
    bugs >= BUG_DEATHS_MIN && all.length > bugs,
    `${bugs} crashes, ${all.length - bugs} kills`,
  );
}

/** Ends that nobody injected: what the plugin threw itself. */
function bugDeaths({ lives }: SystemRecord): number {
  return lives.filter(({ domain, why }) => domain === "office" && why?.includes("RangeError"))
    .length;
}

function withoutPermissions({ graph }: SystemRecord): Check {
  const { kind, permissions } = graph.find(({ name }) => name === "office")!;
  return check(
    "the plugin has no permissions",
    kind === "server" && permissions.length === 0,
    `${kind}: ${permissions.join(", ") || "none"}`,
  );
}

function shortEnough(): Check {
  const lines = linesOfPlugin();
  return check(
    `the plugin and its protocol have at most ${LINES_MAX} lines`,
    lines > 0 && lines <= LINES_MAX,
    `${lines} without comments and blank lines`,
  );
}

function linesOfPlugin(): number {
  const isCode = (line: string) => line.trim() !== "" && !/^\s*(?:\/\*\*|\*|\/\/)/.test(line);
  return PLUGIN.flatMap((path) => Deno.readTextFileSync(path).split("\n")).filter(isCode).length;
}
