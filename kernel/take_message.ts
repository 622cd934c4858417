/**
 * Reads a port in place: for threads that sleep in their serving loop, or in a call, and have no event
 * loop then.
 *
 * @module
 */

/** What of Node's module is used. */
interface WorkerThreads {
  receiveMessageOnPort(port: MessagePort): { readonly message: unknown } | undefined;
}

let threads: WorkerThreads | undefined;

/**
 * The next message of a port that has no handler, or `undefined`.
 *
 * Node's layer is loaded when the first message is to be read, not before: it costs a worker 5 ms and
 * 1.7 MB, and a domain that is told nothing after its start never needs it.
 */
export function takeMessage(port: MessagePort): unknown {
  threads ??= (globalThis as unknown as {
    readonly process: { getBuiltinModule(name: string): WorkerThreads };
  }).process.getBuiltinModule("node:worker_threads");
  return threads.receiveMessageOnPort(port)?.message;
}
