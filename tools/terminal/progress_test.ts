import { assertEquals, assertLess } from "@std/assert";
import { Progress, renderDuration, renderProgress } from "./progress.ts";

Deno.test("renderProgress() shows share, rate and what is left", () => {
  const line = renderProgress({ label: "copying", done: 25, total: 100, elapsedMs: 1_000 });
  assertEquals(line, "copying  [######------------------]   25%  25/s  3.0 s left");
});

Deno.test("renderProgress() guesses no rate at the beginning, and no end without a total", () => {
  const step = { label: "copying", done: 1_204, total: 0, elapsedMs: 100 };
  assertEquals(renderProgress(step), "copying  1,204");
  assertEquals(renderProgress({ ...step, elapsedMs: 2_000 }), "copying  1,204  602/s");
});

Deno.test("renderProgress() never fills the last column", () => {
  const step = { label: "x".repeat(200), done: 1, total: 2, elapsedMs: 0 };
  assertLess(renderProgress(step, 80).length, 80);
});

Deno.test("renderDuration() speaks of seconds, minutes and hours", () => {
  const shown = [400, 12_000, 185_000, 7_440_000].map(renderDuration);
  assertEquals(shown, ["0.4 s", "12 s", "3 min 5 s", "2 h 4 min"]);
});

Deno.test("Progress draws at most ten times a second, and always the end", () => {
  const { written, options, pass } = screen();
  const progress = new Progress(options);
  progress.update("a", 1, 3);
  pass(50);
  progress.update("a", 2, 3);
  progress.update("a", 3, 3);
  assertEquals(written.map((text) => text.trim().slice(-4)), [" 33%", "100%"]);
});

Deno.test("Progress erases its line, and the rest of a longer one before", () => {
  const { written, options, pass } = screen();
  {
    using progress = new Progress(options);
    progress.update("a long label", 1, 0);
    pass(200);
    progress.update("b", 2, 0);
  }
  assertEquals(written, ["\ra long label  1", `\rb  2${" ".repeat(11)}`, `\r${" ".repeat(4)}\r`]);
});

Deno.test("Progress writes nothing when it is not enabled", () => {
  const { written, options } = screen();
  const progress = new Progress({ ...options, enabled: false });
  progress.update("a", 1, 1);
  progress.erase();
  assertEquals(written, []);
});

function screen() {
  const written: string[] = [];
  let nowMs = 0;
  return {
    written,
    pass: (ms: number) => nowMs += ms,
    options: {
      enabled: true,
      write: (text: string) => void written.push(text),
      nowMs: () => nowMs,
    },
  };
}
