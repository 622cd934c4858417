/**
 * What a programmer does with a repository all day, by isomorphic-git on Hako's files: what it leaves
 * is what any git can read.
 *
 * @module
 */

import * as isomorphic from "isomorphic-git";
import type { FileSystemClient } from "@hako/fs-server";
import { nodeFs } from "@hako/fs-server/node";
import type { Random } from "../random.ts";
import { type ExpectedRepository, FILES_OF_A_TOPIC, MAIN } from "./repository_plan.ts";

/** Who commits, always at the same moment: the same work has the same hashes. */
const AUTHOR = { name: "Grace", email: "grace@example.org", timestamp: 1_800_000_000 };

/** Files that lie there at a time, at most: all of them are looked at for a merge. */
const TOPICS = 6;

/** Lines of a file, at most. */
const LINES_MAX = 400;

/** A repository, and one who works on it. */
export class GitWork {
  readonly #where: { readonly fs: isomorphic.PromiseFsClient; readonly dir: string };
  readonly #client: FileSystemClient;
  readonly #random: Random;
  readonly #branches: Map<string, string> = new Map();
  readonly #commits: string[] = [];
  readonly #files: Map<string, string> = new Map();
  /** Hears of each thing that is done, which it does. */
  readonly #timed: <T>(call: () => Promise<T>) => Promise<T>;
  #round = 0;

  /**
   * @param client Of the files.
   * @param dir The repository's directory.
   * @param random Chance.
   * @param timed Does one thing, and notes how it went.
   */
  constructor(
    client: FileSystemClient,
    dir: string,
    random: Random,
    timed: <T>(call: () => Promise<T>) => Promise<T>,
  ) {
    this.#client = client;
    this.#where = { fs: nodeFs<isomorphic.PromiseFsClient>(client), dir };
    this.#random = random;
    this.#timed = timed;
  }

  /** What the repository must hold. */
  get expected(): ExpectedRepository {
    return {
      branches: Object.fromEntries(this.#branches),
      commits: this.#commits,
      files: Object.fromEntries(this.#files),
    };
  }

  /** Makes the repository, with a first commit. */
  async begin(): Promise<void> {
    this.#client.mkdirSync(this.#where.dir, { recursive: true });
    await this.#timed(() => isomorphic.init({ ...this.#where, defaultBranch: MAIN }));
    this.#branches.set(MAIN, await this.#commit("First", "README.md"));
  }

  /** A topic: a branch, commits on it and beside it, and a merge. */
  async work(): Promise<void> {
    const round = this.#round++;
    const topic = `topic-${round}`;
    const before = new Map(this.#files);
    await this.#timed(() => isomorphic.branch({ ...this.#where, ref: topic, checkout: true }));
    for (let index = 0; index < FILES_OF_A_TOPIC; index++) {
      const path = `topics/${round % TOPICS}/file-${index}.txt`;
      this.#branches.set(topic, await this.#commit(`${topic}: ${index}`, path));
    }
    const ofTopic = new Map(this.#files);
    await this.#timed(() => isomorphic.checkout({ ...this.#where, ref: MAIN }));
    this.#files.clear();
    for (const [path, content] of before) this.#files.set(path, content);
    const beside = `main/file-${round % TOPICS}.txt`;
    await this.#commit(`Beside ${topic}`, beside);
    const merged = this.#files.get(beside)!;
    await this.#merge(topic);
    for (const [path, content] of ofTopic) this.#files.set(path, content);
    this.#files.set(beside, merged);
  }

  /** What is not as it should be, by isomorphic-git itself; `undefined` if all is. */
  async look(): Promise<string | undefined> {
    const rows = await this.#timed(() => isomorphic.statusMatrix(this.#where));
    const changed = rows.filter(([, ...states]) => states.some((state) => state !== 1));
    const { dir } = this.#where;
    if (changed.length > 0) return `${dir}/${changed[0]![0]} is not as it was committed`;
    const log = await this.#timed(() => isomorphic.log({ ...this.#where, ref: MAIN }));
    const seen = new Set(log.map(({ oid }) => oid));
    const missing = this.#commits.filter((oid) => !seen.has(oid));
    if (missing.length > 0) return `${dir}: commit ${missing[0]} is missing`;
    return undefined;
  }

  async #commit(message: string, path: string): Promise<string> {
    const { dir } = this.#where;
    const content = this.#content(message);
    const whole = `${dir}/${path}`;
    this.#client.mkdirSync(whole.slice(0, whole.lastIndexOf("/")), { recursive: true });
    this.#client.writeTextFileSync(whole, content);
    this.#files.set(path, content);
    await this.#timed(() => isomorphic.add({ ...this.#where, filepath: path }));
    const made = { ...this.#where, message, author: AUTHOR };
    const oid = await this.#timed(() => isomorphic.commit(made));
    this.#commits.push(oid);
    return oid;
  }

  async #merge(topic: string): Promise<void> {
    const what = { ...this.#where, ours: MAIN, theirs: topic, author: AUTHOR };
    const { oid } = await this.#timed(() => isomorphic.merge(what));
    this.#commits.push(oid!);
    this.#branches.set(MAIN, oid!);
    // It merges commits; the files follow by a checkout.
    await this.#timed(() => isomorphic.checkout({ ...this.#where, ref: MAIN }));
  }

  #content(title: string): string {
    const count = 1 + Math.floor(this.#random() * LINES_MAX);
    const lines = Array.from(
      { length: count },
      () => Math.floor(this.#random() * 1e9).toString(36),
    );
    return `${title}\n${lines.join("\n")}\n`;
  }
}
