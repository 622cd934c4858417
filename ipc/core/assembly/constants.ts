// Generated from ipc/layouts by `deno task build`. Do not edit.
export const SLOT_COUNT: u32 = 64;
export const SLOTS_AT: u32 = 1024;
export const SLOT_BYTES: u32 = 128;
export const BELL_AT: u32 = 0;
export const USES_READY_AT: u32 = 64;
export const READY_AT: u32 = 128;
export const ASLEEP: u32 = 1;
export const AGAIN: u32 = 16;
export const PHASE_MASK: u32 = 7;
export const FREE: u32 = 0;
export const POSTED: u32 = 1;
export const TAKEN: u32 = 2;
export const DONE: u32 = 3;
export const CANCELLED: u32 = 4;
