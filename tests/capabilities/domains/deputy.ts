/**
 * A server that acts for its clients. Whatever handle a request names, the deputy accepts it by the
 * badge of that request before it uses it.
 *
 * @module
 */

import type { Client } from "@hako/ipc";
import { enter, operationCodes } from "@hako/kernel/domain";
import { Deputy } from "./deputy_protocol.ts";
import { Shelf } from "./shelf_protocol.ts";

const domain = await enter();
const own = domain.capability("endpoint", "shelf");
const readOnly = own.derive({ operations: operationCodes(Shelf, "read") });
const clients = new Map<number, Client<Shelf>>();

domain.serve(Deputy, {
  look: ({ endpoint, shelf }, { badge }) => shelfOf(endpoint, badge).callSync("read", { shelf }),
  put({ endpoint, shelf, value }, { badge }) {
    return shelfOf(endpoint, badge).callSync("write", { shelf, value });
  },
  fill({ segment, value }, { badge }) {
    return domain.map(domain.accept(segment, { badge })).fill(value).byteLength;
  },
  copy({ segment }, { badge }) {
    const copy = domain.accept(segment, { badge }).copy();
    const first = domain.map(copy)[0]!;
    copy.drop();
    return first;
  },
  own: () => ({ handle: own.handle, badge: own.badge }),
  borrow: (_, { badge }) => ({ handle: readOnly.grant({ badge }).handle }),
  recall: () => readOnly.revoke().count,
  holds: () => domain.capabilities().length,
});

/** The shelf of one client: it is asked each time whether this client has given it, and still does. */
function shelfOf(endpoint: number, badge: number): Client<Shelf> {
  const granted = domain.accept(endpoint, { badge });
  const client = clients.get(endpoint) ?? domain.connect(Shelf, granted);
  clients.set(endpoint, client);
  return client;
}
