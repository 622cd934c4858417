/**
 * What the explorer proves, by name, and how it says that something does not hold.
 *
 * @module
 */

/** The properties, each with what it says. */
export const PROPERTIES = {
  "answered-once": "a client reads the answer of each of its requests once",
  "right-answer": "what is read in a request or an answer is what was written for it",
  "executed-once": "no incarnation begins a request twice",
  "not-after-completion": "nothing is begun again once its completion has succeeded",
  "cancelled-stays-out": "what was cancelled in time is never begun",
  "begun-first": "what a predecessor has begun comes before what none has, in all channels",
  "in-order": "the requests of a channel are begun in the order of posting",
  "no-lost-request": "a live client's request is answered when all who live rest",
  "no-lost-wake-up": "no live thread sleeps for ever while what it waits for is there",
  "fenced-ends": "a fenced incarnation ends by itself",
  "no-race": "plain accesses are ordered by the atomic ones",
  "legal-move": "a slot moves only along the arrows of its life, by whom they belong to",
  "own-words": "each atomic instruction meets a word that the layout declares, in its width",
  "slots-conserved": "at the end every slot is its client's, for the right sequence and epoch",
  "bounded": "no operation takes more atomic steps than its doc says",
  "script": "the core answers what its docs allow",
} as const;

/** The name of a property. */
export type Property = keyof typeof PROPERTIES;

/** A property that does not hold in some state. */
export class Violation extends Error {
  /** The class name, as `Error` wants it. */
  override readonly name = "Violation";
  /** Which property. */
  readonly property: Property;

  /** Says that `property` does not hold, and where. */
  constructor(property: Property, message: string) {
    super(message);
    this.property = property;
  }
}
