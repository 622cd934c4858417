import { assertEquals, assertThrows } from "@std/assert";
import { defineSystem } from "@hako/kernel";
import { checkManifest } from "../../../kernel/manifest_check.ts";
import { UsageError } from "../../command_line/command.ts";
import { filesOnImage } from "../../systems/files_on_image.ts";
import { armedKey, armSystem } from "./fault_arming.ts";
import { parseFault } from "./fault_text.ts";

const STACK = defineSystem({
  base: import.meta.url,
  domains: {
    ...filesOnImage({ path: "/somewhere/disk.img" }),
    app: { kind: "app", module: "./app.ts", uses: ["files"] },
  },
});

const arm = (...texts: readonly string[]) => armSystem(STACK, texts.map(parseFault), 7);

Deno.test("a fault that comes from outside needs nothing armed", () => {
  const { faults, manifest } = arm("storage:kill@every=1s", "*:restart@at=1s");
  assertEquals([faults, manifest], [[], STACK]);
});

Deno.test("a fault by the clock is one on order, for each whom it may befall", () => {
  const { faults, numberOf } = arm("fs:throw@at=1s", "*:hang@every=1s,for=2s");
  const shown = faults.map(({ domain, point, visit, kind, lastsMs }) => {
    return [domain, point, visit, kind, lastsMs];
  });
  assertEquals(shown, [
    ["fs", "runtime.request", "ordered", "throw", undefined],
    ["disk", "runtime.request", "ordered", "blocked", 2_000],
    ["storage", "runtime.request", "ordered", "blocked", 2_000],
    ["fs", "runtime.request", "ordered", "blocked", 2_000],
  ]);
  const [lasting] = arm("fs:zombie@at=1s").faults;
  assertEquals(lasting!.lastsMs! > 5_000, true, "it must last until it is found out");
  assertEquals(numberOf.get(armedKey(parseFault("*:hang@every=1s,for=2s"), "fs")), 3);
});

Deno.test("`*` is whoever serves, and the kernel where somebody outside ends it", () => {
  const { everybody } = arm();
  assertEquals(everybody(parseFault("*:kill@at=1s")), ["disk", "storage", "fs", "kernel"]);
  assertEquals(everybody(parseFault("*:throw@at=1s")), ["disk", "storage", "fs"]);
});

Deno.test("a disk that fails stands between the disk and whoever uses it", () => {
  const { manifest, faults } = arm("disk:eio@write=500", "disk:rot@chance=0.5,times=2,on=read");
  checkManifest(manifest);
  assertEquals(faults, []);
  assertEquals(Object.keys(manifest.domains["disk"]!.serves!), ["disk-medium"]);
  const faulty = manifest.domains["faulty-disk"]!;
  assertEquals([Object.keys(faulty.serves!), faulty.uses], [["disk"], ["disk-medium"]]);
  assertEquals(faulty.options, {
    device: "disk-medium",
    seed: 7,
    faults: [
      { kind: "error", operations: ["write"], at: 500 },
      { kind: "rot", probability: 0.5, times: 2, operations: ["read"] },
    ],
  });
});

/** Plans that this system can't have, and what is said of them. */
const REFUSED: readonly (readonly [string, string])[] = [
  ["sotrage:kill@at=1s", 'there is no domain "sotrage"; did you mean "storage"?'],
  ["fs:eio@write=1", "fs serves no disk"],
  ["kernel:eio@write=1", "kernel serves no disk"],
  ["app:throw@at=1s", "app serves no endpoint, so no request comes by which it could happen"],
];

for (const [text, message] of REFUSED) {
  Deno.test(`armSystem() refuses ${text}: ${message}`, () => {
    assertThrows(() => arm(text), UsageError, message);
  });
}
