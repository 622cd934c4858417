import { assertEquals } from "@std/assert";
import { OsError } from "@hako/ipc";
import { defineSystem, type System, type SystemEvent, type SystemStatus } from "@hako/kernel";
import { Block } from "@hako/drivers/block";
import { Volume } from "@hako/storage-server";
import { armSystem } from "./fault_arming.ts";
import { FaultInjection } from "./fault_injection.ts";
import { parseFault } from "./fault_text.ts";

const MANIFEST = defineSystem({
  base: import.meta.url,
  domains: {
    fs: { kind: "server", module: "./fs.ts", serves: { volume: Volume } },
    storage: { kind: "server", module: "./storage.ts", serves: { other: Volume } },
  },
});

/** A system that notes what is done to it, and of which the test says what happens. */
class NotedSystem {
  readonly notes: string[] = [];
  readonly absent: Set<string> = new Set();
  #noted = Promise.withResolvers<void>();

  terminate(name: string): void {
    if (this.absent.has(name)) throw new OsError("ENOENT", `terminate ${name}`);
    this.#note(`terminate ${name}`);
  }

  restart(name: string): Promise<void> {
    this.#note(`restart ${name}`);
    return Promise.resolve();
  }

  inject(fault: number): void {
    this.#note(`inject ${fault}`);
  }

  status(): Promise<SystemStatus> {
    return Promise.resolve({ domains: {}, kernelEpoch: 2, slotsInUse: 0, zombies: 0 });
  }

  /** Resolves when so much has been noted. */
  async until(count: number): Promise<void> {
    while (this.notes.length < count) await this.#noted.promise;
  }

  #note(note: string): void {
    this.notes.push(note);
    this.#noted.resolve();
    this.#noted = Promise.withResolvers<void>();
  }
}

function begin(...texts: readonly string[]) {
  const specs = texts.map(parseFault);
  const strikes: string[] = [];
  const armed = armSystem(MANIFEST, specs, 7);
  const injection = new FaultInjection(specs, armed, 7, (domain, kind) => {
    strikes.push(`${domain} ${kind}`);
  });
  const system = new NotedSystem();
  injection.begin(system as unknown as System);
  let epoch = 0;
  const dies = (domain: string) => {
    epoch++;
    injection.hear({ type: "died", domain, epoch, why: "" });
  };
  const lives = (domain: string) => {
    injection.hear({ type: "ready", domain, epoch: epoch + 1, tookMs: 1 } as SystemEvent);
  };
  return { injection, system, strikes, dies, lives };
}

function statusWith(deaths: Readonly<Record<string, number>>, kernelEpoch = 1): SystemStatus {
  const domains = Object.fromEntries(
    Object.entries(deaths).map(([name, count]) => [name, {
      ...{ kind: "server", epoch: count + 1, state: "ready", why: "", inFlight: 0, answered: 0 },
      deaths: count,
    }]),
  ) as SystemStatus["domains"];
  return { domains, kernelEpoch, slotsInUse: 0, zombies: 0 };
}

Deno.test("who is being replaced is struck again only when it lives again", async () => {
  const { injection, system, strikes, dies, lives } = begin("fs:kill@every=10ms,times=3");
  for (let count = 1; count <= 3; count++) {
    await system.until(count);
    // Whatever time passes here, nothing more happens: it is dead, or about to be.
    dies("fs");
    assertEquals(system.notes.length, count);
    lives("fs");
  }
  await injection.settled();
  assertEquals(strikes, ["fs terminate", "fs terminate", "fs terminate"]);
  assertEquals(injection.left, 0);
});

Deno.test("a plan has been carried out when the last death has been seen", async () => {
  const { injection, system, dies } = begin("fs:throw@at=0s");
  await system.until(1);
  assertEquals(system.notes, ["inject 0"]);
  let isSettled = false;
  const settled = injection.settled().then(() => isSettled = true);
  await Promise.resolve();
  assertEquals([isSettled, injection.left], [false, 0]);
  dies("fs");
  await settled;
});

Deno.test("a strike by share waits for the work", async () => {
  const { injection, system, dies, lives } = begin("storage:kill@times=2");
  injection.reach(0.001);
  assertEquals(system.notes, []);
  injection.reach(1);
  await system.until(1);
  dies("storage");
  lives("storage");
  await system.until(2);
  dies("storage");
  await injection.settled();
});

