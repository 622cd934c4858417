/**
 * The control messages between machine, kernel and domains. None of them is on the data path.
 *
 * @module
 */

import type { Errno, SpokenProtocol } from "@hako/ipc";
import type { KernelAnswer } from "./capabilities/calls.ts";
import type { ArmedFault, PointFault } from "./faults/point_fault.ts";
import type { DomainKind, HostPermissions, RestartPolicy } from "./manifest.ts";

/** A memory that the machine holds for the kernel, by number: it outlives every kernel. */
export type HeldMemory = SharedArrayBuffer | WebAssembly.Memory;

/** What a domain's worker is: two workers of equal plans are as good as each other. */
export interface WorkerPlan {
  /** Absolute URL of the module that it runs. */
  readonly module: string;
  /** All that it may touch of the host. */
  readonly permissions: HostPermissions;
  /** MiB of heap after which it dies, alone. Unlimited if left out: then the process dies with it. */
  readonly memoryLimitMb?: number;
}

/** One domain of a checked manifest, in a form that can be posted. */
export interface DomainPlan extends WorkerPlan {
  readonly name: string;
  readonly kind: DomainKind;
  readonly serves: Readonly<Record<string, SpokenProtocol>>;
  readonly uses: readonly string[];
  readonly manages: readonly string[];
  readonly keeps: Readonly<Record<string, number>>;
  readonly windows: Readonly<Record<string, number>>;
  readonly options: Readonly<Record<string, unknown>>;
  readonly restart: RestartPolicy;
  /** 0: it may compute for as long as it likes. */
  readonly hangMs: number;
  readonly poisonTries: number;
  readonly spare: boolean;
  readonly start: "boot" | "request";
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
  /** The number of the channel's memory. */
  readonly channel: number;
  readonly badge: number;
  /** The channel's number at the server's doorbell. */
  readonly index: number;
  readonly censusIndex: number;
  readonly memory: WebAssembly.Memory;
  /** A keep for the answers of this channel that must not be found out twice. */
  readonly answers: SharedArrayBuffer;
  /** Requests that every incarnation died of. */
  readonly poisoned: readonly number[];
  /** The operations that the client may ask for, by code; all if left out. */
  readonly operations?: readonly number[];
}

/** The client's end of a channel. */
export interface UsedGrant {
  readonly badge: number;
  readonly endpoint: string;
  readonly protocol: SpokenProtocol;
  /** The channel's number at the server's doorbell. */
  readonly index: number;
  readonly memory: WebAssembly.Memory;
  readonly bell: WebAssembly.Memory;
  readonly censusIndex: number;
}

/** A capability that the manifest gives a domain. */
export interface CapabilityGrant {
  readonly kind: "endpoint" | "segment" | "domain";
  /** The name of the endpoint, the window or the domain in the manifest. */
  readonly name: string;
  readonly handle: number;
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
  readonly capabilities: readonly CapabilityGrant[];
  readonly keeps: Readonly<Record<string, SharedArrayBuffer>>;
  /** The redo log of the domain's transactions. */
  readonly log: SharedArrayBuffer;
  readonly trace: SharedArrayBuffer;
  readonly windows: Readonly<Record<string, number>>;
  readonly segments: readonly SegmentGrant[];
  readonly faults: readonly ArmedFault[];
  /** Visits of each armed fault's point, over all incarnations: one word each. */
  readonly faultVisits: SharedArrayBuffer;
  /** To the kernel of this moment. */
  readonly control: MessagePort;
  /** To the machine: it stays while one kernel follows another. */
  readonly link: MessagePort;
  /** MiB of heap that the worker was made with, if it was limited. */
  readonly memoryLimitMb?: number;
}

/** Machine to a domain's worker: its life, and before that, if it is a spare, to rehearse one. */
export type WorkerMessage = { readonly type: "rehearse" } | BootMessage;

/** The same without what the machine adds. */
export type KernelsBootMessage = Omit<BootMessage, "link" | "memoryLimitMb">;

/** Kernel to domain. */
export type ControlMessage =
  | { readonly type: "open"; readonly served: ServedGrant }
  | { readonly type: "close"; readonly channel: number }
  | { readonly type: "used"; readonly used: UsedGrant }
  | { readonly type: "lost"; readonly handles: readonly number[] }
  | { readonly type: "segment"; readonly segment: SegmentGrant }
  | { readonly type: "drop-segment"; readonly id: number }
  | {
    /** All that the domain has by the tables of a kernel that has just taken over. */
    readonly type: "world";
    readonly served: readonly ServedGrant[];
    readonly segments: readonly SegmentGrant[];
  }
  | { readonly type: "answer"; readonly number: number; readonly answer: KernelAnswer }
  | { readonly type: "halt" }
  | { readonly type: "fence" };

/** Domain to kernel. */
export type DomainMessage =
  | {
    /** To a kernel that has just taken over: tell me what I have. */
    readonly type: "hello";
  }
  | { readonly type: "ready" }
  | { readonly type: "halted" }
  | { readonly type: "failed"; readonly code: Errno; readonly what: string }
  | { readonly type: "terminate-here"; readonly point: string }
  | { readonly type: "call"; readonly number: number; readonly call: unknown };

