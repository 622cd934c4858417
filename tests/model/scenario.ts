/**
 * A small case to explore: who takes part, what is in the memories at the start, who may die.
 *
 * @module
 */

import { PHASE } from "../../ipc/layouts/channel.ts";
import { SLOT_COUNT } from "../../ipc/limits.ts";

/** One request of a client. */
export interface RequestPlan {
  /** Which it is. */
  readonly sequence: number;
  /** Waits for the answer; wants none; or gives up right after posting. */
  readonly kind: "call" | "oneWay" | "cancel";
  /** What has happened to it before the start; nothing when left out. */
  readonly before?: "posted" | "taken" | "cancelled";
}

/** The state word of a slot. */
export interface SlotPlan {
  /** Where in its life the slot is. */
  readonly phase: keyof typeof PHASE;
  /** The sequence that the word has. */
  readonly sequence: number;
}

/** One channel and its client. */
export interface ChannelPlan {
  /** The sequence at which the first server looks first. */
  readonly first: number;
  /** The client's requests, in order of posting. */
  readonly requests: readonly RequestPlan[];
  /** Requests that the client posts before it waits for the oldest; 1 when left out. */
  readonly pipeline?: number;
  /** Whether they are posted at once, by `postMany`. */
  readonly together?: boolean;
  /** Whether it posts and looks once in one call of the core, as a client that spins does. */
  readonly spins?: boolean;
  /** Slots of requests that are not FREE for the first sequence of theirs from `first` on, by index. */
  readonly slots?: Readonly<Record<number, SlotPlan>>;
  /** The same for every slot that no request uses. */
  readonly otherSlots?: (firstSequence: number) => SlotPlan;
}

/** One incarnation of the server. */
export interface ServerPlan {
  /** Its number. */
  readonly epoch: number;
  /** Whether it is at work at the start; else a fencer starts it. */
  readonly running: boolean;
  /** Whether it takes over by itself at any time, in a system without kernel; its epoch is then 0. */
  readonly takesOver?: boolean;
}

/** One run of a fence, and what follows. */
export interface FencerPlan {
  /** The epoch that it raises the slots to. */
  readonly epoch: number;
  /** The incarnation that it starts at its end, by index; none if it closes the channels instead. */
  readonly starts?: number;
  /** The fencer, by index, in whose place it acts: it begins only after that one has. */
  readonly after?: number;
  /** Whether it begins only while the one before has not ended. */
  readonly onlyIfCutOff?: boolean;
  /** Servers, by index, that are known to be gone for good when it begins. */
  readonly buries?: readonly number[];
  /** Whether the fencer before was only taken for dead, and goes on beside it. */
  readonly besides?: boolean;
}

/** Faults of the scripts that the explorer must catch: each breaks one rule of how the core is used. */
export type Misuse =
  | "no-second-look"
  | "sleep-for-ever"
  | "ring-by-wake"
  | "claim-by-store"
  | "reply-after-complete"
  | "no-ring-after-turn"
  | "no-resumption"
  | "reply-read-late"
  | "one-reply-area"
  | "ready-after-look"
  | "second-look-by-bits"
  | "write-before-free"
  | "fence-without-ringing"
  | "no-look-at-fence-word"
  | "successor-before-fence"
  | "closed-before-announce";

/** A case to explore. */
export interface Scenario {
  /** Its name on the command line. */
  readonly name: string;
  /** What it is about, in one sentence. */
  readonly story: string;
  /** The epoch to which the slots belong at the start. */
  readonly epoch: number;
  /** The channels, each with its client. */
  readonly channels: readonly ChannelPlan[];
  /** The incarnations of the one server. */
  readonly servers: readonly ServerPlan[];
  /** The runs of a fence. */
  readonly fencers: readonly FencerPlan[];
  /** Whether servers take ready bits; the first one, if it is running, asks for them at its start. */
  readonly usesReady?: boolean;
  /** Whether servers answer all that a channel has before they ring for it, once. */
  readonly quiet?: boolean;
  /** The value of every bell at the start: even while all are awake. */
  readonly bell?: number;
  /** Whether sleeps end by themselves now and then, besides where nothing else would end them. */
  readonly timesOut?: boolean;
  /** Threads of whose end the kernel hears when they are gone, by name: it rouses whom they ring. */
  readonly mourned?: readonly string[];
  /** Threads that may stop for ever at any step, by name; any two of them together. */
  readonly mayDie: readonly string[];
  /** A rule that the scripts break. */
  readonly misuse?: Misuse;
}

/** Where a request stands among all, and its plan. */
export interface Request extends RequestPlan {
  /** Its number among all. */
  readonly id: number;
  /** Its channel, by index. */
  readonly channel: number;
  /** The index of its slot. */
  readonly slot: number;
}

/** The requests of all channels, with their numbers. */
export function requestsOf(scenario: Scenario): readonly Request[] {
  let id = 0;
  return scenario.channels.flatMap(({ requests }, channel) => {
    return requests.map((request) => {
      return { ...request, channel, slot: slotOf(request.sequence), id: id++ };
    });
  });
}

/** Every epoch that a slot may get in a scenario, the one at the start among them. */
export function epochsOf({ epoch, fencers, servers }: Scenario): readonly number[] {
  const claimed = servers.filter(({ takesOver }) => takesOver).map((_, index) => epoch + 1 + index);
  return [epoch, ...fencers.map((fencer) => fencer.epoch), ...claimed];
}

/** The index of a sequence's slot. */
export function slotOf(sequence: number): number {
  return sequence & (SLOT_COUNT - 1);
}

/** What has happened to a request before the start, as the phase of its slot. */
const BEFORE = { posted: "POSTED", taken: "TAKEN", cancelled: "CANCELLED" } as const;

/** The state word of a slot at the start, as its two halves. */
export function slotAtStart(
  scenario: Scenario,
  channel: number,
  slot: number,
): readonly [low: number, high: number] {
  const plan = scenario.channels[channel]!;
  const first = plan.first + ((slot - plan.first) & (SLOT_COUNT - 1));
  const own = plan.requests.filter((request) => slotOf(request.sequence) === slot);
  const begun = own.find(({ before }) => before !== undefined);
  const fallback = own.length === 0 && plan.otherSlots ? plan.otherSlots(first) : undefined;
  const { phase, sequence } = begun !== undefined
    ? { phase: BEFORE[begun.before!], sequence: begun.sequence }
    : plan.slots?.[slot] ?? fallback ?? { phase: "FREE" as const, sequence: first };
  const area = phase === "DONE" && scenario.epoch % 2 === 1 ? 8 : 0;
  return [(scenario.epoch << 8) | area | PHASE[phase], sequence | 0];
}
