/**
 * An app with rights to the shelf and the deputy, which passes them on in the way that its options say
 * and finishes with what came of it.
 *
 * @module
 */

import { type Domain, enter, grantAll, operationCodes } from "@hako/kernel/domain";
import { Deputy } from "./deputy_protocol.ts";
import { outcomeOf } from "./outcome.ts";
import { Shelf } from "./shelf_protocol.ts";

const domain = await enter();
const shelf = domain.connect(Shelf, "shelf");
const deputy = domain.connect(Deputy, "deputy");

/** What the lender does, by name. */
const SCENARIOS: Readonly<Record<string, () => unknown>> = {
  readOnly,
  nothing,
  chain,
  badges,
  borrowed,
  window,
  copied,
  allOrNothing,
  shrinking,
  loop,
  quotas,
};

domain.finish(SCENARIOS[domain.options.scenario as string]!());

/** Lends the right to read, and takes it back. */
function readOnly(): unknown {
  shelf.callSync("write", { shelf: 1, value: 41 });
  const { capability, handle } = lend(["read"]);
  const look = () => outcomeOf(() => deputy.callSync("look", { endpoint: handle, shelf: 1 }));
  const put = () =>
    outcomeOf(() => deputy.callSync("put", { endpoint: handle, shelf: 1, value: 42 }));
  const during = [look(), put(), look()];
  const ended = capability.revoke();
  const after = [look(), put()];
  return { during, ended, after, own: shelf.callSync("write", { shelf: 1, value: 43 }) };
}

/** Lends a capability that allows no operation at all. */
function nothing(): unknown {
  const { handle } = lend([]);
  return [
    outcomeOf(() => deputy.callSync("look", { endpoint: handle, shelf: 1 })),
    outcomeOf(() => deputy.callSync("put", { endpoint: handle, shelf: 1, value: 1 })),
  ];
}

/** A capability derived from a derived one ends with the first. */
function chain(): unknown {
  const first = capabilityOf("shelf").derive();
  const second = first.derive().derive();
  const client = domain.connect(Shelf, second);
  const before = outcomeOf(() => client.callSync("read", { shelf: 0 }));
  const { count } = first.revoke();
  return {
    before,
    count,
    call: outcomeOf(() => client.callSync("read", { shelf: 0 })),
    use: outcomeOf(() => second.derive()),
    connect: outcomeOf(() => domain.connect(Shelf, second)),
    first: outcomeOf(() => domain.connect(Shelf, first).callSync("read", { shelf: 0 })),
  };
}

/** Each capability is known to the server by its own badge. */
function badges(): unknown {
  const root = capabilityOf("shelf");
  const derived = root.derive();
  const other = root.derive();
  const seen = [shelf, domain.connect(Shelf, derived), domain.connect(Shelf, other)]
    .map((client) => client.callSync("who", {}));
  return { seen, told: [root.badge, derived.badge, other.badge] };
}

/** A server lends to its client, which it names by its badge. */
function borrowed(): unknown {
  shelf.callSync("write", { shelf: 2, value: 7 });
  const { handle } = deputy.callSync("borrow", {});
  const early = outcomeOf(() => domain.accept(handle, capabilityOf("shelf")));
  const granted = domain.accept(handle, capabilityOf("deputy"));
  const client = domain.connect(Shelf, granted);
  const during = [
    outcomeOf(() => client.callSync("read", { shelf: 2 })),
    outcomeOf(() => client.callSync("write", { shelf: 2, value: 8 })),
  ];
  // Nobody hears that these are refused; yet each gives its slot back, of which there are 64.
  for (let i = 0; i < 200; i++) {
    client.send("toss", { shelf: 2, value: 9 });
    if (i % 10 === 9) client.callSync("read", { shelf: 2 });
  }
  const tossed = outcomeOf(() => client.callSync("read", { shelf: 2 }));
  const recalled = deputy.callSync("recall", {});
  return { early, during, tossed, recalled, after: outcomeOf(() => client.callSync("who", {})) };
}

/** Lends a memory, and takes it back. */
function window(): unknown {
  const segment = domain.segment(8192);
  const bytes = domain.map(segment);
  const { handle } = segment.grant(capabilityOf("deputy"));
  const fill = (value: number) =>
    outcomeOf(() => deputy.callSync("fill", { segment: handle, value }));
  const during = [fill(5), bytes[0], bytes[8191]];
  const ended = segment.revoke();
  const after = [fill(6), bytes[0]];
  const fresh = domain.map(segment);
  fresh.fill(9);
  return { during, ended, after, fresh: [fresh !== bytes, fresh[0], bytes[0]] };
}

/** Lends a memory for reading only. */
function copied(): unknown {
  const segment = domain.segment(4096);
  domain.map(segment).fill(3);
  const readable = segment.derive({ rights: ["read", "grant"] });
  const { handle } = readable.grant(capabilityOf("deputy"));
  return [
    outcomeOf(() => deputy.callSync("copy", { segment: handle })),
    outcomeOf(() => deputy.callSync("fill", { segment: handle, value: 4 })),
    domain.map(segment)[0],
  ];
}

/** One of two may not be granted: the deputy gets neither. */
function allOrNothing(): unknown {
  const good = capabilityOf("shelf").derive();
  const bare = good.derive({ rights: ["call"] });
  const before = deputy.callSync("holds", {});
  const refused = outcomeOf(() => grantAll([good, bare], capabilityOf("deputy")));
  const both = grantAll([good, good.derive()], capabilityOf("deputy"));
  const looks = both.map(({ handle }) => deputy.callSync("look", { endpoint: handle, shelf: 0 }));
  return { refused, looks: looks.length, more: deputy.callSync("holds", {}) - before };
}

/** Rights and operations only shrink. */
function shrinking(): unknown {
  const reads = capabilityOf("shelf").derive({
    operations: operationCodes(Shelf, "read"),
    rights: ["call", "derive"],
  });
  return [
    outcomeOf(() => reads.derive({ operations: operationCodes(Shelf, "read", "write") })),
    outcomeOf(() => reads.derive({ rights: ["call", "grant"] })),
    outcomeOf(() => reads.grant(capabilityOf("deputy"))),
    outcomeOf(() => reads.derive().derive().operations),
  ];
}

/** The shelf is given the right to call the deputy, which calls the shelf. */
function loop(): unknown {
  const { handle } = capabilityOf("deputy").grant(capabilityOf("shelf"));
  return [outcomeOf(() => shelf.callSync("reach", { endpoint: handle, shelf: 0 }))];
}

/** Takes as much as it gets, and gives it back. */
function quotas(): unknown {
  const root = capabilityOf("shelf");
  const clients: unknown[] = [];
  const channels = outcomeOf(() => {
    for (;;) clients.push(domain.connect(Shelf, root.derive()));
  });
  const segments: unknown[] = [];
  const memories = outcomeOf(() => {
    for (;;) segments.push(domain.segment(4096));
  });
  const capabilities = outcomeOf(() => {
    for (;;) root.derive();
  });
  const held = domain.capabilities().length;
  const { count } = root.revoke();
  return { channels, memories, capabilities, held, count, again: root.derive().kind };
}

function lend(names: readonly ("read" | "write")[]) {
  const capability = capabilityOf("shelf").derive({ operations: operationCodes(Shelf, ...names) });
  return { capability, handle: capability.grant(capabilityOf("deputy")).handle };
}

function capabilityOf(name: string): ReturnType<Domain["capability"]> {
  return domain.capability("endpoint", name);
}
