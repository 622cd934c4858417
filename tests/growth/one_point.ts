/**
 * Measures one point of one curve, prints it as JSON and ends.
 *
 * @module
 */

import { CURVES } from "./curves.ts";

const [name, count, directory] = Deno.args as [string, string, string];
const curve = CURVES.find((candidate) => candidate.name === name)!;
console.log(JSON.stringify(await curve.measure(Number(count), directory)));
Deno.exit(0); // A server that spins would keep us.
