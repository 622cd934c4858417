// Generated from ipc/layouts by `deno task build`. Do not edit.
export const SLOT_COUNT: u32 = 64;
export const SLOTS_AT: u32 = 1024;
export const SLOT_BYTES: u32 = 1024;
export const CLIENT_BELL_AT: u32 = 0;
export const CLIENT_SLEEPERS_AT: u32 = 4;
export const BELL_AT: u32 = 0;
export const SLEEPERS_AT: u32 = 4;
export const FREE: u32 = 0;
export const POSTED: u32 = 1;
export const TAKEN: u32 = 2;
export const DONE: u32 = 3;
