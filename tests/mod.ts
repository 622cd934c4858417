/**
 * Systems that tests boot.
 *
 * @module
 */

export { counterSystem } from "./counter_system.ts";
