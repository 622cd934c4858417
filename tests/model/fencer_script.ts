/**
 * The kernel when an incarnation is to be replaced: in every channel it writes the epoch word and
 * fences, which wakes the client; then it rings the doorbell and starts the successor. Or it gives the
 * endpoint up: then it closes every channel and wakes its client once more.
 *
 * @module
 */

import { CHANNEL } from "../../ipc/layouts/channel.ts";
import type { Scenario } from "./scenario.ts";
import { EFFECT, type Script, type Turn } from "./turn.ts";

/** Why a channel is closed: any errno. */
const EPIPE = 32;

/** The one variable: how many operations are done. */
const DONE = 0;

/**
 * One run of a fence.
 *
 * @param firstServer The number of the first server's thread.
 */
export function fencerScript(scenario: Scenario, fencer: number, firstServer: number): Script {
  const { misuse } = scenario;
  const { epoch, starts } = scenario.fencers[fencer]!;
  const channelCount = scenario.channels.length;
  const calls: ((turn: Turn) => void)[] = [];
  for (let channel = 0; channel < channelCount; channel++) {
    calls.push((turn) => turn.put(channel, CHANNEL.at.epoch, epoch));
    calls.push((turn) => turn.call(channel, "fence", epoch));
  }
  for (let channel = 0; channel < channelCount && starts === undefined; channel++) {
    calls.push((turn) => turn.put(channel, CHANNEL.at.closed, EPIPE));
    calls.push((turn) => turn.call(channel, "rouse"));
  }
  const ring = misuse === "ring-by-wake" ? "wake" : "rouse";
  if (misuse !== "fence-without-ringing") calls.push((turn) => turn.call(channelCount, ring));
  const startsAfter = misuse === "successor-before-fence" ? 2 : calls.length;
  return {
    name: `fencer ${fencer + 1}`,
    variables: [0],
    next(variables: number[], _answer: number, turn: Turn): void {
      const done = variables[DONE]!;
      if (done === startsAfter && starts !== undefined) turn.do(EFFECT.start, firstServer + starts);
      variables[DONE] = done < calls.length ? done + 1 : 0;
      calls[done]?.(turn);
    },
  };
}
