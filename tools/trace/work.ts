/**
 * Whether the apps of a system have done their work.
 *
 * @module
 */

import type { SystemManifest, SystemStatus } from "@hako/kernel";

/**
 * Whether every app that starts with the system has finished or was given up. A system without such
 * apps is never done.
 */
export function isWorkDone({ domains }: SystemManifest, status: SystemStatus): boolean {
  const apps = Object.entries(domains)
    .filter(([, { kind, start }]) => kind === "app" && start !== "request");
  const isOver = ([name]: typeof apps[number]) => {
    const state = status.domains[name]?.state;
    return state === "finished" || state === "gave-up";
  };
  return apps.length > 0 && apps.every(isOver);
}
