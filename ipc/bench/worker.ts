/**
 * Both ends of starting a worker of a benchmark.
 *
 * @module
 */

/**
 * A worker that has taken its message and says that it serves.
 *
 * @param module The worker's module; it answers its first message with anything once it is ready.
 */
export function startWorker(module: URL, message: unknown): Promise<Worker> {
  const worker = new Worker(module, { type: "module" });
  const ready = Promise.withResolvers<Worker>();
  worker.onmessage = () => ready.resolve(worker);
  worker.onerror = ({ message: reason }) => ready.reject(new Error(reason));
  worker.postMessage(message);
  return ready.promise;
}

/** What a worker sees of whoever started it. */
export const starter = globalThis as unknown as {
  /** Sends it a message. */
  postMessage(message: unknown, transfer?: readonly Transferable[]): void;
  /** Takes its messages. */
  onmessage: ((event: MessageEvent) => void) | null;
};

/** In the worker: says that it serves, then serves what its first message describes. */
export function serveWith<T>(serve: (setup: T) => void): void {
  starter.onmessage = ({ data }: MessageEvent<T>) => {
    starter.postMessage("ready");
    serve(data);
  };
}

/** Shared memory as words. */
export function sharedWords(count: number): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(count * Int32Array.BYTES_PER_ELEMENT));
}
