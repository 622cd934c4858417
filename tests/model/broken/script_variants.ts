/**
 * Whole cores in wrong hands: one rule of how client, server and kernel use the core left out.
 *
 * @module
 */

import type { Variant } from "./variant.ts";

/** The variants. */
export const SCRIPT_VARIANTS: readonly Variant[] = [
  {
    name: "no-second-look",
    story: "who sleeps does not look once more after announcing it",
    scenario: "two-clients",
    change: () => ({ misuse: "no-second-look" }),
    property: "no-lost-wake-up",
  },
  {
    name: "closed-before-announce",
    story: "a client does not look whether its channel was closed after it announced a sleep",
    scenario: "closing",
    change: () => ({ misuse: "closed-before-announce" }),
    property: "no-lost-wake-up",
  },
  {
    name: "sleep-for-ever",
    story:
      "nobody bounds a sleep, so a zombie that dies in its last ring takes the announcement along",
    scenario: "fence",
    change: () => ({ misuse: "sleep-for-ever" }),
    property: "no-lost-wake-up",
  },
  {
    name: "reply-after-complete",
    story: "the server writes an answer after it has published it",
    scenario: "two-clients",
    change: () => ({ misuse: "reply-after-complete" }),
    property: "right-answer",
  },
  {
    name: "no-ring-after-turn",
    story: "the server rings for none of the answers of a turn",
    scenario: "one-ring-a-turn",
    change: () => ({ misuse: "no-ring-after-turn" }),
    property: "no-lost-wake-up",
  },
  {
    name: "no-resumption",
    story: "a successor takes whatever comes first, and what a predecessor had begun in its turn",
    scenario: "two-clients-fence",
    change: () => ({ misuse: "no-resumption" }),
    property: "begun-first",
  },
  {
    name: "reply-read-late",
    story: "the client reads an answer after it has posted the slot's next request",
    scenario: "reuse",
    change: () => ({ misuse: "reply-read-late" }),
    property: "no-race",
  },
  {
    name: "write-before-free",
    story: "the client writes a request before the slot is its own",
    scenario: "cancelling",
    change: () => ({ misuse: "write-before-free" }),
    property: "no-race",
  },
  {
    name: "one-reply-area",
    story: "all incarnations answer in one area, where a zombie scribbles",
    patches: [{ from: "(epoch & 1 ? AREA_BIT : 0)", to: "0" }],
    scenario: "fence",
    change: () => ({ misuse: "one-reply-area" }),
    property: "no-race",
    ignored: ["legal-move"],
  },
  {
    name: "parity-used-again",
    story: "a fence gives the parity of a living zombie to its successor's successor",
    scenario: "two-fences",
    change: ({ fencers }) => ({
      fencers: fencers.map(({ buries: _, ...fencer }) => fencer),
    }),
    property: "no-race",
  },
  {
    name: "ready-bits-after-look",
    story: "the server takes the ready bits after it has looked, and trusts them before it sleeps",
    scenario: "ready-bits",
    change: () => ({ misuse: "ready-after-look" }),
    property: "no-lost-wake-up",
  },
  {
    name: "fence-without-ringing",
    story: "the kernel does not ring the doorbell of whom it fences",
    scenario: "fence",
    change: () => ({ misuse: "fence-without-ringing" }),
    property: "fenced-ends",
  },
  {
    name: "no-look-at-fence-word",
    story: "the server does not look whether it was fenced before it sleeps",
    scenario: "fence",
    change: () => ({ misuse: "no-look-at-fence-word" }),
    property: "fenced-ends",
  },
  {
    name: "successor-before-fence",
    story: "the kernel starts a successor before all channels are fenced",
    scenario: "two-clients-fence",
    change: ({ channels }) => ({
      misuse: "successor-before-fence",
      channels: channels.map((plan) => ({
        ...plan,
        requests: plan.requests.map((request) => ({ ...request, before: "posted" as const })),
      })),
    }),
    property: "begun-first",
  },
  {
    name: "ring-by-wake",
    story: "the kernel trusts an announcement that a ring has taken away before it died",
    scenario: "two-clients",
    change: () => ({ misuse: "ring-by-wake" }),
    property: "no-lost-wake-up",
  },
  {
    name: "nobody-mourns",
    story: "the kernel does not rouse the server of a client that is gone",
    scenario: "two-clients",
    change: () => ({ mourned: [] }),
    property: "no-lost-wake-up",
  },
  {
    name: "claim-by-store",
    story: "two successors load and store the epoch word, and both become the same incarnation",
    scenario: "rival-successors",
    change: ({ channels: [plan] }) => ({
      misuse: "claim-by-store",
      channels: [{ ...plan!, pipeline: 2 }],
    }),
    property: "in-order",
  },
  {
    name: "three-lives-in-two-areas",
    story: "two successors take over at a time from a server that lives on",
    scenario: "rival-successors",
    change: ({ channels: [plan], servers }) => ({
      channels: [{ ...plan!, requests: plan!.requests.map(({ before: _, ...rest }) => rest) }],
      servers: [{ epoch: 4, running: true }, ...servers],
    }),
    property: "no-race",
  },
  {
    name: "older-epoch-word",
    story: "the older of two kernels stores its epoch into the head after the newer one",
    scenario: "rival-fences",
    change: ({ fencers: [first, second] }) => {
      const { after: _, ...free } = second!;
      return { fencers: [first!, free], mayDie: ["server 1"] };
    },
    property: "slots-conserved",
  },
];
