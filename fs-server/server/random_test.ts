import { randomOf } from "../ext4/test_random.ts";
import { assertEquals } from "@std/assert";
import { OPEN } from "../protocol.ts";
import { fsck, hasTool } from "../ext4/test_images.ts";
import { pattern, Rig, type RigOptions, utf8 } from "./test_rig.ts";

/** A file, or a directory, in the simplest file system there is. */
type Node = { content: Uint8Array } | Map<string, Node>;

const NAMES = ["a", "b", "c", "name-of-some-length", "d.txt"];

/** What the file system should be, by the simplest means. */
class Model {
  readonly root = new Map<string, Node>([["lost+found", new Map<string, Node>()]]);

  find(path: string[]): Node | undefined {
    let node: Node | undefined = this.root;
    for (const name of path) node = node instanceof Map ? node.get(name) : undefined;
    return node;
  }

  parent(path: string[]): Map<string, Node> | undefined {
    const node = this.find(path.slice(0, -1));
    return node instanceof Map ? node : undefined;
  }
}

function textOf(path: string[]): string {
  return "/" + path.join("/");
}

/** One random operation on both; throws where they differ. */
function step(rig: Rig, model: Model, random: (bound: number) => number): void {
  const somePath = () => {
    const depth = 1 + random(3);
    return Array.from({ length: depth }, () => NAMES[random(NAMES.length)] as string);
  };
  const path = somePath();
  const name = path.at(-1) as string;
  const parent = model.parent(path);
  const node = model.find(path);
  switch (random(7)) {
    case 0: {
      const content = pattern(random(4) === 0 ? random(300_000) : random(9000), random(1e6))
        .slice();
      const isDone = typeof rig.writeFile(textOf(path), content) === "number";
      const isExpected = parent !== undefined && !(node instanceof Map);
      assertEquals(isDone, isExpected, `write ${textOf(path)}`);
      if (isExpected && node !== undefined) (node as { content: Uint8Array }).content = content;
      else if (isExpected) parent.set(name, { content });
      break;
    }
    case 1: {
      const isDone = rig.answer("mkdir", { path: utf8(textOf(path)), mode: 0o755 }) === 0;
      assertEquals(isDone, parent !== undefined && node === undefined, `mkdir ${textOf(path)}`);
      if (isDone) parent?.set(name, new Map());
      break;
    }
    case 2: {
      const isDone = rig.answer("unlink", { path: utf8(textOf(path)) }) === 0;
      assertEquals(isDone, node !== undefined && !(node instanceof Map), `unlink ${textOf(path)}`);
      if (isDone) parent?.delete(name);
      break;
    }
    case 3: {
      const isDone = rig.answer("rmdir", { path: utf8(textOf(path)) }) === 0;
      assertEquals(isDone, node instanceof Map && node.size === 0, `rmdir ${textOf(path)}`);
      if (isDone) parent?.delete(name);
      break;
    }
    case 4: {
      const target = somePath();
      const isDone = rig.answer("rename", {
        source: utf8(textOf(path)),
        target: utf8(textOf(target)),
      }) === 0;
      assertEquals(isDone, canRename(model, path, target), `${textOf(path)} to ${textOf(target)}`);
      const isSame = node === model.find(target);
      if (isDone && !isSame) {
        parent?.delete(name);
        model.parent(target)?.set(target.at(-1) as string, node as Node);
      }
      break;
    }
    case 5:
      if (node !== undefined && !(node instanceof Map)) writeSomewhere(rig, node, path, random);
      break;
    default:
      if (node !== undefined && !(node instanceof Map)) truncateSomewhere(rig, node, path, random);
  }
}

interface ModelFile {
  content: Uint8Array;
}

function writeSomewhere(
  rig: Rig,
  file: ModelFile,
  path: string[],
  random: (bound: number) => number,
): void {
  const handle = rig.open(textOf(path), OPEN.readWrite) as number;
  const offset = random(400_000);
  const source = pattern(1 + random(20_000), random(1e6));
  rig.answer("write", { handle, offset, append: false, source });
  const longer = new Uint8Array(Math.max(file.content.byteLength, offset + source.byteLength));
  longer.set(file.content);
  longer.set(source, offset);
  file.content = longer;
  rig.answer("close", { handle });
}

function truncateSomewhere(
  rig: Rig,
  file: ModelFile,
  path: string[],
  random: (bound: number) => number,
): void {
  const handle = rig.open(textOf(path), OPEN.readWrite) as number;
  const size = random(500_000);
  rig.answer("truncate", { handle, size });
  const cut = new Uint8Array(size);
  cut.set(file.content.subarray(0, size));
  file.content = cut;
  rig.answer("close", { handle });
}

function canRename(model: Model, source: string[], target: string[]): boolean {
  const node = model.find(source);
  const victim = model.find(target);
  if (node === undefined || model.parent(target) === undefined) return false;
  if (node === victim) return true;
  if (node instanceof Map) {
    const isWithin = source.every((name, index) => target[index] === name);
    if (isWithin) return false;
    return victim === undefined || (victim instanceof Map && victim.size === 0);
  }
  return !(victim instanceof Map);
}

function compare(rig: Rig, node: Node, path: string): void {
  if (!(node instanceof Map)) {
    assertEquals(rig.readFile(path), node.content, path);
    return;
  }
  assertEquals(rig.list(path), [...node.keys()].sort(), path);
  for (const [name, child] of node) compare(rig, child, `${path === "/" ? "" : path}/${name}`);
}

/** Every other one lets incarnations die, at random disk calls and points. */
const SHAPES: RigOptions[] = [
  {},
  { type: "ext4", blockBytes: 1024 },
  { type: "ext3", blockBytes: 2048, inodeBytes: 128 },
  { type: "ext2", blockBytes: 1024, logBytes: 96 * 1024 },
  { type: "ext4" },
  { type: "ext4", blockBytes: 2048, logBytes: 0 },
];

for (const [index, shape] of SHAPES.entries()) {
  const seed = index + 1;
  Deno.test({
    name: `random operations do what the simplest model does, deaths or not, seed ${seed}`,
    ignore: !hasTool("e2fsck"),
    fn() {
      const random = randomOf(seed);
      const rig = new Rig({ blockCount: 16_384, windowBlocks: 100, ...shape });
      const model = new Model();
      if (seed % 2 === 0) {
        rig.disk.before = () => {
          if (random(400) === 0) rig.die("disk call");
        };
        rig.disk.afterTransaction = () => {
          if (random(100) === 0) rig.die("after transaction");
        };
        rig.onPoint = () => {
          if (random(1000) === 0) rig.die("point");
        };
      }
      for (let count = 0; count < 600; count++) step(rig, model, random);
      rig.disk.before = () => {};
      rig.disk.afterTransaction = () => {};
      rig.onPoint = () => {};
      compare(rig, model.root, "/");
      rig.answer("fsync", { handle: 0 });
      rig.reboot();
      compare(rig, model.root, "/");
      const { code, output } = rig.fsck();
      assertEquals(code, 0, output);
      rig.fs.halt();
      assertEquals(fsck(rig.disk).code, 0);
    },
  });
}
