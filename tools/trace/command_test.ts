import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { ChromeEvent, ChromeTrace } from "../../kernel/trace/chrome_trace.ts";
import { startCommand } from "../telemetry/test_command.ts";
import { traceCommand } from "./command.ts";

Deno.test("hako trace writes calls, a death and the recovery of a manifest's system, until its apps have finished", async () => {
  const directory = await Deno.makeTempDir();
  const output = `${directory}/trace.json`;
  const command = startCommand(traceCommand, "test_errand_manifest.ts", ["--output", output]);
  const { code, stdout, stderr } = await command.output();
  const said = new TextDecoder().decode(stdout);
  assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
  assertStringIncludes(said, `wrote ${output}: `);
  assertStringIncludes(said, ", 1 death, 0 domains given up\n");

  const { traceEvents } = JSON.parse(await Deno.readTextFile(output)) as ChromeTrace;
  await Deno.remove(directory, { recursive: true });
  const names = (kind: ChromeEvent["name"]) =>
    traceEvents.flatMap(({ name, args }) => name === kind ? [args.name] : []);
  assertEquals(names("process_name").toSorted(), ["caller", "sum"]);
  assertEquals(names("thread_name").toSorted(), ["calls", "life", "life"]);
  const spans = traceEvents.filter((event) => event.ph === "X");
  for (const name of ["start", "life 1", "recovery", "fence", "recover", "life 2"]) {
    assert(spans.some((span) => span.name === name && span.dur > 0), `no ${name}`);
  }
  const death = traceEvents.find((event) => event.ph === "i" && event.name === "died");
  const recovery = spans.find(({ name }) => name === "recovery");
  assertEquals(death?.ts, recovery?.ts);
  const calls = spans.filter(({ cat }) => cat.startsWith("call"));
  assert(calls.length >= 100, `${calls.length} calls`);
  assert(calls.every(({ name }) => name === "add"), "operations have their names");
  assert(calls.some(({ args }) => args.error === "EINVAL"));
  assert(calls.some(({ args, ts }) => args.epoch === 2 && ts > recovery!.ts + 1_000));
});

Deno.test("hako trace says in one line that it cannot write where it should", async () => {
  const words = ["--output", "/tmp/no-such-directory/trace.json"];
  const { code, stderr } = await startCommand(traceCommand, "test_manifest.ts", words).output();

  const said = new TextDecoder().decode(stderr);
  assertEquals(code, 1);
  assert(said.startsWith("hako trace: ENOENT: ") && said.trim().split("\n").length === 1, said);
});

Deno.test("hako trace ends after its duration, with what there is", async () => {
  const directory = await Deno.makeTempDir();
  const words = ["-o", `${directory}/a,b.json`, "--duration", "1"];
  const refused = await startCommand(traceCommand, "test_manifest.ts", words).output();
  assertStringIncludes(new TextDecoder().decode(refused.stderr), "comma");
  assertEquals(refused.code, 2);

  const output = `${directory}/trace.json`;
  const { code } = await startCommand(traceCommand, "test_manifest.ts", [
    ...["-o", output, "--duration", "1"],
  ]).output();
  const { traceEvents } = JSON.parse(await Deno.readTextFile(output)) as ChromeTrace;
  await Deno.remove(directory, { recursive: true });

  assertEquals(code, 0);
  assert(traceEvents.some(({ cat }) => cat === "call"));
});
