import type { Domain } from "./domain.ts";
export function enter(): Promise<Domain> {
  throw new Error("under construction");
}
