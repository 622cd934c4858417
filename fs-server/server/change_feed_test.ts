import { assertEquals } from "@std/assert";
import { sharedBytes } from "../ext4/test_images.ts";
import {
  CHANGE_RECORD,
  CHANGE_RECORD_BYTES_MAX,
  changeRecordBytes,
} from "../layouts/change_record.ts";
import { CHANGE, OPEN, WAIT_REQUESTS_MAX } from "../protocol.ts";
import { CHANGES_MAX } from "./change_feed.ts";
import { Rig, utf8 } from "./test_rig.ts";

const KINDS = Object.entries(CHANGE);

/** A rig where client 1 listens to what client 2 does. */
class Listening {
  readonly rig: Rig;
  readonly target: Uint8Array;
  after = 0;

  constructor(rig: Rig, byteLength = 4096) {
    this.rig = rig;
    this.target = sharedBytes(byteLength);
  }

  /** Asks as client 1; what was told comes with `told`. */
  ask(after = this.after): () => string[] | undefined {
    const { rig, target } = this;
    rig.badge = 1;
    const reply = rig.request("changes", { after, target });
    const sequence = rig.sequence;
    rig.badge = 2;
    return () => {
      const count = typeof reply === "number" ? reply : rig.lateAnswers.get(sequence);
      return count === undefined ? undefined : this.#read(count);
    };
  }

  #read(count: number): string[] {
    const view = new DataView(this.target.buffer);
    const told: string[] = [];
    for (let at = 0; at < count;) {
      const kind = view.getUint32(at + CHANGE_RECORD.kind, true);
      const nameBytes = view.getUint32(at + CHANGE_RECORD.nameBytes, true);
      const name = this.target.slice(at + CHANGE_RECORD.name, at + CHANGE_RECORD.name + nameBytes);
      const inode = view.getUint32(at + CHANGE_RECORD.inode, true);
      const generation = view.getUint32(at + CHANGE_RECORD.generation, true);
      this.after = view.getFloat64(at + CHANGE_RECORD.number, true);
      const what = KINDS.find(([, number]) => number === kind)?.[0];
      told.push(`${what} ${inode}/${generation} ${new TextDecoder().decode(name)}`.trim());
      at += changeRecordBytes(nameBytes);
    }
    return told;
  }
}

function idOf(rig: Rig, path: string): string {
  const { inode, generation } = Object(rig.stat(path, false));
  return `${inode}/${generation}`;
}

function listening(byteLength?: number): Listening {
  const clients = new Map([[1, 101], [2, 102]]);
  const rig = new Rig({ type: "ext4", clients, inodeRatioBytes: 4096 });
  return new Listening(rig, byteLength);
}

/** What client 2 does, all at once for who asks behind it. */
function told(one: Listening, act: () => unknown): string[] {
  const first = one.ask(0);
  assertEquals(first(), undefined);
  one.rig.answer("mkdir", { path: utf8("/mark"), mode: 0o755 });
  const [mark = ""] = first() ?? [];
  assertEquals(mark.startsWith("name"), true);
  act();
  const all = one.ask()() ?? [];
  one.rig.answer("rmdir", { path: utf8("/mark") });
  return all;
}

Deno.test("a client is told of all kinds of change that another makes, anywhere", () => {
  const one = listening();
  const { rig } = one;
  rig.badge = 2;
  rig.answer("mkdir", { path: utf8("/d"), mode: 0o755 });
  rig.writeFile("/d/f", "x");
  const [root, d, f] = ["/", "/d", "/d/f"].map((path) => idOf(rig, path));
  assertEquals(told(one, () => rig.answer("mkdir", { path: utf8("/d/e"), mode: 0o755 })), [
    `name ${d} e`,
  ]);
  assertEquals(told(one, () => rig.answer("chmod", { path: utf8("/d/f"), mode: 0o600 })), [
    `attributes ${f}`,
  ]);
  const value = utf8("v");
  const attribute = { path: utf8("/d/f"), name: utf8("user.a"), value };
  assertEquals(told(one, () => rig.answer("setxattr", attribute)), [`attributes ${f}`]);
  const handle = rig.open("/d/f", OPEN.readWrite) as number;
  const write = (offset: number) =>
    rig.answer("write", { handle, offset, append: false, source: value });
  assertEquals(told(one, () => [write(0), write(9), write(5)]), [`data ${f}`]);
  assertEquals(told(one, () => rig.answer("truncate", { handle, size: 1 })), [`data ${f}`]);
  const link = { source: utf8("/d/f"), target: utf8("/g") };
  assertEquals(told(one, () => rig.answer("link", link)), [`name ${root} g`, `attributes ${f}`]);
  const e = idOf(rig, "/d/e");
  const move = { source: utf8("/d/e"), target: utf8("/d/h") };
  assertEquals(told(one, () => rig.answer("rename", move)), [
    ...[`name ${d} e`, `name ${d} h`, `attributes ${e}`],
  ]);
  const over = { source: utf8("/g"), target: utf8("/d/h"), flags: 2 };
  assertEquals(told(one, () => rig.answer("rename", over)), [
    ...[`name ${root} g`, `name ${d} h`, `attributes ${f}`, `attributes ${e}`],
  ]);
  assertEquals(told(one, () => rig.answer("unlink", { path: utf8("/d/f") })), [
    ...[`name ${d} f`, `attributes ${f}`],
  ]);
  assertEquals(told(one, () => rig.answer("rmdir", { path: utf8("/g") })), [
    ...[`name ${root} g`, `attributes ${e}`],
  ]);
  assertEquals(told(one, () => rig.open("/d/h", OPEN.readWrite | OPEN.truncate)), [`data ${f}`]);
  assertEquals(told(one, () => rig.open("/new", OPEN.readWrite | OPEN.create)), [
    `name ${root} new`,
  ]);
  assertEquals(told(one, () => [rig.readFile("/d/h"), rig.list("/"), rig.stat("/d")]), []);
});

