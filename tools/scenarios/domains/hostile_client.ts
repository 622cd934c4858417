/**
 * A hostile client of a tally. Each of its lives attacks in one way, and dies of it; the last one asks
 * for what cannot be, and finishes with what it was answered.
 *
 * @module
 */

import { defineProtocol, type Operation, OsError, SLOT_COUNT, u32 } from "@hako/ipc";
import { slotWord } from "../../../ipc/channel.ts";
import { PHASE, PHASE_MASK } from "../../../ipc/layouts/channel.ts";
import { CODE_MAX } from "../../../ipc/protocol.ts";
import { randomFrom } from "../random.ts";
import { type Attack, ATTACKS, HEAD_ATTACK, type Held } from "./attacks.ts";
import { HostileBody } from "./hostile_body.ts";
import { Tally } from "./tally_protocol.ts";

/** What it is told. */
export interface HostileOptions {
  /** The seed of its chance. */
  readonly seed: number;
  /** How long each life attacks. */
  readonly attackMs: number;
  /** How the lives attack, one after the other: names of attacks. */
  readonly attacks: readonly string[];
}

/** What it finishes with. */
export interface HostileResult {
  /** Impossible requests by what they were answered: a code, or `"answered"`. */
  readonly outcomes: Readonly<Record<string, number>>;
}

/** Words that a number might be mistaken for: half of them are no operation's argument. */
const WORDS = [0, 1, 0x7fff_ffff, 0xffff_ffff];

/** How long an attack waits at most until its requests have been met. */
const TAKEN_MS_MAX = 5;

/** A kernel that has borne its nonsense for so long will bear it for ever. */
const PATIENCE_MS = 5_000;

const body = await HostileBody.begin();
const { seed, attackMs, attacks } = body.boot.options as unknown as HostileOptions;
const name = attacks[body.boot.epoch - 1];
if (name === undefined) body.finish({ outcomes: askForAnything() } satisfies HostileResult);
else if (name === "tells the kernel no sense") tellNoSense();
else attack({ ...ATTACKS, "writes the head": HEAD_ATTACK }[name]!);

function attack(how: Attack): never {
  const held = body.held(randomFrom(seed + body.boot.epoch));
  const endMs = performance.now() + attackMs;
  for (let round = 0; performance.now() < endMs; round++) {
    how(held);
    // A server passes over what has been overtaken; every other round it is to meet what was written.
    if (round % 2 === 0) awaitTaken(held);
  }
  return body.die();
}

/** Waits until the server has dealt with the last slot, for a moment. */
function awaitTaken({ channel: { words } }: Held): void {
  const endMs = performance.now() + TAKEN_MS_MAX;
  const last = slotWord(SLOT_COUNT - 1);
  while ((words[last]! & PHASE_MASK) === PHASE.POSTED && performance.now() < endMs);
}

/** Until the kernel has enough of it, which it should have soon. */
function tellNoSense(): never {
  const endMs = performance.now() + PATIENCE_MS;
  for (let i = 0; performance.now() < endMs; i++) {
    const nonsense = [{ type: "open" }, { type: "died", name: "tally" }, i, null];
    body.post(nonsense[i % nonsense.length]);
  }
  return body.die();
}

/** Every operation that a protocol can have, with words for arguments. */
function askForAnything(): Record<string, number> {
  const operations: Record<string, Operation> = {};
  for (let code = 1; code <= CODE_MAX; code++) {
    const request = { first: u32, second: u32, third: u32 };
    operations[`any${code}`] = { code, request, errors: [], idempotent: true };
  }
  const { name: spoken, version } = Tally;
  const anything = body.client(defineProtocol(spoken, version, operations));
  const outcomes: Record<string, number> = {};
  for (const operation of Object.keys(operations)) {
    for (const word of WORDS) {
      const outcome = outcomeOf(() =>
        anything.callSync(operation, { first: word, second: word, third: word })
      );
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    }
  }
  return outcomes;
}

function outcomeOf(call: () => unknown): string {
  try {
    call();
    return "answered";
  } catch (error) {
    if (!(error instanceof OsError)) throw error;
    return error.code;
  }
}
