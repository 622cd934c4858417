/**
 * A thread that does nothing but keep a core busy.
 *
 * @module
 */

import { serveWith } from "../../../ipc/bench/worker.ts";

serveWith((stop: Int32Array) => {
  while (stop[0] === 0);
});