Deno.test("nobody is told of what it did itself, and a wait ends in time", () => {
  const one = listening();
  const { rig } = one;
  const asked = one.ask();
  rig.badge = 1;
  for (let count = 0; count < WAIT_REQUESTS_MAX - 1; count++) {
    rig.answer("mkdir", { path: utf8(`/d${count}`), mode: 0o755 });
  }
  assertEquals(asked(), undefined);
  rig.answer("chmod", { path: utf8("/d0"), mode: 0 });
  assertEquals(asked()?.length, 1);
  assertEquals(one.after > 0, true, "a number to go on from");
  const again = one.ask();
  assertEquals(again(), undefined);
  rig.answer("chmod", { path: utf8("/d0"), mode: 0 });
  assertEquals(again(), [`attributes ${idOf(rig, "/d0")}`]);
});

Deno.test("what happened between two requests is told by the second, as much as fits", () => {
  const one = listening(CHANGE_RECORD_BYTES_MAX);
  const { rig } = one;
  const first = one.ask();
  rig.answer("mkdir", { path: utf8("/0"), mode: 0o755 });
  assertEquals(first()?.length, 1);
  const names: string[] = [];
  for (let count = 1; count < 40; count++) {
    rig.answer("mkdir", { path: utf8(`/${count}`), mode: 0o755 });
    names.push(`name ${idOf(rig, "/")} ${count}`);
  }
  rig.answer("mkdir", { path: utf8("/" + "n".repeat(255)), mode: 0o755 });
  const heard: string[] = [];
  for (let more = one.ask()(); more !== undefined; more = one.ask()()) heard.push(...more);
  assertEquals(heard, [...names, `name ${idOf(rig, "/")} ${"n".repeat(255)}`]);
  rig.badge = 1;
  const small = sharedBytes(CHANGE_RECORD_BYTES_MAX - 1);
  assertEquals(rig.answer("changes", { after: 0, target: small }), "EINVAL");
});

Deno.test("who has missed something is told so: by a death, a client's end, or too many changes", () => {
  const one = listening();
  const { rig } = one;
  const chmod = (path: string) => rig.answer("chmod", { path: utf8(path), mode: 0o700 });
  const begin = () => {
    const asked = one.ask(0);
    chmod("/");
    assertEquals(asked()?.length, 1);
  };
  const overflow = () => {
    assertEquals(one.ask()(), ["overflow 0/0"]);
    const asked = one.ask();
    assertEquals(asked(), undefined, "and goes on from there");
    chmod("/");
    assertEquals(asked(), [`attributes ${idOf(rig, "/")}`]);
  };
  begin();
  rig.succeed();
  overflow();
  rig.clients!.delete(1);
  rig.fs.clientGone(1);
  rig.clients!.set(1, 201);
  overflow();
  for (let count = 0; count <= CHANGES_MAX; count++) {
    rig.answer("mknod", { path: utf8(`/n${count}`), mode: 0o644, device: 0 });
  }
  overflow();
});

Deno.test("changes cost no number where nobody has asked", () => {
  const one = listening();
  const { rig } = one;
  const before = rig.keep.slice(24, 32);
  rig.badge = 2;
  rig.answer("mkdir", { path: utf8("/d"), mode: 0o755 });
  assertEquals(rig.keep.slice(24, 32), before);
});
