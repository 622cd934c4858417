import { assert, assertThrows } from "@std/assert";
import { exploreCopies } from "./copies.ts";
import { exploreDeaths, exploreScribbles, Violation } from "./deaths.ts";
import { broken, SHIPPED, type Variant } from "./variants.ts";
import { type Parts, SCRIPT, SMALL_SCRIPT } from "./world.ts";

Deno.test("whoever dies at whichever store, a successor finds each transaction whole or not at all", () => {
  const { deaths, images, recoveries } = exploreDeaths(SHIPPED, SCRIPT);
  assert(deaths > 200 && images > 150 && recoveries > 1_000, "everything was tried");
});

Deno.test("a scribbled word is found, or was of no account", () => {
  const scribbles = exploreScribbles(SHIPPED, SCRIPT);
  assert(scribbles > 10_000, "everything was tried");
});

for (const from of ["in place", "committed"] as const) {
  Deno.test(`a copier beside a zombie that begins ${from} knows each commit that returned, whole`, () => {
    const { fences, copies, images } = exploreCopies(SHIPPED, SMALL_SCRIPT, from);
    assert(fences > 80 && copies > 1_000 && images > 200, "everything was tried");
  });
}

interface Fault extends Variant {
  readonly explore: (parts: Parts) => unknown;
}

const dies = (parts: Parts) => exploreDeaths(parts, SCRIPT);
const scribbles = (parts: Parts) => exploreScribbles(parts, SCRIPT);
const copies = (parts: Parts) => exploreCopies(parts, SMALL_SCRIPT);

const FAULTS: Readonly<Record<string, Fault>> = {
  "the state is stored before the log is whole": {
    module: "transactions",
    from: `    this.#writeEntries(committed);
    this.#check();
    this.#log.storeInOrder(STATE, committed);`,
    to: `    this.#check();
    this.#log.storeInOrder(STATE, committed);
    this.#writeEntries(committed);`,
    explore: dies,
  },
  "the log is cleared before its changes are in place": {
    module: "transactions",
    from: `    this.#apply();
    this.#clear();
    this.#forget();`,
    to: `    this.#clear();
    this.#apply();
    this.#forget();`,
    explore: dies,
  },
  "a recovery clears the log before its changes are in place": {
    module: "transactions",
    from: `    this.#apply();
    this.#clear();
    this.#end = ENTRIES;`,
    to: `    this.#clear();
    this.#apply();
    this.#end = ENTRIES;`,
    explore: dies,
  },
  "a recovery forgets to apply": {
    module: "transactions",
    from: `    this.#validateEntries();
    this.#apply();`,
    to: `    this.#validateEntries();`,
    explore: dies,
  },
  "changes are put in place without a log": {
    module: "transactions",
    from: `    this.#expectState(); // Also`,
    to: `    this.#apply();
    this.#expectState(); // Also`,
    explore: dies,
  },
  "a keep has a head before its parts have theirs": {
    module: "keep",
    from: `  opened.forEach((part, index) => {`,
    to: `  region.stage(0, head, HEAD_WORDS);
  transactions.commit();
  opened.forEach((part, index) => {`,
    explore: dies,
  },
  "a keep is put together in place": {
    module: "keep",
    from: `  opened.forEach((part, index) => {`,
    to: `  memory.store(0, head, 0, HEAD_WORDS);
  opened.forEach((part, index) => {`,
    explore: dies,
  },
  "nobody looks at the checksum of the log": {
    module: "transactions",
    from: `    if (checksumOf(next, count) !== next[CHECKSUM]) throw`,
    to: `    if (count < 0) throw`,
    explore: scribbles,
  },
  "any word is a state": {
    module: "transactions",
    from: `!isState(state)`,
    to: `state < 0`,
    explore: scribbles,
  },
  "a zeroed state is a fresh log": {
    module: "transactions",
    from: `    if (!isFresh) throw damaged("its state was zeroed");`,
    to: ``,
    explore: scribbles,
  },
  "a copy is not validated": {
    module: "copy",
    from: `    if (log.loadFenced(STATE) === state) return;`,
    to: `    if (state !== 0) return;`,
    explore: copies,
  },
  "a commit does not look at the fence after its store": {
    module: "transactions",
    from: `    this.#check(); // Also what`,
    to: `    // Also what`,
    explore: copies,
  },
  "a commit never looks at the fence": {
    module: "transactions",
    from: `    this.#check = check;`,
    to: `    this.#check = () => {};`,
    explore: copies,
  },
  "the next log may be written before the last is seen to be cleared": {
    module: "transactions",
    from: `    this.#expectState(); // Also`,
    to: `    // Also`,
    explore: copies,
  },
};

for (const [what, { explore, ...variant }] of Object.entries(FAULTS)) {
  Deno.test(`the explorer notices when ${what}`, async () => {
    const parts = await broken(variant);
    const violation = assertThrows(() => explore(parts), Violation);
    assert(violation.message.includes("the last steps were"), "it says how it came to that");
  });
}
