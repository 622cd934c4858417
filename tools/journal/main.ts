/**
 * The program of `hako journal`: shows the journal of an image, and what a recovery would do.
 *
 * @module
 */

import { resolve } from "node:path";
import { parseCommand } from "../command_line/parse.ts";
import { placeOf } from "../command_line/program.ts";
import { runMain } from "../command_line/run_main.ts";
import { makeStyle, wantsColour } from "../terminal/style.ts";
import { journalCommand } from "./command.ts";
import { ImageFile } from "./image_file.ts";
import { inspectJournal, isDamaged } from "./inspect.ts";
import { renderJournal } from "./page.ts";

/** The exit code that says that something is damaged. */
const EXIT_DAMAGED = 1;

await runMain("hako journal", () => {
  const { arguments: [path], flags } = parseCommand(journalCommand, Deno.args);
  const { directory } = placeOf(resolve(import.meta.dirname!, "../.."), Deno.env);
  using image = new ImageFile(resolve(directory, path!));
  const report = inspectJournal(image, { path: path!, verify: flags.verify });
  const style = makeStyle({ coloured: wantsColour(Deno.stdout) });
  console.log(flags.json ? JSON.stringify(report) : renderJournal(report, style, flags));
  return isDamaged(report) ? EXIT_DAMAGED : 0;
});
