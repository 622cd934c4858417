/**
 * What a domain holds of capabilities, and what it makes of them: clients and memories.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import type { CapabilityView, KernelAnswer } from "../capabilities/mod.ts";
import type { BootMessage, CapabilityGrant, UsedGrant } from "../messages.ts";
import {
  accept,
  type Ask,
  type Capability,
  held,
  newSegment,
  type PeerName,
} from "./capability.ts";
import type { ControlLink } from "./control_link.ts";
import type { HeldWindows } from "./windows.ts";

/** The capabilities of one incarnation. */
export class HeldCapabilities {
  readonly #ask: Ask;
  readonly #windows: HeldWindows;
  readonly #named: readonly CapabilityGrant[];
  /** Ends of channels by their badges. */
  readonly #used: Map<number, UsedGrant>;

  /** What the manifest has given, and what an earlier life was given besides. */
  constructor({ capabilities, used }: BootMessage, control: ControlLink, windows: HeldWindows) {
    this.#ask = (call) => control.ask(call);
    this.#windows = windows;
    this.#named = capabilities;
    this.#used = new Map(used.map((grant) => [grant.badge, grant]));
  }

  /** A channel's end has come. */
  addUsed(used: UsedGrant): void {
    this.#used.set(used.badge, used);
  }

  /** That which the manifest has given by a name. */
  named(kind: Capability["kind"], name: string): Capability {
    const grant = this.#named.find((given) => given.kind === kind && given.name === name);
    const found = grant && this.held().find(({ handle }) => handle === grant.handle);
    if (found === undefined) {
      throw new OsError("ENOENT", `find the ${kind} ${name} in the manifest`);
    }
    return found;
  }

  /** All. */
  held(): Capability[] {
    return held(this.#ask);
  }

  /** Takes what a peer has offered. */
  accept(handle: number, from: PeerName): Capability {
    return accept(this.#ask, handle, from);
  }

  /** The end of the channel of an endpoint capability. */
  connect(endpoint: Capability): UsedGrant {
    const { badge } = this.#view(this.#ask({ type: "connect", handle: endpoint.handle }));
    return this.#used.get(badge)!; // The kernel has sent it before the answer.
  }

  /** The memory of a segment capability. */
  map(segment: Capability): Uint8Array {
    const { object } = this.#view(this.#ask({ type: "map", handle: segment.handle }));
    return this.#windows.own(object)!; // The kernel has sent it before the answer.
  }

  /** A segment of zeros. */
  segment(byteLength: number): Capability {
    return newSegment(this.#ask, byteLength);
  }

  #view(answer: KernelAnswer): CapabilityView {
    if (answer.type === "refused") throw new OsError(answer.code, answer.what);
    if (answer.type === "capabilities") return answer.capabilities[0]!;
    throw new OsError("EPROTO", "get a capability from the kernel");
  }
}
