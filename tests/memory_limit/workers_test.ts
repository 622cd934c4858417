import { assertEquals } from "@std/assert";
import { Workers } from "../../kernel/machine/workers.ts";
import type { WorkerPlan } from "../../kernel/messages.ts";
import type { BootMessage } from "../../kernel/messages.ts";
import { LIMIT_MB, WHY } from "./hoarding_system.ts";

const ECHO = import.meta.resolve("./domains/echo.ts");

/** Workers that tell of their errors, and what a start of one of them came to. */
class Stage implements Disposable {
  readonly errors: Promise<readonly [name: string, epoch: number, why: string]>;
  readonly #workers: Workers;
  readonly #ports: MessagePort[] = [];

  constructor() {
    const { promise, resolve } = Promise.withResolvers<readonly [string, number, string]>();
    this.errors = promise;
    this.#workers = new Workers((name, epoch, why) => resolve([name, epoch, why]));
  }

  prepare(plan: WorkerPlan): void {
    this.#workers.prepare("domain", plan);
  }

  /** Starts a worker; its answer, or false if the order was refused. */
  start(epoch: number, plan: WorkerPlan, name = "domain"): Promise<unknown> | false {
    const { port1, port2 } = new MessageChannel();
    this.#ports.push(port1, port2);
    const boot = { epoch, control: port2 } as unknown as BootMessage;
    if (!this.#workers.start(name, epoch, plan, boot, [port2])) return false;
    return new Promise((resolve) => port1.onmessage = ({ data }) => resolve(data));
  }

  [Symbol.dispose](): void {
    this.#workers.terminateAll();
    for (const port of this.#ports) port.close();
  }
}

function plan(module: string, memoryLimitMb?: number): WorkerPlan {
  const unlimited = { module, permissions: {} };
  return memoryLimitMb === undefined ? unlimited : { ...unlimited, memoryLimitMb };
}

Deno.test("start() gives a life once, and no older one after it", async () => {
  using stage = new Stage();
  const echo = plan(ECHO);

  const lives = [3, 3, 2, 4].map((epoch) => stage.start(epoch, echo));

  assertEquals(lives.map((life) => life !== false), [true, false, false, true]);
  const answer = { memoryLimitMb: undefined, query: "" };
  assertEquals(await lives[0], { epoch: 3, ...answer });
  assertEquals(await lives[3], { epoch: 4, ...answer });
});

Deno.test("a spare of another module or limit is replaced before it gets a life", async () => {
  using stage = new Stage();

  stage.prepare(plan(`${ECHO}?old`));
  stage.prepare(plan(`${ECHO}?new`));
  const prepared = await stage.start(1, plan(`${ECHO}?new`));
  stage.prepare(plan(`${ECHO}?new`));
  const other = await stage.start(2, plan(`${ECHO}?newer`, LIMIT_MB));

  assertEquals(prepared, { epoch: 1, memoryLimitMb: undefined, query: "?new" });
  assertEquals(other, { epoch: 2, memoryLimitMb: LIMIT_MB, query: "?newer" });
});

for (
  const [what, module, why] of [
    ["cannot be found", "./domains/no_such_module.ts", undefined],
    ["fills its heap", "./domains/full_at_once.ts", WHY],
  ] as const
) {
  Deno.test(`a spare whose module ${what} is no successor: the start tells of the error`, async () => {
    using stage = new Stage();
    const broken = plan(import.meta.resolve(module), LIMIT_MB);
    stage.prepare(broken);
    await stage.start(1, plan(ECHO), "another"); // By now the spare has usually failed.

    stage.start(1, broken);

    const [name, epoch, told] = await stage.errors;
    assertEquals([name, epoch], ["domain", 1]);
    assertEquals(told, why ?? told);
  });
}
