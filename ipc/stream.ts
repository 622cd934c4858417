/**
 * Many requests under way, answered in the order in which they were made.
 *
 * @module
 */

/** How a stream makes its calls. */
export interface StreamCalls<Q, A> {
  /** Makes one call. */
  call(request: Q): Promise<A>;
  /** Whether another call may be made while `count` are under way. */
  hasRoom(count: number): boolean;
  /** Gives up all calls under way. */
  leave(): void;
}

/** Answers in the order of the requests, and asks for the next request only when there is room. */
export async function* inOrder<Q, A>(
  requests: Iterable<Q> | AsyncIterable<Q>,
  { call, hasRoom, leave }: StreamCalls<Q, A>,
): AsyncGenerator<A, void, void> {
  const source = iterate(requests);
  const answers: Promise<A>[] = [];
  let next: Promise<IteratorResult<Q>> | undefined;
  let hasMore = true;
  try {
    while (hasMore || answers.length > 0) {
      if (hasMore && (answers.length === 0 || hasRoom(answers.length))) {
        next ??= Promise.resolve(source.next());
        const result = await Promise.race([next, ...answers.slice(0, 1).map(settled)]);
        if (result !== undefined) {
          next = undefined;
          if (result.done) hasMore = false;
          else answers.push(guarded(call(result.value)));
          continue;
        }
      }
      yield await answers.shift()!;
    }
  } finally {
    leave();
    if (hasMore) await source.return?.();
  }
}

function iterate<Q>(requests: Iterable<Q> | AsyncIterable<Q>): AsyncIterator<Q> | Iterator<Q> {
  return Symbol.asyncIterator in requests
    ? requests[Symbol.asyncIterator]()
    : requests[Symbol.iterator]();
}

/** Resolves with nothing when the answer is there, good or bad. */
function settled(answer: Promise<unknown>): Promise<undefined> {
  return answer.then(() => undefined, () => undefined);
}

/** A failed call is told when its turn comes, not as unhandled before. */
function guarded<A>(answer: Promise<A>): Promise<A> {
  answer.catch(() => {});
  return answer;
}
