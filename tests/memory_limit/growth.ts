/**
 * Ways of filling a heap without end.
 *
 * Each calls a function of its own per round. A loop without such a call may be compiled without a
 * look at whether it is to end, and then nothing ends it: see the limits in the documentation.
 *
 * @module
 */

/** Grows the heap until something ends it. */
export type Growth = () => never;

/** The ways, by name. */
export const GROWTHS = {
  objects: () => fill((round) => ({ round, list: [1, 2, 3] })),
  "large arrays": () => fill(() => Array.from({ length: 2 ** 17 }, (_, index) => index + 0.5)),
  strings: () => fill((round) => [..."memory"].join(String(round)).repeat(100) + round),
  maps: () => fill((round) => new Map([[round, new Set([round])]])),
  closures: () => fill((round) => () => round),
  parsed: () => fill((round) => JSON.parse(`[${round}, {"a": ["b", ${round}]}]`)),
  "what it catches": () => {
    for (;;) {
      try {
        fill((round) => [round]);
      } catch {
        fill((round) => [round]); // A full heap is nothing that code can catch.
      }
    }
  },
} as const satisfies Readonly<Record<string, Growth>>;

/** The name of a way. */
export type GrowthName = keyof typeof GROWTHS;

function fill(make: (round: number) => unknown): never {
  const hoard: unknown[] = [];
  for (let round = 0;; round++) hoard.push(make(round));
}
