/**
 * What happens in a system, as sentences for people.
 *
 * @module
 */

import type { SystemEvent } from "@hako/kernel";
import { KERNEL } from "../../../kernel/manifest.ts";
import type { Deed, Happening } from "../lines.ts";

/** What is told of a reason at most: a stack is for a log. */
const WHY_CHARACTERS_MAX = 120;

/** How the kernel begins the reason of an end that an upgrade has ordered. */
const UPGRADED = "upgraded to ";

/** Whether a domain dies because something better takes its place. */
export function isUpgrade(event: SystemEvent): boolean {
  return event.type === "died" && event.why.startsWith(UPGRADED);
}

/** Who pressed, and when. */
export interface Presser {
  /** Milliseconds since the record began. */
  readonly atMs: number;
  /** Whether it was no person. */
  readonly isChaos: boolean;
}

/** A press. */
export function pressWords(deed: Deed, domain: string, { atMs, isChaos }: Presser): Happening {
  const text = `${isChaos ? "Chaos" : "Button"}: ${deed} ${domain}.`;
  return { atMs, domain, kind: "press", text };
}

/** What an event tells people; nothing if it is only for programs. */
export function eventWords(event: SystemEvent, atMs: number): Happening | undefined {
  switch (event.type) {
    case "ready": {
      const { domain, epoch, tookMs } = event;
      const text = `${domain}: life ${epoch} serves after ${ms(tookMs)}.`;
      return { atMs, domain, kind: "life", text, epoch };
    }
    case "died": {
      const { domain, epoch, why } = event;
      if (isUpgrade(event)) {
        const text = `${domain}: life ${epoch} makes room for an upgrade.`;
        return { atMs, domain, kind: "upgrade", text };
      }
      return { atMs, domain, kind: "death", text: `${domain}: life ${epoch} died: ${brief(why)}.` };
    }
    case "fenced": {
      const { domain, epoch, gone, tookMs } = event;
      const end = gone ? "gone" : "a zombie, and harmless";
      const text = `${domain}: life ${epoch} is fenced after ${ms(tookMs)}, and ${end}.`;
      return { atMs, domain, kind: "fence", text };
    }
    case "kernel-died": {
      const text = `kernel: life ${event.epoch} died: ${
        brief(event.why)
      }. Its successor takes over.`;
      return { atMs, domain: KERNEL, kind: "death", text };
    }
    case "gave-up": {
      const text = `${event.domain} will not live again: ${brief(event.why)}.`;
      return { atMs, domain: event.domain, kind: "error", text };
    }
    case "poisoned": {
      const what = `a request that ended ${event.tries} lives is answered with an error.`;
      return { atMs, domain: event.domain, kind: "error", text: `${event.domain}: ${what}` };
    }
    case "rolled-back": {
      const text = `${event.domain}: the new module did not start: ${brief(event.why)}.`;
      return { atMs, domain: event.domain, kind: "error", text };
    }
    case "stopped":
      return { atMs, domain: KERNEL, kind: "end", text: `The system stops: ${brief(event.why)}.` };
    case "finished":
      return { atMs, domain: event.domain, kind: "end", text: `${event.domain} has finished.` };
    case "report":
      return undefined;
  }
}

/** Why a domain has died, in a few words: which module an upgrade was to, is for a log. */
export function whyWords(why: string): string {
  return why.startsWith(UPGRADED) ? "upgraded" : brief(why);
}

/** The first line of a reason, without what draws on a terminal or turns a text around. */
export function brief(why: string): string {
  const line = why.split("\n", 1)[0]!.replaceAll(/\p{C}/gu, "?").replace(/\.$/, "");
  const characters = [...line];
  if (characters.length <= WHY_CHARACTERS_MAX) return line;
  return `${characters.slice(0, WHY_CHARACTERS_MAX - 3).join("")}...`;
}

function ms(value: number): string {
  return value < 10 ? `${value.toFixed(1)} ms` : `${Math.round(value).toLocaleString("en-US")} ms`;
}
