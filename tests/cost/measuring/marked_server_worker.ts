/**
 * The worker of `marked_server.ts`.
 *
 * @module
 */

import { serveWith } from "../../../ipc/bench/worker.ts";
import { type MarkedSetup, serveMarked } from "./marked_server.ts";

serveWith((setup: MarkedSetup) => serveMarked(setup));
