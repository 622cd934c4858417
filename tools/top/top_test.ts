import { assert, assertEquals } from "@std/assert";
import type { DomainState, DomainStatus, SystemStatus } from "@hako/kernel";
import type { TraceEvent } from "../../kernel/trace/events.ts";
import { displayWidth, makeStyle, stripStyle } from "../terminal/style.ts";
import { LivePage } from "./live_page.ts";
import { type DomainSample, type Sample, Sampler } from "./sample.ts";
import { renderCount, renderSample, renderTime } from "./view.ts";
import { pause, watch } from "./watch.ts";

const PLAIN = makeStyle({ coloured: false });
const LIFE: DomainStatus = {
  kind: "driver",
  epoch: 1,
  state: "ready",
  deaths: 0,
  why: "",
  inFlight: 0,
  answered: 0,
};

/** A system whose status and trace a test sets, and whose clock it moves. */
class FakeSystem {
  isObserved = false;
  atUs = 1e15;
  disk: DomainStatus = LIFE;
  calls: TraceEvent[] = [];

  observe(isObserved: boolean): void {
    this.isObserved = isObserved;
  }

  trace(): TraceEvent[] {
    return this.calls;
  }

  status(): Promise<SystemStatus> {
    const domains = { disk: this.disk };
    return Promise.resolve({ domains, kernelEpoch: 1, slotsInUse: 0, zombies: 0 });
  }

  call(startUs: number, durationUs: number): void {
    const rest = { epoch: 1, badge: 1, operation: 1, sequence: 0, result: 0 };
    this.calls.push({ type: "call", domain: "disk", ...rest, startUs, durationUs });
  }
}

Deno.test("a sample tells the calls of its interval, and how long those took that ended in it", async () => {
  const system = new FakeSystem();
  system.disk = { ...LIFE, answered: 1_000 };
  const sampler = await Sampler.begin(system, () => system.atUs);
  assertEquals(system.isObserved, true);

  system.call(1e15 - 500, 400); // Before the first look.
  for (let call = 1; call <= 100; call++) system.call(1e15 + call, call);
  system.disk = { ...LIFE, answered: 1_500, inFlight: 3 };
  system.atUs += 500_000;
  const { seconds, domains: [disk] } = await sampler.next();

  assertEquals([seconds, disk?.callsPerSecond, disk?.inFlight], [0.5, 1_000, 3]);
  assertEquals([disk?.p50Us, disk?.p99Us], [50, 99]);

  system.atUs += 500_000;
  const { domains: [idle] } = await sampler.next();
  assertEquals([idle?.callsPerSecond, idle?.p50Us, idle?.p99Us], [0, undefined, undefined]);
});

Deno.test("rates go on over a death, and over a count that wraps", async () => {
  const system = new FakeSystem();
  system.disk = { ...LIFE, answered: 2 ** 32 - 10 };
  const sampler = await Sampler.begin(system, () => system.atUs);
  system.disk = { ...LIFE, answered: 10 };
  system.atUs += 1e6;
  assertEquals((await sampler.next()).domains[0]?.callsPerSecond, 20);

  system.disk = { ...LIFE, epoch: 2, deaths: 1, why: "it hangs", answered: 7 };
  system.atUs += 1e6;
  const { domains: [disk] } = await sampler.next();
  assertEquals([disk?.callsPerSecond, disk?.restarts, disk?.why], [7, 1, "it hangs"]);
});

function sampleOf(...domains: readonly Partial<DomainSample>[]): Sample {
  const usual = {
    domain: "disk",
    kind: "driver",
    epoch: 2,
    state: "ready",
    inFlight: 1,
    callsPerSecond: 12_345,
    p50Us: 1.24,
    p99Us: 80,
    restarts: 1,
    why: "",
  } as const;
  const whole = domains.map((domain) => ({ ...usual, ...domain }));
  return { seconds: 12, kernelEpoch: 1, slotsInUse: 1, zombies: 0, domains: whole };
}

Deno.test("a page has a row for each domain and a line for each that has died", () => {
  const page = renderSample(
    sampleOf({ why: "Error: gone\n  at x.ts" }, { domain: "fs", restarts: 0 }),
    PLAIN,
  );

  assertEquals(page.split("\n"), [
    "12 s  kernel life 1  1 slot in use  0 zombies",
    "",
    "domain  life  state  in flight  calls/s     p50    p99  restarts",
    "------  ----  -----  ---------  -------  ------  -----  --------",
    "disk       2  ready          1   12,345  1.2 us  80 us         1",
    "fs         2  ready          1   12,345  1.2 us  80 us         0",
    "",
    "disk died last: Error: gone",
  ]);
});

Deno.test("the widest page fits 80 columns; a narrow terminal cuts its lines, a low one its end", () => {
  const widest = {
    domain: "a-domain-with-a-long-name",
    epoch: 16_777_215,
    state: "backing-off",
    inFlight: 65_536,
    callsPerSecond: 99_999,
    p50Us: 999,
    p99Us: 999_000,
    restarts: 99_999,
    why: "x".repeat(200),
  } as const;
  const style = makeStyle({ coloured: true });
  const page = renderSample(sampleOf(...Array(10).fill(widest)), style);
  for (const line of page.split("\n")) assert(displayWidth(line) <= 80, stripStyle(line));

  const narrow = renderSample(sampleOf(widest), style, { columns: 30 });
  for (const line of narrow.split("\n")) assert(displayWidth(line) <= 30, stripStyle(line));

  const low = renderSample(sampleOf(...Array(10).fill(widest)), style, { columns: 80, rows: 9 });
  assertEquals(low.split("\n").length, 9);
  assertEquals(stripStyle(low).split("\n").at(-1), "...");
});

