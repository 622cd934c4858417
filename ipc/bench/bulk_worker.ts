/**
 * The thread that answers in `bulk.ts`.
 *
 * @module
 */

import { type ChannelMemory, serveSync } from "../standalone.ts";
import { Bulk } from "./bulk.ts";
import { serveWith } from "./worker.ts";

const OWN_BYTES = 1 << 20;

serveWith((channel: ChannelMemory) => {
  const own = new Uint8Array(OWN_BYTES);
  serveSync(Bulk, channel, {
    copy({ source }) {
      own.set(source);
      return own[0]!;
    },
    look: ({ source }) => source[0]!,
  });
});
