import { assertEquals, assertFalse, assertStringIncludes } from "@std/assert";
import type { GraphDomain } from "../record/record.ts";
import { renderSystemGraph } from "./system_graph.ts";

const NOTHING = { permissions: [], serves: [], uses: [], keepBytes: 0, windowBytes: 0 } as const;

const DISK: GraphDomain = {
  ...NOTHING,
  name: "disk",
  kind: "driver",
  permissions: ["read+write disk.img"],
  serves: ["disk"],
};

const STORAGE: GraphDomain = { ...NOTHING, name: "storage", kind: "server", uses: ["disk"] };

Deno.test("a picture says of each domain what it is and may do", () => {
  const svg = renderSystemGraph([DISK, STORAGE]);
  assertStringIncludes(svg, `<g class="domain kind-driver" id="domain-disk" data-domain="disk"`);
  assertStringIncludes(svg, ">read+write disk.img</text>");
  assertStringIncludes(svg, ">no permissions</text>");
  assertStringIncludes(svg, `<text class="live" data-live="storage"`);
  assertStringIncludes(svg, "<title>storage calls disk of disk</title>");
  assertEquals(svg.match(/tabindex="0"/g)?.length, 2);
});

Deno.test("several pictures of one page have ids of their own, and need no focus", () => {
  const svg = renderSystemGraph([DISK], { idPrefix: "first-", isFocusable: false });
  assertStringIncludes(svg, `id="first-domain-disk"`);
  assertFalse(svg.includes("tabindex"));
});

Deno.test("what a manifest says stays text", () => {
  const evil = `"><img src=x onerror=alert(1)>`;
  const domains = Array.from({ length: 5 }, (_, index) => ({
    ...NOTHING,
    name: `${evil}${index}`,
    kind: "app",
    permissions: [evil],
    uses: [evil],
  } as const));
  const hub = { ...NOTHING, name: evil, kind: "server", serves: [evil] } as const;
  const svg = renderSystemGraph([hub, ...domains]);
  assertFalse(svg.includes("<img"));
  assertEquals(svg.match(/data-domain="&quot;&gt;&lt;img/g)?.length, 6);
});
