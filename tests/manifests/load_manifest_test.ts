import { assertEquals, assertRejects } from "@std/assert";
import type { SystemManifest } from "@hako/kernel";
import { loadManifest } from "../../tools/check_manifest/load_manifest.ts";
import { readPrinted } from "../../tools/check_manifest/printed_manifest.ts";
import { resolvedManifest } from "../../tools/check_manifest/resolved_manifest.ts";

const MANIFESTS = new URL("./", import.meta.url);

Deno.test("loadManifest() takes a document's own URL for its base", async () => {
  const url = new URL("counting.json", MANIFESTS);
  const manifest = await loadManifest(url);
  assertEquals(manifest.base, url.href);
  assertEquals((await loadManifest(url.pathname)).domains, manifest.domains);
});

Deno.test("loadManifest() imports a module, and that is the same system", async () => {
  const [document, module] = await Promise.all(
    ["counting.json", "counting.ts"].map((name) => loadManifest(new URL(name, MANIFESTS))),
  );
  const { domains } = resolvedManifest(document!);
  assertEquals(resolvedManifest(module!).domains, domains);
  assertEquals(domains.counter?.module, new URL("../domains/counter.ts", MANIFESTS).href);
});

Deno.test("loadManifest() resolves a base against the document", async () => {
  const directory = Deno.makeTempDirSync();
  try {
    Deno.writeTextFileSync(`${directory}/m.json`, '{ "base": "../x/", "domains": {} }');
    const { base } = await loadManifest(`${directory}/m.json`);
    assertEquals(base, new URL("../x/", `file://${directory}/`).href);
    Deno.writeTextFileSync(`${directory}/m.json`, '{ "base": "http://[", "domains": {} }');
    await assertRejects(() => loadManifest(`${directory}/m.json`), TypeError, "no absolute URL");
    Deno.writeTextFileSync(`${directory}/m.json`, "{");
    await assertRejects(() => loadManifest(`${directory}/m.json`), SyntaxError, "m.json: ");
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

Deno.test("loadManifest() says what it takes", async () => {
  await assertRejects(() => loadManifest("system.yaml"), TypeError, "a file .json, .ts or .js");
});

Deno.test("resolvedManifest() means the same wherever it is read", () => {
  const manifest: SystemManifest = {
    base: "file:///home/system.json",
    domains: {
      disk: {
        kind: "driver",
        module: "@hako/drivers/block/memory",
        permissions: { read: ["./a"], net: ["x:1"] },
        serves: { disk: { name: "block", version: 1 } },
        options: { deep: [{ __proto__: null, text: "x" }, null, 1.5] },
      },
    },
  };
  const { base, domains: { disk } } = JSON.parse(JSON.stringify(resolvedManifest(manifest)));
  assertEquals(base, manifest.base);
  assertEquals(disk.module, import.meta.resolve("@hako/drivers/block/memory"));
  assertEquals(disk.permissions, { read: ["/home/a"], net: ["x:1"] });
  assertEquals(disk.options, { deep: [{ text: "x" }, null, 1.5] });
});

Deno.test("readPrinted() takes the last line, whatever the module said before", () => {
  assertEquals(readPrinted('hello\nwithout an end\n{"fault":"none"}\n'), { fault: "none" });
  for (const silence of ["", "hello\n"]) assertEquals(readPrinted(silence), undefined);
});
