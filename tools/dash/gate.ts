/**
 * Who may ask: whoever knows the token, from this machine's browser, from our own page.
 *
 * A page of another origin can make a browser send requests here, though it cannot read the answers.
 * Of it we demand what it cannot know (the token), cannot choose (`Host`, against names that are
 * made to mean this machine; `Origin` and `Sec-Fetch-Site`), and cannot send without being asked
 * first (the header with the token), which we refuse.
 *
 * @module
 */

/** Bytes of a token: more than the 16 that cannot be guessed. */
const TOKEN_BYTES = 32;

/** What a token looks like in a header. */
const SCHEME = "Bearer ";

/** Why somebody may not in. */
export interface Refusal {
  /** The status of the answer. */
  readonly status: 403 | 405;
  /** Why, in words. */
  readonly why: string;
}

/** A new token: 64 hexadecimal digits that nobody can guess. */
export function newToken(): string {
  return crypto.getRandomValues(new Uint8Array(TOKEN_BYTES)).toHex();
}

/** Judges requests. */
export class Gate {
  readonly #address: string;
  readonly #origin: string;
  readonly #token: Uint8Array;

  /**
   * A gate for one run.
   *
   * @param address Where we serve, as `"127.0.0.1:8080"`.
   * @param token What whoever asks must know.
   */
  constructor(address: string, token: string) {
    this.#address = address;
    this.#origin = `http://${address}`;
    this.#token = new TextEncoder().encode(token);
  }

  /** Why a request for the page is refused, if it is: it has the token in its query. */
  refusePage(request: Request): Refusal | undefined {
    if (request.method !== "GET" && request.method !== "HEAD") return notAllowed("GET");
    // Whoever follows a link to it may come from anywhere; nobody may fetch it, or have it in a frame.
    const dest = request.headers.get("sec-fetch-dest");
    if (dest !== null && dest !== "document") return forbidden("another page asks");
    const token = new URL(request.url).searchParams.get("token");
    return this.#refuse(request, token, "the address needs the token that hako dash has printed");
  }

  /** Why a request of the page is refused, if it is: it has the token in its header. */
  refuseCall(request: Request, method: "GET" | "POST"): Refusal | undefined {
    if (request.method !== method) return notAllowed(method);
    const { headers } = request;
    const sent = headers.get("authorization");
    const token = sent?.startsWith(SCHEME) ? sent.slice(SCHEME.length) : null;
    const site = headers.get("sec-fetch-site");
    if (site !== null && site !== "same-origin") return forbidden("another page asks");
    const refusal = this.#refuse(request, token, "the request needs the page's token");
    if (refusal !== undefined) return refusal;
    if (method === "GET") return undefined; // A browser sends no Origin with it.
    const origin = headers.get("origin");
    if (origin === this.#origin) return undefined;
    return forbidden(origin === null ? "it does not say who asks" : "another page asks");
  }

  #refuse({ headers }: Request, token: string | null, missing: string): Refusal | undefined {
    if (headers.get("host") !== this.#address) return forbidden(`this is not ${this.#address}`);
    const origin = headers.get("origin");
    if (origin !== null && origin !== this.#origin) return forbidden("another page asks");
    if (token === null) return forbidden(missing);
    return this.#knows(token) ? undefined : forbidden("the token is not the one of this run");
  }

  /** Looks at every byte, wherever the first wrong one is. How long a token is, is no secret. */
  #knows(token: string): boolean {
    if (token.length !== this.#token.byteLength) return false;
    let difference = 0;
    for (let i = 0; i < this.#token.byteLength; i++) {
      difference |= this.#token[i]! ^ token.charCodeAt(i);
    }
    return difference === 0;
  }
}

function forbidden(why: string): Refusal {
  return { status: 403, why };
}

function notAllowed(method: string): Refusal {
  return { status: 405, why: `only ${method} is answered here` };
}
