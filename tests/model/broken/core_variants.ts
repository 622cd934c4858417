/**
 * Cores with one rule left out.
 *
 * @module
 */

import type { Variant } from "./variant.ts";

/** A rule of who may move a slot is what these break: what follows from it is to be seen. */
const ignored = ["legal-move"] as const;

/** The variants, by operation. */
export const CORE_VARIANTS: readonly Variant[] = [
  {
    name: "ring-before-post",
    story: "post rings before the request is there",
    patches: [{
      from: "  const posted = publish(sequence);\n  if (posted == 1) ringPeer(peerIndex);\n" +
        "  return posted;",
      to: "  ringPeer(peerIndex);\n  return publish(sequence);",
    }],
    scenario: "two-clients",
    property: "no-lost-wake-up",
  },
  {
    name: "early-reuse",
    story: "post ignores that the slot is still TAKEN or CANCELLED",
    patches: [{
      from: "return phase == DONE && sequenceOf(word) + SLOT_COUNT == sequence;",
      to: "return sequenceOf(word) + SLOT_COUNT == sequence;",
    }],
    scenario: "cancelling",
    property: "no-race",
    ignored,
  },
  {
    name: "cancelled-freed-at-once",
    story: "cancel gives a slot back while the server is at work on it",
    patches: [{
      from: ": wordOf(sequence, epochOf(word), CANCELLED);",
      to: ": wordOf(sequence + SLOT_COUNT, epochOf(word), FREE);",
    }],
    scenario: "cancelling",
    property: "no-race",
    ignored,
  },
  {
    name: "cancel-by-store",
    story: "cancel stores the new state, whatever the server has done meanwhile",
    patches: [{
      from:
        "const seen = atomic.cmpxchg<u64>(slot, word, next);\n    if (seen == word) return phase",
      to:
        "const seen = word;\n    atomic.store<u64>(slot, next);\n    if (seen == word) return phase",
    }],
    scenario: "cancelling",
    property: "no-race",
    ignored,
  },
  {
    name: "cancel-keeps-sequence",
    story: "a cancelled request's slot stays at its sequence, where the server waits for ever",
    patches: [{
      from: "? wordOf(sequence + SLOT_COUNT, epochOf(word), FREE)\n",
      to: "? wordOf(sequence, epochOf(word), FREE)\n",
    }],
    scenario: "cancelling",
    property: "no-lost-request",
    ignored,
  },
  {
    name: "take-without-epoch",
    story: "take looks at the sequence alone, so a zombie takes what its successor should",
    patches: [{
      from: "== wordOf(sequence, epoch, POSTED)) {",
      to: "== wordOf(sequence, epochOf(word), POSTED)) {",
    }],
    scenario: "fence",
    property: "no-lost-wake-up",
    ignored,
  },
  {
    name: "take-by-store",
    story: "take stores TAKEN, so it overwrites a cancellation or a fence",
    patches: [{
      from:
        "return atomic.cmpxchg<u64>(slot, word, wordOf(sequence, epoch, TAKEN)) == word ? 1 : 0;",
      to: "atomic.store<u64>(slot, wordOf(sequence, epoch, TAKEN));\n    return 1;",
    }],
    scenario: "cancelling",
    property: "no-race",
    ignored,
  },
  {
    name: "take-of-nothing",
    story: "take answers 1 although its swap failed",
    patches: [{
      from: "wordOf(sequence, epoch, TAKEN)) == word ? 1 : 0;",
      to: "wordOf(sequence, epoch, TAKEN)) == word ? 1 : 1;",
    }],
    scenario: "wrap",
    property: "cancelled-stays-out",
  },
  {
    name: "take-passes-over",
    story: "take passes over a request that is not there yet",
    patches: [{
      from: "return phaseOf(word) == FREE || phaseOf(word) == POSTED ? 0 : 2;",
      to: "return phaseOf(word) == POSTED ? 0 : 2;",
    }],
    scenario: "post-many",
    property: "in-order",
  },
  {
    name: "take-compares-unsigned",
    story: "take compares sequences with <, which is wrong across their wrap",
    patches: [{
      from: "if (ahead != 0) return ahead > 0 ? 2 : 0;",
      to: "if (ahead != 0) return sequenceOf(word) > sequence ? 2 : 0;",
    }],
    scenario: "wrap",
    property: "no-lost-wake-up",
  },
  {
    name: "first-compares-unsigned",
    story: "firstUnfinished compares sequences with <, so a successor begins behind the wrap",
    patches: [{
      from: "if (index == 0 || <i32> (next - first) < 0) first = next;",
      to: "if (index == 0 || next < first) first = next;",
    }],
    scenario: "wrap",
    property: "no-lost-wake-up",
  },
  {
    name: "complete-without-epoch",
    story: "complete looks at the sequence alone, so a zombie completes what its successor does",
    patches: [{
      from: "const seen = atomic.cmpxchg<u64>(slot, taken, oneWay ? free : done);",
      to: "const now = wordOf(sequence, epochOf(atomic.load<u64>(slot)), TAKEN);\n" +
        "  const swapped = atomic.cmpxchg<u64>(slot, now, oneWay ? free : done);\n" +
        "  const seen = swapped == now ? taken : swapped;",
    }],
    scenario: "fence",
    property: "no-lost-wake-up",
    ignored,
  },
  {
    name: "complete-does-not-wake",
    story: "complete leaves the client asleep",
    patches: [{ from: "  wake();\n  return 1;", to: "  return 1;" }],
    scenario: "two-clients",
    property: "no-lost-wake-up",
  },
  {
    name: "bell-not-advanced",
    story: "who rings clears the bit and does not count: a second announcement hides the ring",
    patches: [{ from: "atomic.add<u32>(BELL_AT, 1);", to: "atomic.and<u32>(BELL_AT, ~1);" }],
    scenario: "fence",
    property: "no-lost-wake-up",
  },
  {
    name: "notify-without-advance",
    story: "who rings only notifies: who is about to sleep does not notice",
    patches: [{ from: "  atomic.add<u32>(BELL_AT, 1);\n", to: "" }],
    scenario: "two-clients",
    property: "no-lost-wake-up",
  },
  {
    name: "announce-by-store",
    story: "an announcement takes rings back",
    patches: [{
      from: "return atomic.or<u32>(BELL_AT, ASLEEP) | ASLEEP;",
      to: "atomic.store<u32>(BELL_AT, ASLEEP);\n  return ASLEEP;",
    }],
    scenario: "fence",
    property: "fenced-ends",
  },
  {
    name: "ready-bit-after-bell",
    story: "a client wakes the server before it sets its ready bit",
    patches: [{
      from: "export function ring(index: u32): void {\n",
      to: "export function ring(index: u32): void {\n  wake();\n",
    }, {
      from: "if ((atomic.load<u32>(at) & bit) == 0) atomic.or<u32>(at, bit);\n  }\n  wake();\n",
      to: "if ((atomic.load<u32>(at) & bit) == 0) atomic.or<u32>(at, bit);\n  }\n",
    }],
    scenario: "ready-bits",
    change: () => ({ misuse: "second-look-by-bits" }),
    property: "no-lost-wake-up",
  },
  {
    name: "ready-bits-cleared-by-store",
    story: "the server clears its ready bits with a store, and loses one that is set meanwhile",
    patches: [{
      from: "  if (atomic.load<u32>(at) == 0) return 0;\n  return atomic.xchg<u32>(at, 0);",
      to: "  const bits = atomic.load<u32>(at);\n  if (bits != 0) atomic.store<u32>(at, 0);\n" +
        "  return bits;",
    }],
    scenario: "ready-bits",
    change: () => ({ misuse: "second-look-by-bits" }),
    property: "no-lost-wake-up",
  },
  {
    name: "fence-forgets-taken",
    story: "fence raises the epoch of a TAKEN slot and does not post it again",
    patches: [{ from: "if (phaseOf(word) == TAKEN) return", to: "if (phaseOf(word) == 7) return" }],
    scenario: "fence",
    property: "no-lost-request",
    ignored,
  },
  {
    name: "fence-posts-done",
    story: "fence posts again what is answered and not read yet",
    patches: [{
      from: "if (phaseOf(word) == TAKEN) return",
      to: "if (phaseOf(word) == TAKEN || phaseOf(word) == DONE) return",
    }],
    scenario: "fence",
    property: "not-after-completion",
    ignored,
  },
  {
    name: "fence-forgets-cancelled",
    story: "fence does not give a CANCELLED slot back",
    patches: [{
      from: "if (phaseOf(word) == CANCELLED) return",
      to: "if (phaseOf(word) == 7) return",
    }],
    scenario: "cancelling-fence",
    property: "slots-conserved",
    ignored,
  },
  {
    name: "fence-skips-free",
    story: "fence leaves the epoch of FREE slots, so what is posted there is for the dead",
    patches: [{
      from: "for (let i = 0; epochOf(word) < epoch; i++) {",
      to: "for (let i = 0; epochOf(word) < epoch && phaseOf(word) != FREE; i++) {",
    }],
    scenario: "fence",
    property: "no-lost-request",
  },
  {
    name: "fence-by-store",
    story: "fence stores the new state, whatever the client has done meanwhile",
    patches: [{
      from: "const seen = atomic.cmpxchg<u64>(slot, word, next);\n      word = seen",
      to: "const seen = word;\n      atomic.store<u64>(slot, next);\n      word = seen",
    }],
    scenario: "fence",
    property: "no-race",
    ignored,
  },
  {
    name: "fence-tries-once",
    story: "fence does not look again at a slot that moved between its look and its swap",
    patches: [{
      from: "word = seen == word ? next : seen;",
      to: "word = next;",
    }],
    scenario: "fence",
    property: "no-lost-request",
  },
  {
    name: "fence-compares-unequal",
    story: "a fence lowers epochs, so the older one of two takes the slots from the newer one",
    patches: [{
      from: "for (let i = 0; epochOf(word) < epoch; i++) {",
      to: "for (let i = 0; epochOf(word) != epoch; i++) {",
    }],
    scenario: "rival-fences",
    property: "no-lost-request",
    ignored,
  },
  {
    name: "fence-adds",
    story: "fence adds to the epoch what is missing, so two fences at a time add it twice",
    patches: [{
      from:
        "const seen = atomic.cmpxchg<u64>(slot, word, next);\n      word = seen == word ? next : seen;",
      to: "const raise = (<u64> (epoch - epochOf(word))) << EPOCH_SHIFT;\n" +
        "      word = atomic.add<u64>(slot, raise) + raise;\n" +
        "      const now = handedTo(word, epochOf(word));\n" +
        "      if (now == word || atomic.cmpxchg<u64>(slot, word, now) == word) break;",
    }],
    scenario: "fence-again",
    property: "no-lost-request",
    ignored,
  },
  {
    name: "fence-again-posts",
    story: "a fence that is run again posts again what its successor has taken",
    patches: [{
      from: "for (let i = 0; epochOf(word) < epoch; i++) {",
      to: "for (let i = 0; epochOf(word) <= epoch && handedTo(word, epoch) != word; i++) {",
    }],
    scenario: "fence-again",
    property: "no-lost-request",
    ignored,
  },
  {
    name: "fence-does-not-rouse",
    story: "fence does not wake the client, whose last ring may have died with the server",
    patches: [{ from: "  rouse();\n  return waiting;", to: "  return waiting;" }],
    scenario: "fence",
    property: "no-lost-wake-up",
  },
  {
    name: "fence-wakes",
    story: "fence trusts an announcement that a ring has taken away before it died with the server",
    patches: [{ from: "  rouse();\n  return waiting;", to: "  wake();\n  return waiting;" }],
    scenario: "fence",
    property: "no-lost-wake-up",
  },
  {
    name: "rouse-without-advance",
    story: "rouse only notifies: a server that is about to sleep does not notice its fence",
    patches: [{ from: "  atomic.add<u32>(BELL_AT, 2);\n", to: "" }],
    scenario: "fence",
    property: "fenced-ends",
  },
  {
    name: "ready-bit-elsewhere",
    story: "a ready bit is set in a word that the layout does not declare for it",
    patches: [{
      from: "const at = <usize> (READY_AT + ((index >> 5) << 2));",
      to: "const at = <usize> (READY_AT + ((index >> 5) << 2) + 2);",
    }],
    scenario: "ready-bits",
    property: "own-words",
  },
];
