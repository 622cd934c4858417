import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Work, WorkQueue } from "../../ipc/queue/work_queue.ts";

const ITEM_COUNT = 5;
const ATTEMPTS_MAX = 3;
const LEASE_MS = 100;

/** What is known of one value that was pushed. */
interface Job {
  readonly value: number;
  attempts: number;
}

/** One that somebody has taken. */
interface Held {
  readonly job: Job;
  readonly work: Work;
  deadlineMs: number;
}

/** The queue beside a plain list, told the same. */
class Twin {
  readonly #queue: WorkQueue;
  readonly #waiting: Job[] = [];
  readonly #held: Held[] = [];
  readonly #spent: Work[] = [];
  #dead = 0;
  #value = 0;
  #nowMs: number;

  constructor(beginning: { cycle: number; generation: number }, nowMs: number) {
    const options = { items: ITEM_COUNT, itemBytes: 8, attemptsMax: ATTEMPTS_MAX };
    this.#queue = WorkQueue.open(WorkQueue.create({ ...options, leaseMs: LEASE_MS }, beginning));
    this.#nowMs = nowMs;
  }

  act(choice: number, which: number): void {
    const held = this.#held[which % (this.#held.length || 1)];
    if (choice < 4) this.#push();
    else if (choice < 8) this.#take();
    else if (choice < 11 && held) this.#end(held, "complete");
    else if (choice === 11 && held) this.#end(held, "release");
    else if (choice === 12 && held) this.#end(held, "fail");
    else if (choice === 13 && held) this.#extend(held);
    else if (choice === 14) this.#nowMs += which;
    else if (choice === 15) this.#sweep();
    for (const work of this.#spent) assertEquals(work.complete(), false);
    this.#count();
  }

  #push(): void {
    const value = this.#value++;
    const inUse = this.#waiting.length + this.#held.length + this.#dead;
    const bytes = new Uint8Array(Float64Array.of(value).buffer);
    assertEquals(this.#queue.push(bytes, this.#nowMs), inUse < ITEM_COUNT);
    if (inUse < ITEM_COUNT) this.#waiting.push({ value, attempts: 0 });
  }

  #take(): void {
    const work = this.#queue.take(this.#nowMs);
    const job = this.#waiting.shift();
    assertEquals(work?.attempts, job?.attempts);
    if (!work || !job) return;
    assertEquals(new Float64Array(work.bytes.slice().buffer)[0], job.value);
    this.#held.push({ job, work, deadlineMs: this.#nowMs + LEASE_MS });
  }

  #end(held: Held, how: "complete" | "release" | "fail"): void {
    assertEquals(held.work[how](), true);
    this.#drop(held);
    if (how === "release") this.#waiting.push(held.job);
    if (how === "fail") this.#retry(held.job);
  }

  #extend(held: Held): void {
    assertEquals(held.work.extend(this.#nowMs), true);
    held.deadlineMs = this.#nowMs + LEASE_MS;
  }

  #sweep(): void {
    const lapsed = this.#held.filter(({ deadlineMs }) => deadlineMs <= this.#nowMs);
    // Items are swept in the order of their place in memory.
    lapsed.sort((a, b) => a.work.bytes.byteOffset - b.work.bytes.byteOffset);
    const deadBefore = this.#dead;
    for (const held of lapsed) {
      this.#drop(held);
      this.#retry(held.job);
    }
    const died = this.#dead - deadBefore;
    const wanted = { requeued: lapsed.length - died, freed: 0, relinked: 0, died };
    assertEquals(this.#queue.sweep(this.#nowMs), wanted);
  }

  #drop(held: Held): void {
    this.#held.splice(this.#held.indexOf(held), 1);
    this.#spent.push(held.work);
  }

  #retry(job: Job): void {
    job.attempts++;
    if (job.attempts < ATTEMPTS_MAX) this.#waiting.push(job);
    else this.#dead++;
  }

  #count(): void {
    const queued = this.#waiting.length;
    const taken = this.#held.length;
    const dead = this.#dead;
    const free = ITEM_COUNT - queued - taken - dead;
    assertEquals(this.#queue.counts(), { free, reserved: 0, queued, taken, dead });
  }
}

Deno.test("a queue does what a plain list does, whatever is done in whatever order", () => {
  const beginning = fc.record({
    cycle: fc.constantFrom(0, -1, -2, 2 ** 31 - 1, -(2 ** 31)),
    generation: fc.constantFrom(0, 0xff, 0xffffe, 0xfffff),
  });
  const nowMs = fc.constantFrom(0, 2 ** 31 - 50, 2 ** 32 - 50, 1.8e12);
  const act = fc.tuple(fc.integer({ min: 0, max: 15 }), fc.integer({ min: 0, max: 150 }));
  const acts = fc.array(act, { maxLength: 200, size: "max" });
  fc.assert(
    fc.property(beginning, nowMs, acts, (start, time, list) => {
      const twin = new Twin(start, time);
      for (const [choice, which] of list) twin.act(choice, which);
    }),
    { numRuns: 300, seed: 1 },
  );
});
