/**
 * What a programmer does with a repository in an hour, by isomorphic-git on Hako's files.
 *
 * @module
 */

import * as isomorphic from "isomorphic-git";
import http from "isomorphic-git/http/web";
import type { FileSystemClient } from "@hako/fs-server";
import { nodeFs } from "@hako/fs-server/node";

/** Who commits. */
const AUTHOR = { name: "Grace", email: "grace@example.org", timestamp: 1_800_000_000 };

/** The adapter as isomorphic-git takes it. */
export type GitFs = isomorphic.PromiseFsClient;

/** The adapter over a client. */
export function gitFs(client: FileSystemClient): GitFs {
  return nodeFs<GitFs>(client);
}

/** One repository in a directory of Hako. */
export class GitWork {
  readonly #fs: GitFs;
  readonly #dir: string;

  /** Nothing is done yet. */
  constructor(fs: GitFs, dir: string) {
    this.#fs = fs;
    this.#dir = dir;
  }

  /** Clones. */
  async clone(url: string): Promise<void> {
    await isomorphic.clone({ ...this.#where, http, url });
  }

  /** The hashes of a branch's commits, the last first. */
  async log(ref = "HEAD"): Promise<string[]> {
    const commits = await isomorphic.log({ ...this.#where, ref });
    // What two branches have in common may be told twice.
    return [...new Set(commits.map(({ oid }) => oid))];
  }

  /** Writes files, adds and commits them; `undefined` removes one. */
  async commit(
    message: string,
    files: Readonly<Record<string, string | undefined>>,
  ): Promise<string> {
    const { promises } = this.#fs as unknown as { promises: Record<string, CallableFunction> };
    for (const [filepath, content] of Object.entries(files)) {
      const path = `${this.#dir}/${filepath}`;
      if (content === undefined) {
        await promises["unlink"]!(path);
        await isomorphic.remove({ ...this.#where, filepath });
        continue;
      }
      await promises["mkdir"]!(path.slice(0, path.lastIndexOf("/")), { recursive: true });
      await promises["writeFile"]!(path, content);
      await isomorphic.add({ ...this.#where, filepath });
    }
    return await isomorphic.commit({ ...this.#where, message, author: AUTHOR });
  }

  /** Makes a branch and goes there. */
  async branch(ref: string): Promise<void> {
    await isomorphic.branch({ ...this.#where, ref, checkout: true });
  }

  /** Goes to a branch. */
  async checkout(ref: string): Promise<void> {
    await isomorphic.checkout({ ...this.#where, ref });
  }

  /** Merges a branch into the one that is checked out. */
  async merge(theirs: string): Promise<void> {
    await isomorphic.merge({ ...this.#where, theirs, author: AUTHOR });
    const ours = await isomorphic.currentBranch(this.#where);
    await isomorphic.checkout({ ...this.#where, ref: String(ours) });
  }

  /** Sends a branch to where the repository came from. */
  async push(ref: string): Promise<void> {
    await isomorphic.push({ ...this.#where, http, ref });
  }

  /** Files that differ from what was committed or added. */
  async changes(): Promise<string[]> {
    const rows = await isomorphic.statusMatrix(this.#where);
    return rows.filter(([, ...states]) => states.some((state) => state !== 1)).map(([path]) =>
      path
    );
  }

  get #where() {
    return { fs: this.#fs, dir: this.#dir };
  }
}

/** Everything, on a clone; answers the hashes of the commits that it made. */
export async function workOnClone(work: GitWork, url: string): Promise<string[]> {
  await work.clone(url);
  const made: string[] = [];
  made.push(await work.commit("A note", { "notes/one.txt": "one\n", "Grüße.txt": "箱\n" }));
  await work.branch("topic");
  for (let index = 0; index < 6; index++) {
    const path = `topic/${index % 3}/file-${index}.txt`;
    made.push(
      await work.commit(`Topic ${index}`, { [path]: `${index}\n`.repeat(200 * index + 1) }),
    );
  }
  await work.checkout("main");
  made.push(await work.commit("Gone", { "notes/one.txt": undefined, "notes/two.txt": "two\n" }));
  await work.merge("topic");
  await work.push("main");
  return made;
}
