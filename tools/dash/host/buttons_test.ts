import { assertEquals, assertThrows } from "@std/assert";
import { OsError } from "@hako/ipc";
import type { DomainManifest, SystemManifest } from "@hako/kernel";
import { checkFaults } from "../../../kernel/faults/mod.ts";
import { Buttons } from "./buttons.ts";
import { chaosPresses } from "./chaos.ts";
import { graphOfWorkers } from "./workers_of.ts";

const P = { name: "p", version: 1 };
const server: DomainManifest = { kind: "server", module: "file:///s.ts", serves: { s: P } };
const manifest: SystemManifest = {
  base: "file:///",
  domains: {
    one: { ...server, hangMs: 700 },
    pool: { ...server, replicas: 2, serves: { t: P } },
    gate: { kind: "gateway", module: "file:///g.ts", uses: ["s"] },
    app: { kind: "app", module: "file:///a.ts", uses: ["s", "t"] },
  },
};

function rig() {
  const done: unknown[][] = [];
  const note = (...what: unknown[]) => Promise.resolve(void done.push(what));
  const system = {
    terminate: (name: string) => void note("terminate", name),
    inject: (fault: number) => void note("inject", fault),
    upgrade: (name: string, module: string) => note("upgrade", name, module),
    restart: (name: string) => note("restart", name),
  };
  return { done, system, buttons: new Buttons(manifest) };
}

Deno.test("every worker but an app's has buttons, and the kernel has those that make sense", () => {
  const { buttons } = rig();
  const all = ["kill", "hang", "upgrade", "restart"] as const;
  assertEquals(buttons.targets, [
    { domain: "one", deeds: all },
    { domain: "pool.1", deeds: all },
    { domain: "pool.2", deeds: all },
    { domain: "gate", deeds: ["kill", "upgrade", "restart"] }, // No request ever reaches it.
    { domain: "kernel", deeds: ["kill", "hang"] },
  ]);
});

Deno.test("a hang is a fault that boot accepts, and lasts until it was found out", () => {
  const { faults } = rig().buttons;
  const names = ["one", "pool.1", "pool.2", "gate", "app", "kernel"];
  checkFaults(faults, names.map((name) => ({ name })));
  assertEquals(faults.map(({ domain, visit }) => [domain, visit]), [
    ["one", "ordered"],
    ["pool.1", "ordered"],
    ["pool.2", "ordered"],
    ["kernel", "ordered"],
  ]);
  assertEquals(faults[0]!.lastsMs! > 700, true);
});

Deno.test("each button does what it says", async () => {
  const { buttons, system, done } = rig();
  await buttons.press(system, { deed: "kill", domain: "pool.2" });
  await buttons.press(system, { deed: "hang", domain: "kernel" });
  await buttons.press(system, { deed: "hang", domain: "pool.1" });
  await buttons.press(system, { deed: "upgrade", domain: "pool.1" });
  await buttons.press(system, { deed: "restart", domain: "one" });
  assertEquals(done, [
    ["terminate", "pool.2"],
    ["inject", 3],
    ["inject", 1],
    ["upgrade", "pool.1", "file:///s.ts"],
    ["restart", "one"],
  ]);
});

Deno.test("a button that there is not does nothing", () => {
  const { buttons, system, done } = rig();
  const presses = [
    ["kill", "app", "ENOENT"],
    ["kill", "pool", "ENOENT"],
    ["kill", "__proto__", "ENOENT"],
    ["hang", "gate", "EOPNOTSUPP"],
    ["upgrade", "kernel", "EOPNOTSUPP"],
  ] as const;
  for (const [deed, domain, code] of presses) {
    const error = assertThrows(() => buttons.press(system, { deed, domain }), OsError);
    assertEquals(error.code, code);
  }
  assertEquals(done, []);
});

Deno.test("chaos presses what there is, and the same again with the same seed", () => {
  const { targets } = rig().buttons;
  const first = (seed: number) => {
    const presses = chaosPresses(targets, seed);
    return Array.from({ length: 200 }, () => presses.next().value!);
  };
  assertEquals(first(7), first(7));
  const pressed = new Set(first(7).map(({ deed, domain }) => `${deed} ${domain}`));
  const all = targets.flatMap(({ deeds, domain }) => deeds.map((deed) => `${deed} ${domain}`));
  assertEquals([...pressed].sort(), all.sort(), "all of it, and nothing else");
});

Deno.test("a pool is drawn as each of its workers", () => {
  const none = { kind: "server", permissions: [], serves: ["t"], uses: [] } as const;
  const rest = { keepBytes: 0, windowBytes: 0 };
  const graph = graphOfWorkers([{ name: "pool", ...none, ...rest }], manifest);
  assertEquals(graph.map(({ name, serves }) => [name, serves]), [
    ["pool.1", ["t"]],
    ["pool.2", ["t"]],
  ]);
});
