/**
 * Whether what clients saw of one sector can have happened in some order: linearizability of a
 * register each of whose writes has a value of its own (Gibbons and Korach, 1997, section 4).
 *
 * @module
 */

/** One access to a register, from its request to its answer. */
export interface Access {
  /** What was written or read; 0 is what the register holds at first. */
  readonly value: number;
  /** Whether it wrote. */
  readonly isWrite: boolean;
  /** When it was asked for. */
  readonly start: number;
  /** When it was answered. It is concurrent with what starts before or at that time. */
  readonly end: number;
}

/** All accesses of one value: they follow each other, with none of another value in between. */
interface Cluster {
  readonly value: number;
  hasWrite: boolean;
  writeStart: number;
  endMin: number;
  startMax: number;
}

/**
 * Judges a history.
 *
 * @returns `undefined` if there is an order that explains it, else what there is none for.
 */
export function judgeRegister(history: readonly Access[]): string | undefined {
  const clusters = new Map<number, Cluster>();
  const past = { value: 0, isWrite: true, start: -2, end: -1 };
  for (const { value, isWrite, start, end } of [past, ...history]) {
    const fresh = { value, hasWrite: false, writeStart: 0, endMin: Infinity, startMax: -Infinity };
    const cluster = clusters.get(value) ?? fresh;
    if (isWrite) cluster.writeStart = start;
    cluster.hasWrite ||= isWrite;
    cluster.endMin = Math.min(cluster.endMin, end);
    cluster.startMax = Math.max(cluster.startMax, start);
    clusters.set(value, cluster);
  }
  const all = [...clusters.values()];
  for (const one of all) {
    if (!one.hasWrite) return `${one.value} was read and never written`;
    if (one.endMin < one.writeStart) return `${one.value} was read before it was written`;
    for (const other of all) {
      if (one.value < other.value && mustPrecede(one, other) && mustPrecede(other, one)) {
        return `${one.value} came back after ${other.value}, or the other way round`;
      }
    }
  }
  return undefined;
}

/** Whether some access of one value ended before some access of the other began. */
function mustPrecede(one: Cluster, other: Cluster): boolean {
  return one.endMin < other.startMax;
}
