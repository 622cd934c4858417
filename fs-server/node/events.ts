/**
 * Events as `node:events` has them, as far as streams and watchers need it.
 *
 * @module
 */

/** What is called when something happens. */
// deno-lint-ignore no-explicit-any
export type Listener = (...values: any[]) => void;

/** Something that tells of what happens to it. */
export interface Emitter {
  /** Calls a listener whenever it happens. */
  on(event: string, listener: Listener): this;
  /** The same as {@linkcode Emitter.on}. */
  addListener(event: string, listener: Listener): this;
  /** Calls a listener the next time it happens. */
  once(event: string, listener: Listener): this;
  /** Does not call a listener any more. */
  off(event: string, listener: Listener): this;
  /** The same as {@linkcode Emitter.off}. */
  removeListener(event: string, listener: Listener): this;
  /** Calls no listener any more. */
  removeAllListeners(event?: string): this;
  /** How many listeners there are. */
  listenerCount(event: string): number;
  /** Calls all listeners; answers whether there was one. An `"error"` without one is thrown. */
  emit(event: string, ...values: unknown[]): boolean;
}

/** A listener, and what is called instead of it. */
interface Entry {
  readonly listener: Listener;
  readonly call: Listener;
}

const tables = new WeakMap<object, Map<string, Entry[]>>();

function entriesOf(self: object, event: string): Entry[] {
  let table = tables.get(self);
  if (table === undefined) tables.set(self, table = new Map());
  let entries = table.get(event);
  if (entries === undefined) table.set(event, entries = []);
  return entries;
}

const methods: Emitter & ThisType<Emitter> = {
  on(event, listener) {
    entriesOf(this, event).push({ listener, call: listener });
    return this;
  },
  addListener(event, listener) {
    return this.on(event, listener);
  },
  once(event, listener) {
    const call: Listener = (...values) => {
      this.off(event, listener);
      listener.apply(this, values);
    };
    entriesOf(this, event).push({ listener, call });
    return this;
  },
  off(event, listener) {
    const entries = entriesOf(this, event);
    const index = entries.findLastIndex((entry) => entry.listener === listener);
    if (index >= 0) entries.splice(index, 1);
    return this;
  },
  removeListener(event, listener) {
    return this.off(event, listener);
  },
  removeAllListeners(event) {
    if (event === undefined) tables.delete(this);
    else entriesOf(this, event).length = 0;
    return this;
  },
  listenerCount(event) {
    return entriesOf(this, event).length;
  },
  emit(event, ...values) {
    const entries = [...entriesOf(this, event)];
    if (entries.length === 0 && event === "error") throw values[0];
    for (const { call } of entries) call.apply(this, values);
    return entries.length > 0;
  },
};

/** Gives a class the methods of {@linkcode Emitter}. */
export function emitEvents(prototype: object): void {
  for (const [name, value] of Object.entries(methods)) {
    Object.defineProperty(prototype, name, { value, writable: true, configurable: true });
  }
}
