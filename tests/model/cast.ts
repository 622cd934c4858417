/**
 * The threads of a scenario, and what each may do to which word.
 *
 * @module
 */

import { clientScript } from "./client_script.ts";
import { fencerScript } from "./fencer_script.ts";
import type { WordRole } from "./memory_map.ts";
import { mournerScript } from "./mourner_script.ts";
import { type Request, requestsOf, type Scenario } from "./scenario.ts";
import { serverScript } from "./server_script.ts";
import type { Script } from "./turn.ts";

/** What a thread is. */
export type Role = "client" | "server" | "fencer" | "mourner";

/** One thread. */
export interface Member {
  /** Whose part it plays. */
  readonly role: Role;
  /** Its number among those of its role: of a client, its channel. */
  readonly index: number;
  /** The epoch of a server or a fencer; 0 of who has none, or gets it when it takes over. */
  readonly epoch: number;
  /** Whether it fences: a fencer, or a server that takes over by itself. */
  readonly fences: boolean;
  /** Of a mourner, the thread whose end it hears of; -1 of all others. */
  readonly mourns: number;
  /** What it does. */
  readonly script: Script;
}

/** All threads: clients, then servers, fencers and mourners. */
export function castOf(scenario: Scenario): readonly Member[] {
  const requests = requestsOf(scenario);
  const firstServer = scenario.channels.length;
  const others = { epoch: 0, fences: false, mourns: -1 };
  const living: readonly Member[] = [
    ...scenario.channels.map((_, index): Member => {
      const own = requests.filter(({ channel }) => channel === index);
      return { ...others, role: "client", index, script: clientScript(scenario, index, own) };
    }),
    ...scenario.servers.map(({ epoch, takesOver: fences = false }, index): Member => {
      const script = serverScript(scenario, index, requests);
      return { ...others, role: "server", index, epoch, fences, script };
    }),
    ...scenario.fencers.map(({ epoch }, index): Member => {
      const script = fencerScript(scenario, index, firstServer);
      return { ...others, role: "fencer", index, epoch, fences: true, script };
    }),
  ];
  const mourners = (scenario.mourned ?? []).map((name, index): Member => {
    const mourns = living.findIndex(({ script }) => script.name === name);
    if (mourns < 0) throw new RangeError(`Cannot mourn ${name}: no such thread`);
    const channels = scenario.channels.map((_, channel) => channel);
    const bells = living[mourns]!.role === "client" ? [channels.length] : channels;
    const script = mournerScript(scenario, index, bells);
    return { ...others, role: "mourner", index, mourns, script };
  });
  return [...living, ...mourners];
}

/** Whether a thread may ever touch a word of another memory's role, and whether it may write it. */
export function mayTouch(
  member: Member,
  scenario: Scenario,
  word: { readonly role: WordRole; readonly memory: number },
): { readonly reads: boolean; readonly writes: boolean } {
  const doorbell = scenario.channels.length;
  if (member.role === "client" && word.memory !== doorbell && word.memory !== member.index) {
    return { reads: false, writes: false };
  }
  if (member.role === "mourner") {
    const rings = word.role === "bell" || word.role === "doorbell";
    return { reads: rings, writes: rings };
  }
  switch (word.role) {
    case "closed": {
      const closes = member.role === "fencer" &&
        scenario.fencers[member.index]!.starts === undefined;
      return { reads: true, writes: closes };
    }
    case "epoch":
      return { reads: true, writes: member.fences };
    case "usesReady":
      return { reads: true, writes: scenario.usesReady === true && member.role === "server" };
    default:
      return { reads: true, writes: true };
  }
}

/** The request of a channel with a sequence. */
export function requestOf(
  requests: readonly Request[],
  channel: number,
  sequence: number,
): Request | undefined {
  return requests.find((request) => {
    return request.channel === channel && (request.sequence | 0) === (sequence | 0);
  });
}
