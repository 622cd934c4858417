/**
 * What a machine is called beside its figures.
 *
 * @module
 */

/**
 * A machine and its engine.
 *
 * @param name What its owner calls it. A process that may read no more of the host than its own
 *   source knows cores and architecture alone.
 */
export function machineName(name?: string): string {
  const { arch, os } = Deno.build;
  const { deno, v8 } = Deno.version;
  const cores = `${navigator.hardwareConcurrency} cores, ${arch}, ${os}`;
  return `${name === undefined ? cores : `${name} (${cores})`}, Deno ${deno}, V8 ${v8}`;
}
