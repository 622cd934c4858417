/**
 * `deno task model`: explores the shipped core, and prints what was explored.
 *
 * @module
 */

import { noSuch } from "../../tools/command_line/nearest.ts";
import { type Invocation, UsageError } from "../../tools/command_line/command.ts";
import { runTask } from "../../tools/command_line/run_main.ts";
import { renderTable } from "../../tools/terminal/table.ts";
import { CORE_VARIANTS } from "./broken/core_variants.ts";
import { SCRIPT_VARIANTS } from "./broken/script_variants.ts";
import { exploreVariant, type Variant } from "./broken/variant.ts";
import { scenariosOf } from "./catalogue.ts";
import { modelCommand } from "./command.ts";
import { instrument, type InstrumentedCore } from "./instrument.ts";
import { explore, type Result } from "./search.ts";
import { coreSource, shippedCore } from "./shipped_core.ts";
import { stepBounds } from "./step_bounds.ts";
import { PROPERTIES } from "./violation.ts";

const STATES_MAX_DEFAULT = 60_000_000;

const VARIANTS: readonly Variant[] = [...CORE_VARIANTS, ...SCRIPT_VARIANTS];

await runTask(modelCommand, main);

async function main({ flags }: Invocation<typeof modelCommand.flags>): Promise<number> {
  const scenarios = scenariosOf(flags.depth ?? 0);
  if (flags.list) {
    console.log(
      renderTable({ rows: [...scenarios, ...VARIANTS].map((it) => [it.name, it.story]) }),
    );
    return 0;
  }
  const { wasm, digest } = await shippedCore();
  const core = await instrument(wasm);
  console.log(`core.wasm, SHA-256 ${digest}`);
  console.log(`${core.siteCount} atomic instructions, each a step of its own\n`);
  if (flags.broken !== undefined) return await showBroken(flags.broken, core);
  const chosen = flags.scenario === undefined
    ? scenarios
    : [named(scenarios, flags.scenario, "scenario")];
  const statesMax = flags.states ?? STATES_MAX_DEFAULT;
  const results: Result[] = [];
  for (const scenario of chosen) {
    const startMs = performance.now();
    const result = explore(scenario, core, { statesMax });
    results.push(result);
    console.log(summaryOf(result, performance.now() - startMs));
    if (result.finding !== undefined) break;
  }
  const findings = results.filter(({ finding }) => finding !== undefined);
  for (const result of findings) console.log(`\n${storyOf(result)}`);
  if (findings.length === 0) console.log(`\n${boundsOf(core, await coreSource(), results)}`);
  return findings.length === 0 ? 0 : 1;
}

async function showBroken(name: string, core: InstrumentedCore): Promise<number> {
  const variant = named(VARIANTS, name, "broken variant");
  const result = await exploreVariant(variant, core, await coreSource());
  console.log(`${variant.name}: ${variant.story}\n`);
  if (result.finding !== undefined) console.log(storyOf(result));
  else console.log(`not caught in ${result.stateCount} states`);
  return result.finding?.property === variant.property ? 0 : 1;
}

function named<T extends { readonly name: string }>(
  known: readonly T[],
  name: string,
  what: string,
): T {
  const found = known.find((one) => one.name === name);
  if (found !== undefined) return found;
  throw new UsageError(noSuch(what, name, known.map((one) => one.name)));
}

function summaryOf(result: Result, tookMs: number): string {
  const { scenario, stateCount, transitionCount, stepCount, lostHintCount, tryCounts } = result;
  const perSecond = Math.round(stateCount / tookMs);
  return [
    `${scenario.name}: ${scenario.story}`,
    `  ${number(stateCount)} states, ${number(transitionCount)} transitions, ` +
    `${number(stepCount)} atomic steps in ${(tookMs / 1000).toFixed(1)} s ` +
    `(${perSecond}k states/s)${result.complete ? "" : ", NOT COMPLETE"}`,
    `  ${
      number(lostHintCount)
    } states in which a zombie's last ring died with it, and a time-out helps`,
    `  ${tryCounts.get("fence") ?? 0} tries of a fence on one slot, at most`,
  ].join("\n");
}

function storyOf({ scenario, finding }: Result): string {
  const { property, message, trace } = finding!;
  return [
    ...trace,
    "",
    `${scenario.name}: ${property} does not hold (${PROPERTIES[property]})`,
    message,
  ].join("\n");
}

/** The table of bounds: as documented, the longest way through the code, the most that was met. */
function boundsOf(core: InstrumentedCore, source: string, results: readonly Result[]): string {
  const rows = stepBounds(core, source).map(({ operation, documented, worst }) => {
    const met = results.map(({ stepCounts }) => {
      return stepCounts.get(operation) ?? stepCounts.get(`${operation} 3`) ?? 0;
    });
    const most = Math.max(...met);
    return [operation, String(documented), String(worst), most === 0 ? "-" : String(most)];
  });
  const head = ["operation", "documented", "worst", "explored"];
  return renderTable({ rows, head, align: ["left", "right", "right", "right"] });
}

function number(count: number): string {
  return count.toLocaleString("en-US");
}
