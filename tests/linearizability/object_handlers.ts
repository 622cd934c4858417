/**
 * The handlers of the objects: each request by its name to the store.
 *
 * @module
 */

import { ERRNO, type OperationsOf, type SyncHandlers } from "@hako/ipc";
import type { OperationKind } from "./history.ts";
import type { RequestName, StoreRequest } from "./object_store.ts";
import { OBJECT_COUNTS, type Objects } from "./objects_protocol.ts";

/** What a request says, by its fields. */
interface Fields {
  readonly object: number;
  readonly argument?: number;
  readonly expected?: number;
}

/** Does a request. */
export type Answerer = (request: StoreRequest, name: RequestName) => number;

/** The handlers that ask `store` for every answer. */
export function handlersOn(store: Answerer): SyncHandlers<OperationsOf<Objects>> {
  const answer = (kind: OperationKind, fields: Fields, name: RequestName): number => {
    const { object, argument = 0, expected = 0 } = fields;
    if (object >= OBJECT_COUNTS[SORTS[kind]]) return -ERRNO.EINVAL;
    return store({ kind, object, argument, expected }, name);
  };
  return {
    enqueue: (fields, name) => answer("enqueue", fields, name),
    dequeue: (fields, name) => answer("dequeue", fields, name),
    read(fields, name) {
      const value = answer("read", fields, name);
      return value < 0 ? value : { value, stamp: fields.stamp };
    },
    write: (fields, name) => answer("write", fields, name),
    swap: (fields, name) => answer("swap", fields, name),
    add: (fields, name) => answer("add", fields, name),
  };
}

/** The sort of object on which each operation is done. */
export const SORTS: Readonly<Record<OperationKind, keyof typeof OBJECT_COUNTS>> = {
  enqueue: "queue",
  dequeue: "queue",
  read: "register",
  write: "register",
  swap: "register",
  add: "counter",
};
