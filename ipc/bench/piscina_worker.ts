/**
 * The task of `piscina.ts`.
 *
 * @module
 */

/** Adds; piscina calls the default export of a task's module. */
export default function add({ a, b }: { readonly a: number; readonly b: number }): number {
  return a + b;
}
