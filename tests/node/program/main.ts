/**
 * Runs the scenario that the command line names.
 *
 * @module
 */

import process from "node:process";
import { SCENARIOS } from "./scenarios.ts";

const scenario = SCENARIOS[process.argv[2] ?? ""];
if (scenario === undefined) throw new TypeError("There is no such scenario");
await scenario();
console.log("done");
