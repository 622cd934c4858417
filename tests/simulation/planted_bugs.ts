/**
 * The storage server's code with a bug planted in it: one text of its source in place of another.
 *
 * @module
 */

import type { Layers, WorldPlan } from "./plan.ts";
import { planOf } from "./plan.ts";
import type { StorageCode } from "./storage_code.ts";

/** A bug that the simulation must find. */
export interface PlantedBug {
  /** Its name. */
  readonly name: string;
  /** The module, in `storage-server`. */
  readonly module: string;
  /** What stands there, once. */
  readonly from: string;
  /** What stands there instead. */
  readonly to: string;
  /** The worlds in which it can show; those on a plain disk if left out. */
  readonly layers?: readonly Layers[];
  /** What its worlds have more of than others, if it is rare. */
  readonly focus?: Partial<WorldPlan>;
  /** Worlds within which it is found. */
  readonly seeds: number;
}

/** Worlds of many transactions, done in any order after many deaths. */
const TRANSACTIONS: Partial<WorldPlan> = {
  takesFirst: "any",
  mix: [["read", 30], ["transact", 40], ["flush", 3]],
  clients: [1, 2, 3, 4],
  spanMax: 2,
  depthMax: 2,
  deathAtPoint: 0.06,
};

/** Worlds of many writes and reads of few blocks, and many deaths between. */
const OVERLAPS: Partial<WorldPlan> = {
  takesFirst: "taken",
  mix: [["read", 30], ["write", 30]],
  clients: [1, 2, 3, 4],
  spanMax: 2,
  depthMax: 2,
  thinkUsMax: 0,
  deathUsMean: 3_000,
};

/** Every bug. */
export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    name: "a header is written before its images are flushed",
    module: "journal.ts",
    from: `point("commit.images-written");\n    this.#flush();`,
    to: "",
    seeds: 200,
  },
  {
    name: "the superblock moves past a record that is not in place yet",
    module: "journal.ts",
    from: "this.#ring.writeSuperblock(place);",
    to: "this.#ring.writeSuperblock({ sequence: place.sequence + 1, " +
      "position: this.#ring.after(place.position, length), chain: checksum });",
    seeds: 100,
  },
  {
    name: "a checkpoint moves the superblock before what was applied is durable",
    module: "journal.ts",
    from: `this.#point("checkpoint.started");\n    this.#flush();`,
    to: "",
    focus: { ringLength: 8, tailImages: 6, powerCutAtFlush: 0.1 },
    seeds: 1500,
  },
  {
    name: "the tail is published image by image",
    module: "volume.ts",
    from: `this.#point("transact.image-copied");`,
    to: `this.#tail.publish(); this.#point("transact.image-copied");`,
    focus: TRANSACTIONS,
    seeds: 100,
  },
  {
    name: "replay takes whatever record stands there",
    module: "ring.ts",
    from: "header?.sequence === place.sequence && header.chain === place.chain",
    to: "header !== undefined",
    seeds: 100,
  },
  {
    name: "pinned blocks are written in place",
    module: "block_view.ts",
    from: "return this.#journal.pinnedMax === 0 || this.#countPinned(first, count) === 0;",
    to: "return true;",
    seeds: 100,
  },
  {
    name: "blocks of live records are not pinned",
    module: "journal.ts",
    from: "this.#tail.has(block) || this.#recorded.has(block)",
    to: "this.#tail.has(block)",
    seeds: 200,
  },
  {
    name: "a failed flush is forgotten",
    module: "journal.ts",
    from: "if (error instanceof OsError) this.#tail.fail(ERRNO.EIO);",
    to: "",
    seeds: 100,
  },
  {
    name: "a transaction that is given again is done again",
    module: "volume.ts",
    from: "if (this.#tail.last(badge)?.sequence === sequence) return count;",
    to: "",
    focus: TRANSACTIONS,
    seeds: 200,
  },
  {
    name: "images are laid over reads of one block alone",
    module: "block_view.ts",
    from: "if (count === 1 || images === 0) return;",
    to: "return;",
    seeds: 100,
  },
  {
    name: "a forced write is answered before the flush",
    module: "volume.ts",
    from: "if ((flags & WRITE_FLAG.FUA) !== 0) this.#view.makeDurable(hasImages);",
    to: "",
    seeds: 100,
  },
  {
    name: "a forced write flushes the disk and leaves its images in the tail",
    module: "block_view.ts",
    from: "if (hasImages) this.#journal.commit();",
    to: "if (hasImages) this.#journal.flush();",
    seeds: 100,
  },
  {
    name: "what overlaps a write under way is not held back",
    module: "transfers.ts",
    from: "while (this.#overlapsWrite(first, count)) this.#device.wait();",
    to: "",
    focus: OVERLAPS,
    seeds: 1500,
  },
  {
    name: "a group commit that a dead server began is taken as durable",
    module: "recover.ts",
    from: "try {\n    parts.device.flush();\n  } catch",
    to: "try {\n  } catch",
    focus: { deathAtPoint: 0.06, powerCutAfterDeath: 0.5 },
    seeds: 1500,
  },
  {
    name: "recovery moves the superblock before what it replayed is durable",
    module: "recover.ts",
    from: `parts.device.flush();\n  parts.point("recover.data-flushed");`,
    to: "",
    focus: { powerCutAtFlush: 0.1 },
    seeds: 1500,
  },
  {
    name: "the newer superblock is written over",
    module: "ring.ts",
    from: "const which = this.#which ^ 1;",
    to: "const which = this.#which;",
    focus: { tearBytes: 16, powerCutAtFlush: 0.1 },
    seeds: 1500,
  },
  {
    name: "live records are written over",
    module: "journal.ts",
    from:
      "if (length > this.#ring.superblock.ringLength - tail.ring.liveBlocks) this.checkpoint();",
    to: "",
    seeds: 200,
  },
  {
    name: "a part of a block is loaded before there is room for it",
    module: "block_view.ts",
    from:
      "this.#journal.makeRoom(1); // Before the scratch is used: this may commit and so use it.\n" +
      "    const whole = this.#load(block);",
    to: "const whole = this.#load(block); this.#journal.makeRoom(1);",
    seeds: 300,
  },
  {
    name: "a mirror is read from a leg that lacks something",
    module: "integrity/integrity_device.ts",
    from: "if (!legs.isMirrored || regions.unsettledRegions > 0) return legs.primary;",
    to: "",
    layers: ["mirror", "mirror with tags"],
    seeds: 200,
  },
  {
    name: "a leg that has not done a write stays in",
    module: "integrity/legs.ts",
    from: "if (failed0) return this.#putOut(0, errno0);",
    to: "return 0;",
    layers: ["mirror", "mirror with tags"],
    seeds: 1500,
  },
  {
    name: "what is read is not compared with its tag",
    module: "integrity/integrity_device.ts",
    from: "if (errno === 0 && tags === undefined) return 0;",
    to: "if (errno === 0) return 0;",
    layers: ["tags", "mirror with tags"],
    seeds: 200,
  },
];

