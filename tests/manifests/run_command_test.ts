import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { commandTest, hako, type Ran, ROOT, startHako } from "../command_rig.ts";

const COUNTING = `${ROOT}tests/manifests/counting.json`;
const COUNTER = {
  kind: "server",
  module: "../domains/counter.ts",
  serves: { counter: { name: "counter", version: 1 } },
  keeps: { count: 4096 },
};

interface LogLine {
  readonly event: string;
  readonly domain: string;
  readonly value?: unknown;
}

/** Writes a manifest whose modules are those of these tests. */
function writeManifest(directory: string, domains: Record<string, unknown>): string {
  const path = `${directory}/system.json`;
  const base = new URL(".", import.meta.url).href;
  Deno.writeTextFileSync(path, JSON.stringify({ base, domains }));
  return path;
}

function logLines({ stdout }: Ran): LogLine[] {
  return stdout.trim().split("\n").map((line) => JSON.parse(line) as LogLine);
}

function finishedWith(ran: Ran): unknown {
  return logLines(ran).find(({ event }) => event === "finished")?.value;
}

for (const extension of ["json", "ts"]) {
  commandTest(`run boots counting.${extension} until its app has finished`, async (directory) => {
    const path = COUNTING.replace("json", extension);
    const [dry, ran] = await Promise.all([
      hako(directory, "run", path, "--dry-run"),
      hako(directory, "run", path, "--log", "json"),
    ]);

    assertEquals(ran.code, 0, ran.stdout + ran.stderr);
    assertEquals([dry.code, dry.stdout], [0, ran.stderr], "what is applied is what is printed");
    assertEquals(finishedWith(ran), { epoch: 1, value: 1 });
    const ready = logLines(ran).filter(({ event }) => event === "ready");
    assertEquals(ready.map(({ domain }) => domain).sort(), ["counter", "errand"]);
  });
}

commandTest("run gives the process what the manifest says, and nothing else", async (directory) => {
  for (const name of ["granted.txt", "denied.txt"]) {
    Deno.writeTextFileSync(`${directory}/${name}`, "content");
  }
  const paths = [`${directory}/granted.txt`, `${directory}/denied.txt`, "/etc/hostname"];
  const driver = { kind: "driver", permissions: { read: [paths[0]] } };
  const seen: Record<string, unknown> = {};
  for (const kind of [driver, { kind: "app" }]) {
    const prober = { ...kind, module: "./domains/prober.ts", options: { paths } };
    const path = writeManifest(directory, { prober });
    const ran = await hako(directory, "run", path, "--log", "json");
    assertEquals(ran.code, 0, ran.stderr);
    assert(!ran.stderr.includes("denied.txt"), ran.stderr);
    assert(!ran.stderr.includes("--allow-write"), ran.stderr);
    assertEquals(ran.stderr.includes("granted.txt"), kind === driver);
    seen[kind.kind] = finishedWith(ran);
  }
  assertEquals(seen, {
    driver: ["content", "NotCapable", "NotCapable"],
    app: ["NotCapable", "NotCapable", "NotCapable"],
  });
});

commandTest("run lets a worker load nothing that its process may not read", async (directory) => {
  Deno.mkdirSync(`${directory}/system`);
  Deno.writeTextFileSync(`${directory}/secret.ts`, 'export const secret = "told";');
  Deno.writeTextFileSync(
    `${directory}/system/thief.ts`,
    `import { enter } from "@hako/kernel/domain";
    const domain = await enter();
    domain.finish(await import("../secret.ts").then(({ secret }) => secret, () => "denied"));
    `,
  );
  const domains = { thief: { kind: "app", module: "./thief.ts" } };
  Deno.writeTextFileSync(`${directory}/system/system.json`, JSON.stringify({ domains }));

  const ran = await hako(directory, "run", "system/system.json", "--log", "json");

  assertEquals(ran.code, 0, ran.stderr);
  assertEquals(finishedWith(ran), "denied");
});

commandTest(
  "run starts where the manifest lies: options mean the same paths",
  async (directory) => {
    Deno.mkdirSync(`${directory}/deep`);
    Deno.writeTextFileSync(`${directory}/deep/data.txt`, "found");
    Deno.copyFileSync(`${ROOT}tests/manifests/domains/prober.ts`, `${directory}/deep/prober.ts`);
    const prober = {
      kind: "gateway",
      module: "./prober.ts",
      permissions: { read: ["./data.txt"] },
      options: { paths: ["./data.txt"] },
    };
    const domains = { prober };
    Deno.writeTextFileSync(`${directory}/deep/system.json`, JSON.stringify({ domains }));

    const ran = await hako(directory, "run", "deep/system.json", "--log", "json");

    assertEquals(ran.code, 0, ran.stderr);
    assertEquals(finishedWith(ran), ["found"]);
  },
);

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  commandTest(`run halts in order on ${signal}`, async (directory) => {
    const path = writeManifest(directory, { counter: COUNTER });
    const running = startHako(directory, "run", path);
    await running.said("event=ready");
    running.kill(signal);
    const { code, stderr } = await running.ended;
    assertEquals(code, 0, stderr);
    assertStringIncludes(stderr, "halting in order");
  });
}

