/**
 * The worker that has the files in `zenfs.ts`.
 *
 * @module
 */

import { InMemory, resolveRemoteMount, type RPC } from "@zenfs/core";

const scope = globalThis as unknown as RPC.Channel & MessagePort; // What it is to its parent.

await resolveRemoteMount(scope, { backend: InMemory });
scope.postMessage("ready");