Deno.test("what a domain says of its death draws nothing on the terminal", () => {
  const page = renderSample(sampleOf({ why: "\u001b[2J\u009b1m\u202eboo" }), PLAIN);

  assert(page.endsWith("disk died last: ?[2J?1m?boo"), page);
});

Deno.test("states have colours, if wanted, and the table stays aligned", () => {
  const states: readonly DomainState[] = ["ready", "gave-up", "fencing", "finished"];
  const sample = sampleOf(...states.map((state) => ({ state })));
  const page = renderSample(sample, makeStyle({ coloured: true }));

  assert(page.includes("\u001b[31mgave-up\u001b[39m"));
  assertEquals(stripStyle(page), renderSample(sample, PLAIN));
});

Deno.test("numbers and times take no more than six columns", () => {
  const counts = [0, 0.4, 9.97, 10, 999, 99_999, 99_999.7, 999_499, 999_500, 1e6, 12_345_678];
  assertEquals(counts.map(renderCount), [
    ...["0", "0.4", "10.0", "10", "999", "99,999", "100 k", "999 k", "1.0 M", "1.0 M", "12.3 M"],
  ]);
  const times = [undefined, 0.24, 9.949, 9.96, 999.4, 999.6, 12_345, 999_499, 999_500, 61e6];
  assertEquals(times.map(renderTime), [
    ...["-", "0.2 us", "9.9 us", "10 us", "999 us", "1.0 ms", "12 ms", "999 ms", "1.0 s", "61 s"],
  ]);
});

Deno.test("a live page draws over itself and leaves nothing of what was longer", () => {
  const terminal = new Terminal();
  {
    using page = new LivePage((text) => terminal.write(text));
    page.draw("one\ntwo, which is long\nthree");
    assertEquals([terminal.text(), terminal.showsCursor], [
      "one\ntwo, which is long\nthree\n",
      false,
    ]);
    page.draw("ONE\ntwo");
    assertEquals(terminal.text(), "ONE\ntwo\n");
    page.draw("1\n2\n3\n4");
  }
  assertEquals([terminal.text(), terminal.showsCursor], ["1\n2\n3\n4\n", true]);
});

/** The terminal that a live page counts on: it knows the five codes that such a page may use. */
class Terminal {
  showsCursor = true;
  readonly #lines: string[] = [""];
  #row = 0;
  #column = 0;

  text(): string {
    return this.#lines.join("\n");
  }

  write(text: string): void {
    // deno-lint-ignore no-control-regex -- ESC is what begins a code.
    for (const [token] of text.matchAll(/\u001b\[\??\d*[A-Za-z]|[^]/g)) this.#take(token);
  }

  #take(token: string): void {
    const line = this.#lines[this.#row] ?? "";
    if (token === "\n") {
      this.#row++;
      this.#column = 0;
      this.#lines[this.#row] ??= "";
    } else if (token === "\r") this.#column = 0;
    else if (token === "\u001b[K") this.#lines[this.#row] = line.slice(0, this.#column);
    else if (token === "\u001b[J") {
      this.#lines.length = this.#row + 1;
      this.#lines[this.#row] = line.slice(0, this.#column);
    } else if (token === "\u001b[?25l") this.showsCursor = false;
    else if (token === "\u001b[?25h") this.showsCursor = true;
    // deno-lint-ignore no-control-regex -- the same
    else if (/^\u001b\[\d+A$/.test(token)) this.#row -= Number(token.slice(2, -1));
    else {
      assert(token.length === 1, `no page may use ${JSON.stringify(token)}`);
      this.#lines[this.#row] = line.slice(0, this.#column) + token + line.slice(++this.#column);
    }
    assert(this.#row >= 0, "a page goes back no further than it came");
  }
}

Deno.test("watch() shows as many samples as wanted, and stops within an interval", async () => {
  const system = new FakeSystem();
  const shown: number[] = [];
  const interruption = new AbortController();
  const watching = {
    intervalMs: 250,
    signal: interruption.signal,
    nowUs: () => system.atUs,
    wait: (ms: number) => {
      system.atUs += ms * 1_000;
      return Promise.resolve();
    },
    show: ({ seconds }: Sample) => void shown.push(seconds),
  };
  await watch(system, { ...watching, samplesMax: 3 });
  assertEquals(shown, [0.25, 0.5, 0.75]);

  const wait = () => Promise.resolve(interruption.abort());
  await watch(system, { ...watching, samplesMax: Infinity, wait });
  assertEquals(shown.length, 3);
});

Deno.test("pause() ends with its time, or with its signal", async () => {
  await pause(1, new AbortController().signal);
  const interruption = new AbortController();
  const waiting = pause(1e6, interruption.signal);
  interruption.abort();
  await waiting;
  await pause(1e6, interruption.signal);
});