/** The worlds in which a bug is looked for, one seed after the other. */
export function* worldsFor({ layers = ["disk"], focus, seeds }: PlantedBug): Generator<WorldPlan> {
  for (let seed = 1, count = 0; count < seeds; seed++) {
    const plan = planOf(seed);
    if (!layers.includes(plan.layers)) continue;
    count++;
    yield { ...plan, ...focus };
  }
}

const STORAGE = new URL("../../storage-server/", import.meta.url);

/**
 * Loads the code with a bug in it.
 *
 * @throws {Error} If the source has changed and has no such text any more, or several.
 */
export async function plant({ module, from, to }: PlantedBug): Promise<StorageCode> {
  const directory = await Deno.makeTempDir({ prefix: "hako-planted-" });
  try {
    const found = await copySources(STORAGE, directory, (path, text) => {
      if (path !== module) return text;
      if (text.split(from).length !== 2) throw new Error(`${module} has no single text ${from}`);
      return text.replace(from, () => to);
    });
    if (!found.includes(module)) throw new Error(`there is no ${module}`);
    const root = `file://${directory}/`;
    const { openJournal } = await import(`${root}recover.ts`);
    const { Volumes } = await import(`${root}volumes.ts`);
    const { Upkeep } = await import(`${root}upkeep.ts`);
    const { openIntegrity } = await import(`${root}integrity/open.ts`);
    return { openIntegrity, openJournal, Upkeep, Volumes };
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Copies what is no test, with imports that are right elsewhere, too; answers the paths. */
async function copySources(
  root: URL,
  directory: string,
  change: (path: string, text: string) => string,
  under = "",
): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL(under, root))) {
    const path = under + name;
    if (isDirectory) {
      await Deno.mkdir(`${directory}/${path}`);
      paths.push(...await copySources(root, directory, change, `${path}/`));
    } else if (name.endsWith(".ts") && !/_(?:test|bench)\.ts$/.test(name)) {
      const text = change(path, await Deno.readTextFile(new URL(path, root)));
      const resolved = text.replaceAll(
        /from "(@[^"]+)"/g,
        (_, specifier) => `from "${import.meta.resolve(specifier)}"`,
      );
      await Deno.writeTextFile(`${directory}/${path}`, resolved);
      paths.push(path);
    }
  }
  return paths;
}
