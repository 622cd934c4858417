/**
 * The steps of `layouts/session.ts`, both sides over one memory: every interleaving of a client that
 * writes one page, and a server that takes it back, with either of them dying at any step.
 */

import { assert, assertEquals } from "@std/assert";

const FREE = 0, CLIENT = 1, SERVER = 2;
const NONE = 0, WRITE = 2;

/** What is shared, what is kept, and what has happened. */
interface World {
  lock: number;
  grant: number;
  kind: number;
  frame: { grant: number; dirty: number; data: number };
  kept: { grant: number; kind: number };
  file: number;
  /** A plain request of the client to write a value. */
  request: number | undefined;
  writes: { value: number; from: number; to: number }[];
  reads: { value: number; from: number; to: number }[];
  now: number;
  isClientDead: boolean;
}

/** What to do wrong, so that it can be seen that it is found. */
type Fault = "unlock by store" | "clear before writing";

/** A side: yields before each step on what is shared; a yielded function says when it can go on. */
type Side = Generator<(() => boolean) | undefined, void, void>;

function begin(world: World, value: number) {
  const write = { value, from: world.now++, to: Infinity };
  world.writes.push(write);
  return write;
}

/** A client that writes values under its lease, or by plain requests. */
function* clientSide(world: World, values: number[], fault?: Fault): Side {
  let grant = world.grant;
  let hasFrame = false;
  let isLost = false;
  for (const value of values) {
    const write = begin(world, value);
    let isDone = false;
    yield;
    if (!isLost && world.lock === FREE) {
      world.lock = CLIENT;
      yield;
      if (world.grant !== grant) {
        hasFrame = false;
        grant = world.grant;
      }
      const mayWrite = world.kind === WRITE;
      if (mayWrite) {
        yield;
        world.frame.data = value;
        if (!hasFrame) {
          world.frame.dirty = 0;
          yield;
          world.frame.grant = grant;
          hasFrame = true;
        }
        yield;
        world.frame.dirty = 1;
      }
      yield;
      if (world.lock === CLIENT || fault === "unlock by store") {
        world.lock = FREE;
        isDone = mayWrite;
      } else isLost = true;
    }
    if (!isDone) {
      yield;
      world.request = value;
      yield () => world.request === undefined;
      hasFrame = false;
    }
    write.to = world.now++;
  }
}

/** Takes the lock: at once, when it is free, or by force. */
function* lockSide(world: World, choose: (count: number) => number): Generator<
  (() => boolean) | undefined,
  boolean,
  void
> {
  yield;
  if (world.lock === CLIENT && !world.isClientDead && choose(2) === 0) {
    yield () => world.lock !== CLIENT || world.isClientDead;
  }
  const isOverruled = world.lock !== FREE;
  world.lock = SERVER;
  return isOverruled;
}

function* writeBackSide(world: World, fault?: Fault): Side {
  yield;
  const { grant, dirty } = world.frame;
  if (dirty === 0 || grant !== world.kept.grant) return;
  if (fault === "clear before writing") {
    world.frame.dirty = 0;
    yield;
    world.file = world.frame.data;
    return;
  }
  yield;
  world.file = world.frame.data;
  yield;
  world.frame.dirty = 0;
}

function* regrantSide(world: World, kind: number): Side {
  yield;
  world.kept.grant++;
  yield;
  world.kept.kind = kind;
  yield;
  world.kind = kind;
  yield;
  world.grant = world.kept.grant;
}

/** One life of the server: what it finds, then requests, and what another client asks for. */
function* serverSide(
  world: World,
  others: { write?: number }[],
  life: { choose: (count: number) => number; fault?: Fault; isFirst: boolean },
): Side {
  const { choose, fault } = life;
  if (!life.isFirst) {
    yield;
    // The dead one held the lock, or it told less than it kept.
    const isWhole = world.lock !== SERVER && world.grant === world.kept.grant &&
      world.kind === world.kept.kind;
    if (!isWhole) {
      yield* lockSide(world, choose);
      yield* writeBackSide(world, fault);
      yield* regrantSide(world, world.kept.kind);
      yield;
      world.lock = FREE;
    }
  }
  while (others.length > 0 || world.request !== undefined || world.isClientDead) {
    if (world.request !== undefined) {
      yield* lockSide(world, choose);
      yield* writeBackSide(world, fault);
      yield;
      world.file = world.request;
      yield* regrantSide(world, world.kept.kind);
      yield;
      world.lock = FREE;
      world.request = undefined;
      continue;
    }
    const other = others[0];
    if (other === undefined) break;
    const from = world.now++;
    // Who asks is another client: the lease ends.
    yield* lockSide(world, choose);
    yield* writeBackSide(world, fault);
    yield* regrantSide(world, NONE);
    yield;
    world.lock = FREE;
    yield;
    if (other.write === undefined) world.reads.push({ value: world.file, from, to: world.now++ });
    else {
      world.writes.push({ value: other.write, from, to: world.now++ });
      world.file = other.write;
    }
    others.shift();
  }
}

