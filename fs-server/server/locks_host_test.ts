import { randomOf } from "../ext4/test_random.ts";
import { assertEquals } from "@std/assert";
import { LOCK, OPEN } from "../protocol.ts";
import { canAskHost, runPython } from "./posix/test_on_host.ts";
import { Rig } from "./test_rig.ts";

/** A process of three, what it does, and a kind of lock, where it begins and how long it is. */
type Step = [process: number, what: string, kind: number, offset: number, byteLength: number];

function stepsOf(random: (bound: number) => number): Step[] {
  return Array.from({ length: 2000 }, () => {
    const process = random(3);
    const place = [random(40), random(3) === 0 ? 0 : 1 + random(15)] as const;
    if (random(60) === 0) return [process, "close", 0, 0, 0];
    if (random(4) === 0) return [process, "test", 1 + random(2), ...place];
    return [process, "set", random(3), ...place];
  });
}

/** The same by three clients of a rig whose server dies now and then. */
function answersOfRig(steps: readonly Step[], random: (bound: number) => number): string[] {
  const rig = new Rig({ openFiles: 1024 });
  const open = () => rig.open("/f", OPEN.readWrite | OPEN.create) as number;
  const handles = [0, 1, 2].map((client) => {
    rig.badge = client + 1;
    return open();
  });
  return steps.map(([client, what, kind, offset, byteLength]) => {
    if (random(100) === 0) rig.succeed();
    rig.badge = client + 1;
    if (what === "close") return String(rig.answer("close", { handle: open() }));
    const lock = { handle: handles[client]!, owner: 0, kind, offset, byteLength };
    if (what === "set") return String(rig.answer("lock", { ...lock, wait: false }));
    const found = rig.request("testLock", lock) as { kind: number };
    return found.kind === LOCK.none ? "none" : "held";
  });
}

for (const seed of [1, 2, 3]) {
  Deno.test({
    name: `three clients lock ranges as three processes of the host do, seed ${seed}`,
    ignore: !canAskHost(),
    async fn() {
      const random = randomOf(seed);
      const steps = stepsOf(random);
      const answers = answersOfRig(steps, random);
      const expected = await runPython("host_locks.py", steps) as string[];
      const first = answers.findIndex((answer, index) => answer !== expected[index]);
      assertEquals(answers[first], expected[first], `step ${first}: ${steps[first]}`);
    },
  });
}