Deno.test("one that has no worker is struck when it has one", async () => {
  const { injection, system, lives, dies } = begin("fs:kill@at=0s", "storage:restart@at=10ms");
  system.absent.add("fs");
  // The first finds nobody; by the time of the second it has been tried.
  void injection.settled();
  await new Promise((resolve) => setTimeout(resolve, 0));
  assertEquals(system.notes, []);
  system.absent.delete("fs");
  lives("fs");
  await system.until(2);
  assertEquals(system.notes, ["terminate fs", "restart storage"]);
  dies("fs");
  dies("storage");
  await injection.settled();
});

Deno.test("a kernel that died is struck again when its successor answers", async () => {
  const { injection, system } = begin("kernel:kill@every=10ms,times=2");
  for (const epoch of [1, 2]) {
    await system.until(epoch);
    injection.hear({ type: "kernel-died", epoch, why: "terminated" });
  }
  await injection.settled();
  assertEquals(system.notes, ["terminate kernel", "terminate kernel"]);
});

Deno.test("an injection that has ended strikes no more, and nobody waits for it", async () => {
  const { injection, system } = begin("fs:kill@every=10s", "fs:kill@times=4");
  await injection.end();
  await injection.settled();
  injection.reach(1);
  assertEquals([system.notes, injection.left], [[], 4]);
});

Deno.test("a plan that was not carried out is a failed check, which says what is missing", async () => {
  const { injection, system, dies } = begin("fs:kill@at=0s", "storage:throw@point=a.b");
  await system.until(1);
  dies("fs");
  await injection.end();
  const [both] = injection.checks(statusWith({ fs: 1, storage: 1 }));
  assertEquals([both!.outcome, both!.detail], ["passed", "fs died 1 x, storage died 1 x"]);
  const [one] = injection.checks(statusWith({ fs: 1, storage: 0 }));
  const missing = "not seen: storage:throw@point=a.b; fs died 1 x";
  assertEquals([one!.outcome, one!.detail], ["failed", missing]);
  const [none] = injection.checks(statusWith({ fs: 0, storage: 1 }));
  assertEquals(none!.outcome, "failed");
});

Deno.test("what was not due before the end is told, and is no failure unless nothing was", async () => {
  const { injection, system, dies } = begin("fs:kill@at=0s", "storage:kill@at=10min");
  await system.until(1);
  dies("fs");
  await injection.end();
  const [both] = injection.checks(statusWith({ fs: 1, storage: 0 }));
  const detail = "fs died 1 x; not due before the end: storage:kill@at=10min";
  assertEquals([both!.outcome, both!.detail], ["passed", detail]);

  const late = begin("storage:kill@at=10min").injection;
  await late.end();
  assertEquals(late.checks(statusWith({ fs: 0, storage: 0 }))[0]!.outcome, "failed");
});

Deno.test("a disk's fault has happened when the disk tells of it, unless it goes by chance", async () => {
  const specs = ["disk:eio@write=5", "disk:rot@chance=0.5"].map(parseFault);
  const strikes: string[] = [];
  const domains = {
    disk: { kind: "driver", module: "./disk.ts", serves: { disk: Block } },
  } as const;
  const armed = armSystem(defineSystem({ base: import.meta.url, domains }), specs, 7);
  const injection = new FaultInjection(specs, armed, 7, (domain, kind) => {
    strikes.push(`${domain} ${kind}`);
  });
  injection.begin(new NotedSystem() as unknown as System);
  await injection.settled();
  await injection.end();
  assertEquals(injection.checks(statusWith({ disk: 0 }))[0]!.outcome, "failed");
  const tell = (domain: string, value: unknown) =>
    injection.hear({ type: "report", domain, value });
  tell("disk", { diskFaults: [1, 0] }); // Not from who makes it fail.
  for (const value of [undefined, 5, { type: "pulse" }]) tell("faulty-disk", value);
  assertEquals(injection.checks(statusWith({ disk: 0 }))[0]!.outcome, "failed");
  tell("faulty-disk", { diskFaults: [1, 0] });
  tell("faulty-disk", { diskFaults: [1, 0] });
  const [holds] = injection.checks(statusWith({ disk: 0 }));
  assertEquals(holds!.outcome, "passed");
  assertEquals(holds!.detail, "none ended a life; disk:eio@write=5 1 x");
  assertEquals(strikes, ["disk eio"]);
});

Deno.test("no plan, no check", () => {
  assertEquals(begin().injection.checks(statusWith({})), []);
});
