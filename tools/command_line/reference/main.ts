/**
 * `deno task reference`: writes the reference of all commands.
 *
 * @module
 */

import { join } from "node:path";
import { hakoProgram } from "../hako_program.ts";
import { runTask } from "../run_main.ts";
import { REFERENCE_PATH, referenceCommand } from "./command.ts";
import { referencePage } from "./page.ts";

const ROOT = join(import.meta.dirname!, "../../..");

await runTask(referenceCommand, () => {
  Deno.writeTextFileSync(join(ROOT, REFERENCE_PATH), referencePage(hakoProgram("hako")));
  console.log(`reference: ${REFERENCE_PATH} written`);
  return 0;
});
