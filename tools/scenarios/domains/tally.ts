/**
 * The tally server. It knows nothing of deaths, nor of requests that come twice: its keep does.
 *
 * @module
 */

import { ERRNO, u32, u64 } from "@hako/ipc";
import { enter } from "@hako/kernel/domain";
import { table } from "@hako/kernel/keeps";
import { Tally, TOKENS_MAX } from "./tally_protocol.ts";

/** Badges are given to every client of a system, this one's or not, and to each of its lives. */
const CLIENTS_MAX = 1_024;

/** How long the bug computes: far beyond any limit, yet no burden on who comes after. */
const SPOILT_MS = 3_000;

const domain = await enter();
const { hasBug } = domain.options as { readonly hasBug: boolean };
const { sums, tokens } = domain.state("tally", {
  sums: table(CLIENTS_MAX, { sum: u64 }),
  tokens: table(TOKENS_MAX, { count: u32 }),
});

domain.serve(Tally, {
  add({ amount }, { badge }) {
    const sum = (sums.get(badge)?.sum ?? 0) + amount;
    sums.put(badge, { sum });
    return { sum };
  },
  total: () => ({ sum: [...sums.entries()].reduce((all, [, { sum }]) => all + sum, 0) }),
  fill({ value, target }) {
    if (value > 255) return -ERRNO.EINVAL;
    target.fill(value);
    return target.byteLength;
  },
  join(_request, { badge }) {
    if (sums.get(badge) === undefined) sums.put(badge, { sum: 0 });
    return [...sums.entries()].length;
  },
  mark({ token }) {
    if (token >= TOKENS_MAX) return -ERRNO.EINVAL;
    const count = (tokens.get(token)?.count ?? 0) + 1;
    tokens.put(token, { count });
    return count;
  },
  marks: ({ token }) => token >= TOKENS_MAX ? -ERRNO.EINVAL : tokens.get(token)?.count ?? 0,
  spoil({ how }) {
    if (!hasBug) return -ERRNO.EOPNOTSUPP;
    if (how === "throw") throw new Error("the tally is spoilt");
    if (how === "exit") Deno.exit(1);
    const endMs = domain.nowMs() + SPOILT_MS;
    while (domain.nowMs() < endMs);
    return 0;
  },
});