/** Machine to domain. */
export type LinkMessage = { readonly type: "control"; readonly port: MessagePort };

/** Domain to machine: what the program that booted the system is told. */
export type DomainNews =
  | { readonly type: "report"; readonly value: unknown }
  | { readonly type: "finish"; readonly value: unknown };

/** Kernel to machine. */
export type Order =
  | { readonly type: "hold"; readonly number: number; readonly memory: HeldMemory }
  | { readonly type: "release"; readonly number: number }
  | { readonly type: "prepare"; readonly name: string; readonly plan: WorkerPlan }
  | {
    readonly type: "start";
    readonly name: string;
    readonly epoch: number;
    readonly plan: WorkerPlan;
    readonly boot: KernelsBootMessage;
  }
  | { readonly type: "terminate"; readonly name: string; readonly epoch: number }
  | {
    readonly type: "answer";
    readonly call: number;
    readonly value?: unknown;
    readonly code?: Errno;
    readonly what?: string;
  }
  | {
    readonly type: "event";
    readonly event: SystemEvent;
    /** Microseconds since 1970. */
    readonly atUs: number;
  }
  | { readonly type: "stopped"; readonly why: string };

/** Machine to kernel. A call that a dead kernel left unanswered is told to its successor again. */
export type MachineMessage =
  | { readonly type: "boot"; readonly call: number }
  | { readonly type: "connect"; readonly call: number; readonly endpoint: string }
  | { readonly type: "window"; readonly call: number; readonly byteLength: number }
  | { readonly type: "restart"; readonly call: number; readonly name: string }
  | {
    readonly type: "upgrade";
    readonly call: number;
    readonly name: string;
    readonly module: string;
  }
  | { readonly type: "start"; readonly call: number; readonly name: string }
  | { readonly type: "status"; readonly call: number }
  | { readonly type: "halt"; readonly call: number }
  | {
    readonly type: "died";
    readonly name: string;
    readonly epoch: number;
    readonly death: Death;
  }
  | { readonly type: "finished"; readonly name: string; readonly epoch: number };

/** The machine's port to a domain that lives while one kernel follows another. */
export interface LivingPort {
  readonly name: string;
  readonly epoch: number;
  readonly port: MessagePort;
}

/** Everything that an incarnation of the kernel is given. */
export interface KernelBoot {
  readonly epoch: number;
  /** Its own boot memory: the machine is to it what it is to the domains. */
  readonly boot: SharedArrayBuffer;
  /** Its keep: the tables, and the redo log of their transactions. */
  readonly tables: SharedArrayBuffer;
  readonly log: SharedArrayBuffer;
  /** The checked manifest; callees come first. */
  readonly plans: readonly DomainPlan[];
  readonly faults: readonly PointFault[];
  readonly faultVisits: SharedArrayBuffer;
  readonly cores: number;
  readonly bell: WebAssembly.Memory;
  readonly machineBell: WebAssembly.Memory;
  readonly census: SharedArrayBuffer;
  readonly machine: MessagePort;
  /** What the machine holds for it. */
  readonly held: ReadonlyMap<number, HeldMemory>;
  /** The domains that live, for a successor. */
  readonly living: readonly LivingPort[];
}

/** How an incarnation ended. */
export interface Death {
  /** What is known of the reason. */
  readonly why: string;
  /** Whether its worker is known to be gone. */
  readonly gone?: boolean;
  /** Whether somebody outside ended it: then a start that it cut short has not failed. */
  readonly ordered?: boolean;
}

/** What happened in a system. */
export type SystemEvent =
  | {
    /** A domain serves, or an app has entered. */
    readonly type: "ready";
    readonly domain: string;
    readonly epoch: number;
    readonly tookMs: number;
  }
  | { readonly type: "died"; readonly domain: string; readonly epoch: number; readonly why: string }
  | {
    /** A dead incarnation can do nothing that counts any more; its successor may start. */
    readonly type: "fenced";
    readonly domain: string;
    readonly epoch: number;
    readonly gone: boolean;
    readonly tookMs: number;
  }
  | {
    /** A domain will not live again: its callers get `EHOSTDOWN`. */
    readonly type: "gave-up";
    readonly domain: string;
    readonly epoch: number;
    readonly why: string;
  }
  | {
    /** A request is answered with `ENOTRECOVERABLE`: every incarnation that took it died. */
    readonly type: "poisoned";
    readonly domain: string;
    readonly endpoint: string;
    readonly operation: number;
    readonly badge: number;
    readonly sequence: number;
    readonly tries: number;
    readonly why: string;
  }
  | {
    /** A new module did not start; the domain goes on with the one before. */
    readonly type: "rolled-back";
    readonly domain: string;
    readonly epoch: number;
    readonly why: string;
  }
  | {
    /** The kernel died, and a successor goes on with its tables. */
    readonly type: "kernel-died";
    readonly epoch: number;
    readonly why: string;
  }
  | {
    /** The system has halted by itself, in order: a domain that must not be missing was given up. */
    readonly type: "stopped";
    readonly why: string;
  }
  | { readonly type: "report"; readonly domain: string; readonly value: unknown }
  | { readonly type: "finished"; readonly domain: string; readonly value: unknown };
