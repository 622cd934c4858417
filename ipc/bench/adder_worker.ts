/**
 * The thread that answers in `adder.ts`.
 *
 * @module
 */

import { serve, serveSync } from "../standalone.ts";
import { Adder, type AdderSetup } from "./adder.ts";
import { serveWith } from "./worker.ts";

const handlers = { add: ({ a, b }: { readonly a: number; readonly b: number }) => a + b };

serveWith(({ channel, loop }: AdderSetup) => {
  if (loop === "blocking") serveSync(Adder, channel, handlers);
  else serve(Adder, channel, handlers);
});
