/**
 * Measures one part of one path once, prints it as JSON and ends.
 *
 * @module
 */

import { PATHS } from "./paths.ts";

const [name, part, directory] = Deno.args as [string, string, string];
const path = PATHS.find((candidate) => candidate.name === name)!;
console.log(JSON.stringify(await path.parts[part]!.measure({ directory })));
Deno.exit(0); // A server that spins would keep us.
