/**
 * The NBD gateway's domain: lets programs outside use volumes as network block devices.
 *
 * Options: `listen`, `{ hostname, port }` or `{ path }`; `exports`, the endpoints of its volumes;
 * `readOnly`. Window: `buffers`, 2 MiB and more. It needs permission for the one port, or to read and
 * write the one path, and nothing else. It reports `{ listening }` when clients can come.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { type Domain, enter } from "@hako/kernel/domain";
import { Volume, VOLUME_FLAG } from "@hako/storage-server";
import { divideWindow } from "./buffer_pools.ts";
import { type Export, Exports, transmissionFlags } from "./exports.ts";
import { listen, type Listener } from "./listener.ts";
import { readOptions } from "./options.ts";
import { NbdServer } from "./server.ts";
import { ChannelVolume } from "./channel_volume.ts";

/** How often clients are looked at that keep us waiting. */
const TICK_MS = 1_000;

/** A client of loopback that takes longer than this has died or is no NBD client. */
const PATIENCE = { handshakeTicks: 10, stallTicks: 30 };

const domain = await enter();
const options = readOptions(domain.options);
const listener = await listenOrFail(domain);
const exports = new Exports(await Promise.all(options.exports.map(openExport)));
const server = new NbdServer(exports, divideWindow(domain.window("buffers")), PATIENCE);

domain.onHalt(() => {
  listener.close();
  server.close();
});
setInterval(() => server.tick(), TICK_MS);
domain.report({ listening: listener.address });
await takeConnections();

async function listenOrFail({ epoch }: Domain): Promise<Listener> {
  try {
    return await listen(options.listen, epoch);
  } catch (error) {
    if (error instanceof OsError) domain.fail(error.code, error.message);
    throw error;
  }
}

async function openExport(name: string): Promise<Export> {
  const client = domain.connect(Volume, name);
  const { byteLength, flags } = await client.call("stat", {});
  const readOnly = options.readOnly ? VOLUME_FLAG.READ_ONLY : 0;
  const volume = new ChannelVolume(client);
  return { name, byteLength, flags: transmissionFlags(flags | readOnly), volume };
}

async function takeConnections(): Promise<void> {
  for (;;) {
    const stream = await listener.accept();
    if (stream === undefined) return;
    server.serve(stream);
  }
}
