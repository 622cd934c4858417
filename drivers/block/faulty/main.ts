/**
 * The driver domain of a disk that fails as it is told: it stands on another disk's endpoint and
 * spoils what it passes on. It touches nothing of the host.
 *
 * Options: `device`, the endpoint below; `seed`; `faults`, the rules of `fault_plan.ts`. Its keep
 * `plan` makes a plan go on where a life has ended; its window `scratch` is for torn writes. Whenever
 * a rule has had its way it reports `{ diskFaults: [...] }`: how often each rule has, in their order.
 *
 * @module
 */

import { enter } from "@hako/kernel/domain";
import { checkedOptions } from "../checked_options.ts";
import { Block } from "../protocol.ts";
import { DiskFaultPlan, PLAN_WORDS } from "./fault_plan.ts";
import { FaultyDisk } from "./faulty_disk.ts";
import { readFaultyOptions } from "./options.ts";

const domain = await enter();
const { device, seed, faults } = checkedOptions(domain, readFaultyOptions);
const scratch = domain.window("scratch");
const state = new Int32Array(domain.keep("plan").buffer, 0, PLAN_WORDS);
const below = domain.connect(Block, device);
const stat = await below.call("stat", {});

const plan = new DiskFaultPlan(faults, { seed, blockCount: stat.blockCount, state });
let told = 0;

/** Tells how often each rule has had its way, if one has since that was told. */
function tell(): void {
  const diskFaults = plan.counts;
  const sum = diskFaults.reduce((all, count) => all + count, 0);
  if (sum === told) return;
  told = sum;
  domain.report({ diskFaults });
}

const disk = new FaultyDisk({
  disk: {
    read: (request) => below.call("read", request),
    write: (request) => below.call("write", request),
    flush: () => below.call("flush", {}),
    zero: (request) => below.call("zero", request),
    discard: (request) => below.call("discard", request),
  },
  stat,
  plan: {
    next(operation, first, count) {
      const fate = plan.next(operation, first, count);
      if (fate !== undefined) tell();
      return fate;
    },
  },
  scratch,
  delay: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
});

domain.serve(Block, {
  stat: () => disk.stat(),
  read: (request, context) => disk.read(request, context),
  write: (request, context) => disk.write(request, context),
  flush: (request, context) => disk.flush(request, context),
  zero: (request, context) => disk.zero(request, context),
  discard: (request, context) => disk.discard(request, context),
});
