import { randomOf } from "../ext4/test_random.ts";
import { assert, assertEquals } from "@std/assert";
import { CASES } from "./posix/cases.ts";
import { NAMING_CASES } from "./posix/cases/naming.ts";
import { OPENING_CASES } from "./posix/cases/opening.ts";
import { answersOfHost, canAskHost } from "./posix/test_on_host.ts";
import { StepRunner } from "./posix/test_on_rig.ts";
import { type Step, stepsOf } from "./posix/steps.ts";
import { hasTool } from "../ext4/test_images.ts";
import { Rig, type RigOptions } from "./test_rig.ts";

/** Steps with answers, as the table has them: a difference is read at once. */
function written(steps: readonly Step[], answers: readonly string[]): string {
  return steps.map(({ words }, index) => `${words.join(" ")} = ${answers[index] || "%e"}`).join(
    "\n",
  );
}

function expected(steps: readonly Step[]): string {
  return written(steps, steps.map((step) => step.expected));
}

for (const [name, text] of Object.entries(CASES)) {
  Deno.test(`POSIX: ${name}`, () => {
    const steps = stepsOf(text);
    const rig = new Rig({ type: "ext4", openFiles: 1024 });
    const runner = new StepRunner(rig);
    const answers = steps.map(({ words }) => runner.run(words));
    assertEquals(written(steps, answers), expected(steps));
    if (!hasTool("e2fsck")) return;
    rig.fs.halt();
    const { code, output } = rig.fsck();
    assertEquals(code, 0, output);
  });
}

Deno.test("POSIX: names and paths are the same on every kind of file system", () => {
  const shapes: RigOptions[] = [
    { type: "ext2", blockBytes: 1024, inodeBytes: 128 },
    { type: "ext3", blockBytes: 2048 },
    { type: "ext4", blockBytes: 1024, logBytes: 0 },
  ];
  for (const shape of shapes) {
    for (const [name, text] of Object.entries({ ...OPENING_CASES, ...NAMING_CASES })) {
      // A link is at most as long as a block.
      if (name === "symbolic links") continue;
      const steps = stepsOf(text);
      const rig = new Rig({ ...shape, openFiles: 1024 });
      const runner = new StepRunner(rig);
      const answers = steps.map(({ words }) => runner.run(words));
      assertEquals(written(steps, answers), expected(steps), `${name} ${JSON.stringify(shape)}`);
      rig.fs.halt();
      if (hasTool("e2fsck")) assertEquals(rig.fsck().code, 0, name);
    }
  }
});

Deno.test("POSIX: every case is answered alike while the server dies again and again", () => {
  let deaths = 0;
  for (const [name, text] of Object.entries(CASES)) {
    const steps = stepsOf(text);
    for (let seed = 1; seed <= 3; seed++) {
      const random = randomOf(seed);
      const rig = new Rig({ type: "ext4", openFiles: 1024 });
      rig.onPoint = (point) => {
        if (random(10) > 0) return;
        deaths++;
        rig.die(point);
      };
      const runner = new StepRunner(rig);
      const answers = steps.map(({ words }) => runner.run(words));
      rig.onPoint = () => {};
      assertEquals(written(steps, answers), expected(steps), `${name}, seed ${seed}`);
      rig.fs.halt();
      if (hasTool("e2fsck")) assertEquals(rig.fsck().code, 0, `${name}, seed ${seed}`);
    }
  }
  assert(deaths > 500, `${deaths} deaths`);
});

Deno.test({
  name: "POSIX: the host answers every case as the table says",
  ignore: !canAskHost(),
  async fn() {
    const cases = Object.values(CASES).map(stepsOf);
    const all = await answersOfHost(cases);
    cases.forEach((steps, index) => {
      assertEquals(written(steps, all[index] ?? []), expected(steps));
    });
  },
});