/** Whether a value may be seen by who looked from `from` to `to`. */
function maySee(world: World, value: number, from: number, to: number): boolean {
  const seen = world.writes.find((write) => write.value === value);
  if (seen === undefined) return value === 0 && !world.writes.some((write) => write.to < from);
  if (seen.from > to) return false;
  return !world.writes.some((write) => write.from > seen.to && write.to < from);
}

interface Case {
  readonly values: number[];
  readonly others: { write?: number }[];
  readonly serverDeaths: number;
  readonly clientDies: boolean;
  readonly fault?: Fault;
}

/** Runs one interleaving; the choices made are at the end of `path`. */
function runOnce(plan: Case, choose: (count: number) => number): void {
  const world: World = {
    lock: FREE,
    grant: 1,
    kind: WRITE,
    frame: { grant: 0, dirty: 0, data: -1 },
    kept: { grant: 1, kind: WRITE },
    file: 0,
    request: undefined,
    writes: [],
    reads: [],
    now: 1,
    isClientDead: false,
  };
  const { values, fault } = plan;
  const others = plan.others.map((other) => ({ ...other }));
  const serve = (isFirst: boolean) =>
    serverSide(world, others, { choose, isFirst, ...(fault === undefined ? {} : { fault }) });
  let client: Side | undefined = clientSide(world, values, fault);
  let server: Side | undefined = serve(true);
  let clientWaits: (() => boolean) | undefined;
  let serverWaits: (() => boolean) | undefined;
  let deathsLeft = plan.serverDeaths;
  let mayDie = plan.clientDies;
  for (let steps = 0; steps < 500; steps++) {
    if (server === undefined && world.request !== undefined) server = serve(true);
    const moves: string[] = [];
    if (client !== undefined && (clientWaits?.() ?? true)) moves.push("client");
    if (server !== undefined && (serverWaits?.() ?? true)) moves.push("server");
    if (moves.length === 0) break;
    if (server !== undefined && deathsLeft > 0) moves.push("server dies");
    if (client !== undefined && mayDie) moves.push("client dies");
    const move = moves[choose(moves.length)]!;
    if (move === "client") {
      const step = client!.next();
      clientWaits = step.value ?? undefined;
      if (step.done) client = undefined;
    } else if (move === "server") {
      const step = server!.next();
      serverWaits = step.value ?? undefined;
      if (step.done) server = undefined;
    } else if (move === "server dies") {
      deathsLeft--;
      server = serve(false);
      serverWaits = undefined;
    } else {
      mayDie = false;
      client = undefined;
      world.isClientDead = true;
      world.request = undefined;
    }
  }
  assert(server === undefined && client === undefined, "both sides come to an end");
  // The client's end: what it had written counts.
  world.isClientDead = true;
  for (const _ of lockSide(world, () => 1));
  for (const _ of writeBackSide(world, fault));
  for (const { value, from, to } of world.reads) {
    assert(maySee(world, value, from, to), `${value} was read, which is over`);
  }
  assert(maySee(world, world.file, world.now, world.now), `${world.file} is left, which is over`);
}

/** Every interleaving of a case; answers how many there are. */
function explore(plan: Case, countMax: number): number {
  const path: { choice: number; count: number }[] = [];
  for (let runs = 1;; runs++) {
    let depth = 0;
    runOnce(plan, (count) => {
      if (depth === path.length) path.push({ choice: 0, count });
      return path[depth++]!.choice;
    });
    path.length = depth;
    while (path.length > 0 && path.at(-1)!.choice + 1 === path.at(-1)!.count) path.pop();
    if (path.length === 0 || runs >= countMax) return runs;
    path.at(-1)!.choice++;
  }
}

const RUNS_MAX = 400_000;

Deno.test("no interleaving of a write and a recall loses what was answered", () => {
  const plan = { values: [1], others: [{}], serverDeaths: 0, clientDies: false };
  const runs = explore(plan, RUNS_MAX);
  assert(runs > 1000 && runs < RUNS_MAX, `${runs} interleavings are all`);
});

Deno.test("nor of a write and another's, and a reader", () => {
  const plan = { values: [1], others: [{ write: 9 }, {}], serverDeaths: 0, clientDies: false };
  assert(explore(plan, RUNS_MAX) > 1000, "there are many");
});

Deno.test("nor when the server dies at any step, or the client", () => {
  const dying = { values: [1], others: [{}], serverDeaths: 1, clientDies: false };
  assert(explore(dying, RUNS_MAX) > 1000, "there are many");
  const left = { values: [1, 2], others: [], serverDeaths: 0, clientDies: true };
  const runs = explore(left, RUNS_MAX);
  assert(runs > 10 && runs < RUNS_MAX, `${runs} ends are all`);
});

for (const fault of ["unlock by store", "clear before writing"] as const) {
  Deno.test(`the model finds: ${fault}`, () => {
    let found = "";
    const plans: Case[] = [
      { values: [1, 2], others: [{ write: 9 }], serverDeaths: 0, clientDies: false, fault },
      { values: [1, 2], others: [{}], serverDeaths: 1, clientDies: false, fault },
    ];
    for (const plan of plans) {
      try {
        explore(plan, RUNS_MAX);
      } catch (error) {
        found = String(error);
      }
    }
    assertEquals(/which is over|come to an end/.test(found), true, "a broken variant is found");
  });
}
