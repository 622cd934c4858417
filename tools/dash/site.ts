/**
 * What the program answers to browsers: the page, the stream of what happens, and presses.
 *
 * | Request | Answer |
 * | --- | --- |
 * | `GET /?token=TOKEN` | the page |
 * | `GET /lines` | lines of JSON without end |
 * | `POST /press` | `{}`, or `{ "error": "why" }` if it could not be done |
 *
 * @module
 */

import type { Audience } from "./audience.ts";
import type { Gate } from "./gate.ts";
import type { History } from "./history.ts";
import { isPress, type Press } from "./lines.ts";
import type { PressRate } from "./press_rate.ts";

/** A press is `{"deed":"restart","domain":"NAME"}`, and names are short. */
export const BODY_BYTES_MAX = 512;

/** What the site needs. */
export interface SiteParts {
  /** Who may ask. */
  readonly gate: Gate;
  /** What a new page is told. */
  readonly history: History;
  /** Who listens. */
  readonly audience: Audience;
  /** How often buttons may be pressed. */
  readonly rate: PressRate;
  /** Carries out a press and answers why it could not be done, if it could not. */
  readonly press: (press: Press) => Promise<string | undefined>;
  /** The page, whose scripts and styles carry the nonce. */
  readonly page: (nonce: string) => string;
}

/** Sent with every answer: nothing is kept, embedded, or told to others. */
const HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** What a text or a stream may do in a browser: nothing. */
const NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/** The answers of one run. */
export class Site {
  readonly #parts: SiteParts;

  /** The answers with these parts. */
  constructor(parts: SiteParts) {
    this.#parts = parts;
  }

  /** Answers a request. */
  async answer(request: Request): Promise<Response> {
    switch (pathOf(request)) {
      case "/":
        return this.#page(request);
      case "/lines":
        return this.#lines(request);
      case "/press":
        return await this.#press(request);
      default:
        return told(404, "there is nothing here");
    }
  }

  #page(request: Request): Response {
    const refusal = this.#parts.gate.refusePage(request);
    if (refusal !== undefined) return told(refusal.status, refusal.why);
    const nonce = crypto.getRandomValues(new Uint8Array(16)).toBase64();
    const own = `script-src 'nonce-${nonce}'; style-src 'nonce-${nonce}'; connect-src 'self'`;
    return respond(this.#parts.page(nonce), {
      type: "text/html; charset=utf-8",
      policy: `${NOTHING}; ${own}; img-src data:`,
    });
  }

  #lines(request: Request): Response {
    const { gate, audience, history } = this.#parts;
    const refusal = gate.refuseCall(request, "GET");
    if (refusal !== undefined) return told(refusal.status, refusal.why);
    if (audience.isFull) return told(503, "too many pages listen: close one");
    return respond(audience.join(history.lines()), { type: "application/x-ndjson" });
  }

  async #press(request: Request): Promise<Response> {
    const { gate, rate, history, press } = this.#parts;
    const refusal = gate.refuseCall(request, "POST");
    if (refusal !== undefined) return told(refusal.status, refusal.why);
    if (!rate.take()) return told(429, "buttons are pressed too often: wait a moment");
    const text = await shortText(request);
    if (text === undefined) return told(413, `a press has at most ${BODY_BYTES_MAX} bytes`);
    const wanted = pressIn(text);
    if (wanted === undefined) return told(400, "that is no press");
    const target = history.begin?.targets.find(({ domain }) => domain === wanted.domain);
    if (target === undefined) return told(404, "no domain of that name has buttons");
    if (!target.deeds.includes(wanted.deed)) {
      return told(400, `${target.domain} has no button ${wanted.deed}`);
    }
    const error = await press(wanted);
    const answer = JSON.stringify(error === undefined ? {} : { error });
    return respond(answer, { type: "application/json" });
  }
}

interface Content {
  readonly status?: number;
  readonly type: string;
  readonly policy?: string;
}

function respond(body: BodyInit, { status = 200, type, policy = NOTHING }: Content): Response {
  const headers = { ...HEADERS, "content-type": type, "content-security-policy": policy };
  return new Response(body, { status, headers });
}

/** An answer in words, which hold nothing of what was asked. */
function told(status: number, why: string): Response {
  return respond(`Refused: ${why}.\n`, { status, type: "text/plain; charset=utf-8" });
}

/** What cannot be read as an address is nowhere. */
function pathOf({ url }: Request): string {
  return URL.parse(url)?.pathname ?? "";
}

/** The body as text; `undefined` if it is longer than a press, of which no more is read then. */
async function shortText({ body }: Request): Promise<string | undefined> {
  const bytes: number[] = [];
  for await (const chunk of body ?? []) {
    if (bytes.length + chunk.byteLength > BODY_BYTES_MAX) return undefined;
    bytes.push(...chunk);
  }
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

function pressIn(text: string): Press | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isPress(value) ? { deed: value.deed, domain: value.domain } : undefined;
  } catch {
    return undefined;
  }
}
