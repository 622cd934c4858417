/**
 * The driver domain of a disk behind an NBD server. It needs permission to reach that one server: its
 * host and port, or to read and write its socket.
 *
 * Options: `host` and `port`, or `path`; `export`; `readOnly`; `fua`; `trustReconnect`; `connectMs`,
 * `silenceMs`, `giveUpMs`. Its keep `unflushed` says over its death that something may be lost.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { enter } from "@hako/kernel/domain";
import { checkedOptions } from "../checked_options.ts";
import { Block } from "../protocol.ts";
import { ExportLink } from "./export_link.ts";
import { addressText, after, connectTo } from "./host.ts";
import { readNbdClientOptions } from "./options.ts";
import { RemoteDisk } from "./remote_disk.ts";
import { Unflushed } from "./unflushed.ts";

const domain = await enter();
const options = checkedOptions(domain, readNbdClientOptions);
const server = addressText(options.address);
const word = new Int32Array(domain.keep("unflushed").buffer, 0, 1);
const unflushed = new Unflushed(word, { trusted: options.trustReconnect });

const link = new ExportLink(options.exportName, options.limits, {
  connect: () => connectTo(options.address),
  nowMs: () => performance.now(),
  after,
  connected: (facts) => disk.check(facts),
  lost(reason) {
    unflushed.lose();
    domain.report({ server, lost: reason instanceof Error ? reason.message : String(reason) });
  },
});
const disk = new RemoteDisk(link, unflushed, options);

/** A system does not begin without its disk. A successor waits for it, as its clients do. */
async function openFirst(): Promise<void> {
  if (domain.epoch > 1) return;
  try {
    await link.open();
  } catch (error) {
    const code = error instanceof OsError ? error.code : "ENODEV";
    const why = error instanceof OsError ? error.message : String(error);
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : "";
    domain.fail(code, `use the export at ${server}: ${why}${cause && `: ${cause}`}`);
  }
}

await openFirst();
link.run();

domain.serve(Block, {
  stat: () => disk.stat(),
  read: (request, context) => disk.read(request, context),
  write: (request, context) => disk.write(request, context),
  flush: (request, context) => disk.flush(request, context),
  zero: (request, context) => disk.zero(request, context),
  discard: (request, context) => disk.discard(request, context),
});

domain.onHalt(() => void link.close());
