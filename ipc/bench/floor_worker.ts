/**
 * The thread that answers in `floor.ts`.
 *
 * @module
 */

import { type FloorSetup, openFloor } from "./floor.ts";
import { serveWith } from "./worker.ts";

serveWith((setup: FloorSetup) => openFloor(setup).answer());
