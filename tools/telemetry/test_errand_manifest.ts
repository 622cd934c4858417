/**
 * The system of `test_manifest.ts` with an app that finishes.
 *
 * @module
 */

import { sumSystem } from "./test_manifest.ts";

export default sumSystem({ options: { calls: 5_000 } });