commandTest("run ends at once when it is told so twice", async (directory) => {
  const path = writeManifest(directory, {
    counter: COUNTER,
    // The kernel would wait for it for half a minute.
    stubborn: { kind: "app", module: "./domains/stubborn.ts", hangMs: 600_000 },
  });
  const running = startHako(directory, "run", path);
  await running.said("value=busy");
  running.kill("SIGTERM");
  await running.said("halting in order");
  running.kill("SIGTERM");
  const { code } = await running.ended;
  assertEquals(code, 143);
});

commandTest("run halts when its time is over", async (directory) => {
  const path = writeManifest(directory, { counter: COUNTER });
  const { code, stdout, stderr } = await hako(directory, "run", path, "--duration", "1", "--quiet");
  assertEquals([code, stdout, stderr], [0, "", ""]);
});

commandTest("run fails if a domain is given up, and says why", async (directory) => {
  const path = writeManifest(directory, {
    counter: { ...COUNTER, restart: { limit: 0, windowMs: 10_000 } },
    killer: { kind: "app", module: "./domains/killer.ts", uses: ["counter"] },
  });
  const ran = await hako(directory, "run", path, "--log", "json");
  assertEquals(ran.code, 1, ran.stderr);
  const givenUp = logLines(ran).find(({ event }) => event === "gave-up");
  assertEquals(givenUp?.domain, "counter");
  assertEquals(finishedWith(ran), "EHOSTDOWN");
});

commandTest("run ends with the system when a policy stops it", async (directory) => {
  const path = writeManifest(directory, {
    counter: { ...COUNTER, restart: { limit: 0, windowMs: 10_000, atLimit: "stop" } },
    killer: { kind: "app", module: "./domains/killer.ts", uses: ["counter"] },
  });
  const { code, stdout, stderr } = await hako(directory, "run", path, "--quiet");
  assertEquals(code, 1, stderr);
  assertStringIncludes(stdout, "event=gave-up");
  assert(!stdout.includes("event=ready"), stdout);
});

commandTest("run fails if a domain does not start", async (directory) => {
  const path = writeManifest(directory, { broken: { ...COUNTER, module: "../domains/broken.ts" } });
  const { code, stderr } = await hako(directory, "run", path);
  assertEquals(code, 1);
  assertStringIncludes(stderr, "broken before it served");
});

commandTest("run ends when nothing is left that lives", async (directory) => {
  const broken = { kind: "server", module: "../domains/broken.ts" };
  const path = writeManifest(directory, { broken });
  const { code, stdout } = await hako(directory, "run", path, "--quiet");
  assertEquals(code, 1);
  assertStringIncludes(stdout, "event=gave-up");
});

commandTest("run says that a base lies nowhere", async (directory) => {
  const manifest = { base: "./nowhere/", domains: {} };
  Deno.writeTextFileSync(`${directory}/m.json`, JSON.stringify(manifest));
  const { code, stderr } = await hako(directory, "run", "m.json", "--quiet");
  const message = `hako run: Cannot run in ${directory}/nowhere: there is no such directory\n`;
  assertEquals([code, stderr], [2, message]);
});

/** Command lines that are refused before anything starts. */
const BAD: readonly (readonly [args: readonly string[], message: string])[] = [
  [["run"], "MANIFEST is missing"],
  [["run", COUNTING, COUNTING], "it takes at most 1"],
  [["run", "none.json"], "none.json: there is no such file"],
  [["run", COUNTING, "--log", "jsn"], 'no such format; did you mean "json"?'],
  [["run", COUNTING, "--duration", "1.5h"], "TIME is a time, as 500ms, 30s or 2min"],
];

for (const [args, message] of BAD) {
  commandTest(`hako ${args.join(" ").replaceAll(ROOT, "")} is refused`, async (directory) => {
    const { code, stdout, stderr } = await hako(directory, ...args);
    assertEquals([code, stdout], [2, ""]);
    assertStringIncludes(stderr, message);
  });
}
