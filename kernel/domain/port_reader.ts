/**
 * Reads a domain's ports in place, as `take_message.ts` does for the kernel and the machine.
 *
 * What reads them is part of Node's layer, which costs a worker 5 ms and 1.9 MB. A domain that is told
 * nothing after its start never needs it, so it is loaded with the first message.
 *
 * @module
 */

type WorkerThreads = typeof import("node:worker_threads");

/** Node's other way to its modules, the only one that does not wait: 15 ms and 3.6 MB. */
interface Loader {
  readonly process: { getBuiltinModule(name: "node:worker_threads"): WorkerThreads };
}

let threads: WorkerThreads | undefined;

/** Whether a port can be read at no cost. */
export function isReaderLoaded(): boolean {
  return threads !== undefined;
}

/** Loads what reads ports. */
export async function loadReader(): Promise<void> {
  threads ??= await import("node:worker_threads");
}

/** The next message of a port that has no handler, or `undefined`. */
export function readPort(port: MessagePort): unknown {
  threads ??= (globalThis as unknown as Loader).process.getBuiltinModule("node:worker_threads");
  return threads.receiveMessageOnPort(port as unknown as NodePort)?.message;
}

/** The same port, by the name that Node has for it. */
type NodePort = Parameters<WorkerThreads["receiveMessageOnPort"]>[0];
