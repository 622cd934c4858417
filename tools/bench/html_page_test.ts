import { assertEquals, assertStringIncludes } from "@std/assert";
import { renderBenchPage } from "./html_page.ts";
import { FAILED, MEASURED, runOf } from "./test_rows.ts";

const FOREIGN = { ...FAILED, name: "kernel/<boot>", peerName: "<peer>", failure: "ours: <no>" };

Deno.test("the page of a run tells every row, its verdict, its figures and the machine", () => {
  const bounded = {
    ...MEASURED,
    name: "fs/stat",
    met: false,
    target: 50,
    bound: 0.5,
    ofBound: 0.96,
    boundName: "a bare hop",
    note: "Every call hops.",
  };
  const page = renderBenchPage(runOf([MEASURED, bounded, FOREIGN], { load: 1.25 }));
  for (
    const text of [
      "ipc/cross-core/kernel-mediated",
      "0.521 us",
      "35.2 (31 to 38)",
      "0.96 of the bound, 0.5 us: a bare hop",
      "Every call hops.",
      '<b class="bounded">1</b>',
      "Some Processor, 2 cores",
      "Deno 2.9.6",
      "1.25 threads",
    ]
  ) assertStringIncludes(page, text);
});

Deno.test("the page shows what others wrote as text, and loads nothing", () => {
  const page = renderBenchPage(runOf([FOREIGN]));
  assertStringIncludes(page, "kernel/&lt;boot&gt;");
  assertEquals(/<(?:boot|peer|no)>|https?:|<script|\bsrc=|url\(/.test(page), false);
  assertStringIncludes(page, `content="default-src 'none'; style-src 'unsafe-inline'"`);
});

Deno.test("the page lists what was missed, the farthest first", () => {
  const missed = { ...MEASURED, met: false };
  const page = renderBenchPage(runOf([
    { ...missed, name: "ipc/near", target: 36 },
    { ...missed, name: "ipc/far", target: 360 },
  ]));
  const list = page.slice(page.indexOf("Missed, the farthest first"));
  assertEquals(list.indexOf("ipc/far") < list.indexOf("ipc/near"), true);
  assertStringIncludes(list, ">9%</td>");
});

Deno.test("the page says when the run was ended early", () => {
  assertStringIncludes(renderBenchPage(runOf([], { isInterrupted: true })), "ended early");
});
