import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { hakoProgram } from "../hako_program.ts";
import { REFERENCE_PATH } from "./command.ts";
import { referencePage } from "./page.ts";

Deno.test(`${REFERENCE_PATH} is what the commands say; else: deno task reference`, async () => {
  const path = join(import.meta.dirname!, "../../..", REFERENCE_PATH);
  assertEquals(await Deno.readTextFile(path), referencePage(hakoProgram("hako")));
});
