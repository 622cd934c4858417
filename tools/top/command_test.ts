import { assert, assertEquals } from "@std/assert";
import { startCommand } from "../telemetry/test_command.ts";
import { topCommand } from "./command.ts";
import type { Sample } from "./sample.ts";

Deno.test("hako top --once --json boots a manifest's system, tells what it did in a second, and halts it", async () => {
  const command = startCommand(topCommand, "test_manifest.ts", ["--once", "--json"]);
  const { code, stdout, stderr } = await command.output();
  assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);

  const { kernelEpoch, domains } = JSON.parse(new TextDecoder().decode(stdout)) as Sample;
  assertEquals([kernelEpoch, domains.map(({ domain }) => domain)], [1, ["sum", "caller"]]);
  const [sum, caller] = domains;
  assertEquals([sum?.epoch, sum?.restarts, sum?.state, caller?.restarts], [2, 1, "ready", 0]);
  assert(sum!.why.startsWith("Error: it was time"));
  assert(sum!.callsPerSecond > 100, `${sum!.callsPerSecond} calls a second`);
  assert(sum!.p50Us! > 0 && sum!.p50Us! <= sum!.p99Us!);
});

Deno.test("hako top writes plain pages where there is no terminal, until a signal halts the system", async () => {
  const command = startCommand(topCommand, "test_manifest.ts", []);
  const reader = command.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.endsWith("\n\n") || !text.includes("sum died last: Error: it was time")) {
    const { value, done } = await reader.read();
    assert(!done, `it ended after ${JSON.stringify(text)}`);
    text += value;
  }
  command.kill("SIGINT");
  for (let last = await reader.read(); !last.done; last = await reader.read());

  // deno-lint-ignore no-control-regex -- ESC is what begins a style.
  assert(!/\u001b/.test(text), text);
  assert(/^sum +2 +ready +\d+ +[\d,]+ /m.test(text), text);
  assertEquals((await command.status).code, 0);
  const said = await new Response(command.stderr).text();
  assertEquals(said, "hako top: halting in order; once more ends it at once\n");
});

Deno.test("hako top halts the system when nobody reads what it writes", async () => {
  const command = startCommand(topCommand, "test_manifest.ts", ["--json"]);
  const reader = command.stdout.getReader();
  await reader.read();
  await reader.cancel();

  const { code } = await command.status;
  assertEquals([code, await new Response(command.stderr).text()], [0, ""]);
});

Deno.test("hako top refuses an interval of nothing and a manifest that is none", async () => {
  for (
    const [manifest, words, message] of [
      ["test_manifest.ts", ["--interval", "0"], "Cannot run top with --interval 0"],
      ["test_sum_protocol.ts", [], "test_sum_protocol.ts: "],
      ["no_such_file.ts", [], "no_such_file.ts: there is no such file"],
    ] as const
  ) {
    const { code, stderr } = await startCommand(topCommand, manifest, words).output();
    const said = new TextDecoder().decode(stderr);
    assertEquals(code, 2, said);
    assert(said.startsWith("hako top: ") && said.includes(message), said);
  }
});
