import { assert, assertEquals } from "@std/assert";
import { type Client, connect, OsError } from "@hako/ipc";
import { Ledger } from "./ledger_protocol.ts";
import { Stage } from "./stage.ts";
import { SERVER_ATTACKS } from "./server_attacks.ts";

const CALLS = 150;

/** However hostile the server, a call ends soon after its time. */
const LIMIT = { timeoutMs: 20 };
const LATEST_MS = 2_000;

for (const attack of Object.keys(SERVER_ATTACKS)) {
  Deno.test(`a client of a server that ${attack} gets a typed answer or an OsError, in time`, async () => {
    await using stage = new Stage(1);
    const unleash = await stage.misserve(attack);
    const client = await connect(Ledger, stage.channels[0]!, { timeoutMs: 20_000 });
    unleash();
    const outcomes = new Map<string, number>();

    for (let i = 0; i < CALLS; i++) {
      const beganMs = performance.now();
      const outcome = await outcomeOf(client, i, new Uint8Array(stage.channels[0]!.windows[0]!));
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      assert(performance.now() - beganMs < LATEST_MS, `${outcome} came in time`);
      if (outcome === "EPIPE") break; // It closed the channel for good.
    }

    assertEquals([...outcomes.keys()].filter((outcome) => !/^E[A-Z]+$|^answer$/.test(outcome)), []);
  });

  Deno.test(`connecting to a server that ${attack} gives a client or an OsError, in time`, async () => {
    await using stage = new Stage(1);
    const unleash = await stage.misserve(attack);
    unleash();

    const beganMs = performance.now();
    const outcome = await connect(Ledger, stage.channels[0]!, LIMIT).catch((error) => error);

    assert(performance.now() - beganMs < LATEST_MS, "it ends in time");
    assert(!(outcome instanceof Error) || outcome instanceof OsError, String(outcome));
  });
}

/** `"answer"`, or the code of an `OsError`; anything else is told in words. */
async function outcomeOf(client: Client<Ledger>, i: number, target: Uint8Array): Promise<string> {
  try {
    switch (i % 4) {
      case 0: {
        const { badge, balance } = client.callSync("deposit", { amount: i }, LIMIT);
        return isWord(badge) && Number.isSafeInteger(balance) && balance >= 0
          ? "answer"
          : "bad sum";
      }
      case 1: {
        const raw = new Uint8Array(50).fill(i);
        const sent = { whence: "end", large: 7, raw, text: "箱" } as const;
        const { whence, large, raw: back, text } = await client.call("echo", sent, LIMIT);
        const isTyped = ["start", "end"].includes(whence) && Number.isSafeInteger(large) &&
          back.byteLength <= 100 && !(back.buffer instanceof SharedArrayBuffer) &&
          new TextEncoder().encode(text).byteLength <= 300;
        return isTyped ? "answer" : "bad echo";
      }
      case 2:
        return isWord(client.callSync("fill", { value: 1, target }, LIMIT))
          ? "answer"
          : "bad count";
      default:
        client.send("note", { value: i });
        return "answer";
    }
  } catch (error) {
    return error instanceof OsError ? error.code : String(error);
  }
}

function isWord(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff;
}
