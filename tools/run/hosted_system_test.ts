import { assertEquals, assertRejects } from "@std/assert";
import { OsError } from "@hako/ipc";
import type { DomainManifest, System, SystemEvent } from "@hako/kernel";
import { host } from "./hosted_system.ts";

const APP: DomainManifest = { kind: "app", module: "x:app" };
const SERVER: DomainManifest = { kind: "server", module: "x:server" };

/** A system that tells these events while it boots, and then nothing. */
function tells(...events: SystemEvent[]) {
  const lines: string[] = [];
  const interruption = new AbortController();
  let halts = 0;
  const late: SystemEvent[] = [];
  let tell: (event: SystemEvent) => void = () => {};
  const system = {
    [Symbol.asyncDispose]() {
      halts++;
      for (const event of late) tell(event);
      return Promise.resolve();
    },
  };
  return {
    lines,
    interruption,
    halts: () => halts,
    /** What it tells while it halts. */
    late,
    host: (domains: Record<string, DomainManifest>, more = {}) =>
      host(
        {
          manifest: { base: "file:///", domains },
          log: "json",
          isQuiet: false,
          isExported: false,
          durationMs: undefined,
          ...more,
        },
        {
          boot: (_manifest, { onEvent }) => {
            tell = (event) => onEvent?.(event, 1_700_000_000_000_000);
            for (const event of events) tell(event);
            return Promise.resolve(system as unknown as System);
          },
          write: (line) => lines.push(line),
          interruption: interruption.signal,
        },
      ),
  };
}

function finished(domain: string): SystemEvent {
  return { type: "finished", domain, value: undefined };
}

function gaveUp(domain: string): SystemEvent {
  return { type: "gave-up", domain, epoch: 1, why: "" };
}

Deno.test("host() halts when every app has finished, whatever serves on", async () => {
  const system = tells(finished("a"), finished("b"));
  assertEquals(await system.host({ a: APP, b: APP, s: SERVER }), 0);
  assertEquals(system.halts(), 1);
});

Deno.test("host() counts a domain that was given up before its last app finished, told after it", async () => {
  const system = tells(finished("a"));
  system.late.push(gaveUp("s"));
  assertEquals(await system.host({ a: APP, s: SERVER }), 1);
});

Deno.test("host() waits for no app that waits for a request", async () => {
  assertEquals(await tells(finished("a")).host({ a: APP, b: { ...APP, start: "request" } }), 0);
});

Deno.test("host() goes on while an app has not finished", async () => {
  const system = tells(finished("a"));
  const code = system.host({ a: APP, b: APP });
  await new Promise((resolve) => setTimeout(resolve, 0)); // Whatever would end it has had its turn.
  assertEquals(system.halts(), 0);
  system.interruption.abort();
  assertEquals([await code, system.halts()], [0, 1]);
});

Deno.test("host() fails if a domain was given up, though the apps finish", async () => {
  assertEquals(await tells(gaveUp("s"), finished("a")).host({ a: APP, s: SERVER }), 1);
  assertEquals(await tells(gaveUp("a")).host({ a: APP, s: SERVER }), 1);
});

Deno.test("host() ends when a policy stops the system, for a replica too", async () => {
  const restart = { limit: 0, windowMs: 1, atLimit: "stop" } as const;
  assertEquals(await tells(gaveUp("s")).host({ s: { ...SERVER, restart }, t: SERVER }), 1);
  const pool = { ...SERVER, restart, replicas: 2 };
  assertEquals(await tells(gaveUp("s.2")).host({ s: pool, t: SERVER }), 1);
});

Deno.test("host() ends when nothing lives any more", async () => {
  const all = [gaveUp("s.1"), gaveUp("s.2"), gaveUp("t")];
  assertEquals(await tells(...all).host({ s: { ...SERVER, replicas: 2 }, t: SERVER }), 1);
});

Deno.test("host() ends when its time is over, or was interrupted before it began", async () => {
  assertEquals(await tells().host({ s: SERVER }, { durationMs: 1 }), 0);
  const system = tells();
  system.interruption.abort();
  assertEquals(await system.host({ s: SERVER }), 0);
});

Deno.test("host() tells why a system does not boot", async () => {
  const failing = {
    boot: () => Promise.reject(new OsError("EIO", "start s")),
    write: () => {},
    interruption: new AbortController().signal,
  };
  const order = {
    manifest: { base: "file:///", domains: { s: SERVER } },
    log: "text",
    isQuiet: false,
    isExported: false,
    durationMs: undefined,
  } as const;
  await assertRejects(() => host(order, failing), OsError, "start s");
});

Deno.test("host() logs each event as a line, or when quiet only what goes wrong", async () => {
  const events: SystemEvent[] = [
    { type: "ready", domain: "a", epoch: 1, tookMs: 1 },
    { type: "died", domain: "a", epoch: 1, why: "a\nb" },
    { type: "kernel-died", epoch: 1, why: "" },
    { type: "report", domain: "a", value: 1n },
    finished("a"),
  ];
  const heard = async (isQuiet: boolean, log: string) => {
    const system = tells(...events);
    await system.host({ a: APP }, { isQuiet, log });
    return system.lines;
  };
  const types = (await heard(false, "json")).map((line) => JSON.parse(line).event);
  assertEquals(types, events.map(({ type }) => type));
  const quiet = await heard(true, "text");
  assertEquals(quiet.map((line) => /event=(\S+)/.exec(line)?.[1]), ["died", "kernel-died"]);
});
