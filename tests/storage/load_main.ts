/**
 * The client of a volume that a measurement drives: transfers of one size, some at a time.
 *
 * @module
 */

import { assert, type Client } from "@hako/ipc";
import { enter } from "@hako/kernel/domain";
import { Volume } from "@hako/storage-server";
import { type AccessOrder, offsets } from "./access.ts";
import { Load } from "./load_protocol.ts";

const domain = await enter();
const volume: Client<Volume> = domain.connect(Volume, "volume");
const { byteLength: volumeBytes } = volume.callSync("stat", {});
const window = domain.window("data");

interface Run {
  readonly count: number;
  readonly way: "read" | "write";
  readonly order: AccessOrder;
  readonly byteLength: number;
  readonly depth: number;
}

domain.serve(Load, { run: (request) => run(request) });

function run({ count, way, order, byteLength, depth }: Run): number {
  const views = Array.from(
    { length: depth },
    (_, at) => window.subarray(at * byteLength, (at + 1) * byteLength),
  );
  const next = offsets(order, volumeBytes, byteLength);
  const tickets: number[] = [];
  for (let posted = 0, ended = 0; ended < count;) {
    while (posted < count && posted - ended < depth) {
      const view = views[posted % depth]!;
      const offset = next();
      tickets[posted % depth] = way === "read"
        ? volume.post("read", { offset, target: view })
        : volume.post("write", { offset, flags: 0, source: view });
      posted++;
    }
    const before = ended;
    for (; ended < posted; ended++) {
      const result = volume.collect(tickets[ended % depth]!);
      if (result === undefined) break;
      assert(result === byteLength, "every transfer moves all of its bytes");
    }
    if (ended === before) volume.awaitAny();
  }
  return count;
}
