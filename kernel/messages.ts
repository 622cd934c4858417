/**
 * The control messages between machine, kernel and domains. None of them is on the data path.
 *
 * @module
 */

import type { Errno, SpokenProtocol } from "@hako/ipc";
import type { DomainKind, HostPermissions, RestartPolicy } from "./manifest.ts";

/** One domain of a checked manifest, in a form that can be posted. */
export interface DomainPlan {
  readonly name: string;
  readonly kind: DomainKind;
  /** Absolute URL. */
  readonly module: string;
  readonly permissions: HostPermissions;
  readonly serves: Readonly<Record<string, SpokenProtocol>>;
  readonly uses: readonly string[];
  readonly keeps: Readonly<Record<string, number>>;
  readonly windows: Readonly<Record<string, number>>;
  readonly options: Readonly<Record<string, unknown>>;
  readonly restart: RestartPolicy;
  readonly hangMs: number;
  readonly spare: boolean;
  readonly start: "boot" | "request";
}

/** A fault to inject at a named point of a domain. */
export interface PointFault {
  /** The domain that is to die. */
  readonly domain: string;
  /** The point, as the domain's module names it. */
  readonly point: string;
  /** Which visit of the point, from 1, counted over all incarnations. */
  readonly visit?: number;
  /** How it dies: by throwing, by ending its worker silently, or by being terminated there. */
  readonly kind: "throw" | "exit" | "terminate";
}

/** A fault of a system: its index is that of its word among the visits. */
export interface ArmedFault extends PointFault {
  readonly index: number;
}

/** A segment, as a domain that may hold it gets it. */
export interface SegmentGrant {
  readonly id: number;
  readonly buffer: SharedArrayBuffer;
  /** The badges whose requests may name it here. */
  readonly badges: readonly number[];
}

/** The server's end of a channel. */
export interface ServedGrant {
  readonly endpoint: string;
  readonly channel: number;
  readonly badge: number;
  /** The channel's number at the server's doorbell. */
  readonly index: number;
  readonly censusIndex: number;
  readonly memory: WebAssembly.Memory;
}

/** The client's end of a channel. */
export interface UsedGrant {
  readonly endpoint: string;
  readonly protocol: SpokenProtocol;
  /** The channel's number at the server's doorbell. */
  readonly index: number;
  readonly memory: WebAssembly.Memory;
  readonly bell: WebAssembly.Memory;
  readonly censusIndex: number;
}

/** Everything that an incarnation is given. */
export interface BootMessage {
  readonly type: "boot";
  readonly name: string;
  readonly kind: DomainKind;
  readonly epoch: number;
  readonly options: Readonly<Record<string, unknown>>;
  readonly boot: SharedArrayBuffer;
  readonly bell: WebAssembly.Memory;
  readonly kernelBell: WebAssembly.Memory;
  readonly census: SharedArrayBuffer;
  readonly censusIndex: number;
  readonly cores: number;
  readonly serves: Readonly<Record<string, SpokenProtocol>>;
  readonly served: readonly ServedGrant[];
  readonly used: readonly UsedGrant[];
  readonly keeps: Readonly<Record<string, SharedArrayBuffer>>;
  readonly windows: Readonly<Record<string, number>>;
  readonly segments: readonly SegmentGrant[];
  readonly faults: readonly ArmedFault[];
  /** Visits of each armed fault's point, over all incarnations: one word each. */
  readonly faultVisits: SharedArrayBuffer;
  readonly control: MessagePort;
}

/** Kernel to domain. */
export type ControlMessage =
  | { readonly type: "open"; readonly served: ServedGrant }
  | { readonly type: "close"; readonly channel: number }
  | { readonly type: "segment"; readonly segment: SegmentGrant }
  | { readonly type: "drop-segment"; readonly id: number }
  | { readonly type: "halt" }
  | { readonly type: "fence" };

/** Domain to kernel. */
export type DomainMessage =
  | { readonly type: "ready" }
  | { readonly type: "halted" }
  | { readonly type: "report"; readonly value: unknown }
  | { readonly type: "finish"; readonly value: unknown }
  | { readonly type: "failed"; readonly code: Errno; readonly what: string }
  | { readonly type: "terminate-here"; readonly point: string };

/** Kernel to machine. */
export type Order =
  | {
    readonly type: "prepare";
    readonly name: string;
    readonly module: string;
    readonly permissions: HostPermissions;
  }
  | {
    readonly type: "start";
    readonly name: string;
    readonly epoch: number;
    readonly module: string;
    readonly permissions: HostPermissions;
    readonly boot: BootMessage;
  }
  | { readonly type: "terminate"; readonly name: string; readonly epoch: number }
  | {
    readonly type: "answer";
    readonly call: number;
    readonly value?: unknown;
    readonly code?: Errno;
    readonly what?: string;
  }
  | { readonly type: "event"; readonly event: SystemEvent };

/** Machine to kernel. */
export type MachineMessage =
  | {
    readonly type: "boot";
    readonly call: number;
    readonly plans: readonly DomainPlan[];
    readonly faults: readonly PointFault[];
    readonly cores: number;
    readonly kernelBell: WebAssembly.Memory;
    readonly machineBell: WebAssembly.Memory;
    readonly census: SharedArrayBuffer;
  }
  | { readonly type: "connect"; readonly call: number; readonly endpoint: string }
  | { readonly type: "window"; readonly call: number; readonly byteLength: number }
  | { readonly type: "restart"; readonly call: number; readonly name: string }
  | { readonly type: "start"; readonly call: number; readonly name: string }
  | { readonly type: "status"; readonly call: number }
  | { readonly type: "halt"; readonly call: number }
  | {
    readonly type: "died";
    readonly name: string;
    readonly epoch: number;
    readonly death: Death;
  };

/** How an incarnation ended. */
export interface Death {
  /** What is known of the reason. */
  readonly why: string;
  /** Whether its worker is known to be gone. */
  readonly gone?: boolean;
  /** Whether somebody outside ended it: then a start that it cut short has not failed. */
  readonly ordered?: boolean;
}

/** What happened to a domain. */
export type SystemEvent =
  | {
    readonly type: "ready";
    readonly domain: string;
    readonly epoch: number;
    readonly tookMs: number;
  }
  | { readonly type: "died"; readonly domain: string; readonly epoch: number; readonly why: string }
  | {
    readonly type: "fenced";
    readonly domain: string;
    readonly epoch: number;
    readonly gone: boolean;
    readonly tookMs: number;
  }
  | {
    readonly type: "gave-up";
    readonly domain: string;
    readonly epoch: number;
    readonly why: string;
  }
  | { readonly type: "report"; readonly domain: string; readonly value: unknown }
  | { readonly type: "finished"; readonly domain: string; readonly value: unknown };

/** What one domain is doing. */
export interface DomainStatus {
  /** The number of its present life. */
  readonly epoch: number;
  /** Where it stands in that life. */
  readonly state: "waiting" | "starting" | "ready" | "fencing" | "finished" | "gave-up" | "halted";
  /** How often it has died. */
  readonly deaths: number;
}

/** What a system is doing. */
export interface SystemStatus {
  /** The domains by name. */
  readonly domains: Readonly<Record<string, DomainStatus>>;
  /** Requests posted and not yet reaped, over all channels. */
  readonly slotsInUse: number;
  /** Fenced incarnations that have not said that they are gone. */
  readonly zombies: number;
}
