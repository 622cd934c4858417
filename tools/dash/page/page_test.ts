import { assert, assertEquals } from "@std/assert";
import type { GraphDomain } from "../../record/record.ts";
import { renderPage } from "./page.ts";

const NONCE = "bm9uY2U=";

function domain(name: string, permissions: readonly string[] = []): GraphDomain {
  const rest = { kind: "server", serves: [name], uses: [], keepBytes: 0, windowBytes: 0 } as const;
  return { name, permissions, ...rest };
}

/** What of a page is markup: all but its scripts and styles. */
function markup(page: string): string {
  return page.replaceAll(/(<(script|style)[^>]*>)[^]*?<\/\2>/g, "$1</$2>");
}

Deno.test("no name and no permission of a system becomes markup or script", () => {
  const hostile = '"><img src=x onerror=alert(1)></script><script>alert(2)</script>&quot;';
  const graph = [
    domain(hostile, [hostile]),
    { ...domain("app"), uses: [hostile] },
  ];
  const targets = [{ domain: hostile, deeds: ["kill"] as const }];
  const page = renderPage({ type: "begin", graph, targets }, NONCE);

  assertEquals(page.match(/<script/g)?.length, 2, "our own two");
  assertEquals(page.match(/<\/script/g)?.length, 2);
  const bare = markup(page).replaceAll(/"[^"]*"/g, '""');
  assert(!/<img|<[^>]*\son\w+=/i.test(bare), "neither an element nor a handler");
  assert(page.includes('aria-label="Kill &quot;&gt;&lt;img'), "told as it is");
});

Deno.test("each script and style carries the nonce, and nothing is loaded from anywhere", () => {
  const graph = [domain("fs", ["read+write disk.img"])];
  const page = renderPage({ type: "begin", graph, targets: [] }, NONCE);
  const text = markup(page);

  assertEquals(
    [...text.matchAll(/<(?:script|style)[^>]*>/g)].map(([tag]) => tag.includes(`nonce="${NONCE}"`)),
    [true, true, true],
  );
  const sources = [...text.matchAll(/\s(?:src|href|action)=["']?([^"'>\s]*)/g)].map(([, to]) => to);
  assertEquals(sources, ["data:,"], "the icon that browsers ask for");
  assert(!/\sstyle=/.test(text), "the policy would ignore it");
  assert(!/@import|url\(/.test(page.match(/<style[^]*?<\/style>/)![0]));
});

Deno.test("every button says whom it befalls", () => {
  const graph = [domain("fs")];
  const targets = [
    { domain: "fs", deeds: ["kill", "hang", "upgrade", "restart"] as const },
    { domain: "kernel", deeds: ["kill", "hang"] as const },
  ];
  const page = renderPage({ type: "begin", graph, targets }, NONCE);
  const names = [...markup(page).matchAll(/<button[^>]*aria-label="([^"]*)"/g)];
  assertEquals(names.map(([, name]) => name), [
    ...["Kill fs", "Hang fs", "Upgrade fs", "Restart fs", "Kill kernel", "Hang kernel"],
  ]);
});
