/**
 * A kernel that does nothing but write down what it is asked: for tests of what calls mean.
 *
 * @module
 */

import type { DomainStatus } from "../system_status.ts";
import type { CapabilityChannel, KernelActions } from "./actions.ts";
import { refuse } from "./refusal.ts";

/** Endpoint `100 * n` is served by owner `n`; segments are numbered from 1. */
export class FakeKernel implements KernelActions {
  /** What was asked since it was last taken. */
  readonly log: string[] = [];
  /** The channels that are open. */
  readonly channels: Map<number, CapabilityChannel> = new Map();
  /** Sizes by segment. */
  readonly segments: Map<number, number> = new Map();
  /** Badges that are left. */
  badges = Infinity;
  #badge = 1000;
  #segment = 0;

  /** Takes what was asked so far. */
  asked(): string[] {
    return this.log.splice(0);
  }

  serverOf(endpoint: number): number {
    return Math.floor(endpoint / 100);
  }

  newBadge(): number {
    if (this.badges-- <= 0) refuse("ENFILE", "number another channel");
    return ++this.#badge;
  }

  openChannel(channel: CapabilityChannel): void {
    this.log.push(`open ${channel.badge}`);
    this.channels.set(channel.badge, channel);
  }

  closeChannel(badge: number): void {
    this.log.push(`close ${badge}`);
    this.channels.delete(badge);
  }

  newSegment(owner: number, byteLength: number, bytesOf?: number): number {
    const id = ++this.#segment;
    this.log.push(
      `segment ${id} of ${byteLength} for ${owner}${bytesOf ? ` from ${bytesOf}` : ""}`,
    );
    this.segments.set(id, byteLength);
    return id;
  }

  byteLengthOf(segment: number): number {
    return this.segments.get(segment)!;
  }

  shareSegment(segment: number, owner: number): void {
    this.log.push(`share ${segment} with ${owner}`);
  }

  unshareSegment(segment: number, owner: number): void {
    this.log.push(`unshare ${segment} from ${owner}`);
  }

  replaceSegment(segment: number, owner: number): number {
    const id = ++this.#segment;
    this.log.push(`replace ${segment} of ${owner} by ${id}`);
    this.segments.set(id, this.segments.get(segment)!);
    this.segments.delete(segment);
    return id;
  }

  freeSegment(segment: number): void {
    this.log.push(`free ${segment}`);
    this.segments.delete(segment);
  }

  look(domain: number): DomainStatus {
    return { epoch: domain, state: "ready", deaths: 0 } as DomainStatus;
  }

  restart(domain: number): void {
    this.log.push(`restart ${domain}`);
  }

  terminate(domain: number): void {
    this.log.push(`terminate ${domain}`);
  }

  lost(owner: number, handles: readonly number[]): void {
    this.log.push(`tell ${owner} of ${handles.length}`);
  }
}
