/**
 * A programmer: an app that works on git repositories in Hako's files, one after the other,
 * and looks at them again until it is told to stop.
 *
 * @module
 */

import "./no_environment.ts"; // For isomorphic-git.
import { FileSystem, FileSystemClient } from "@hako/fs-server";
import { enter } from "@hako/kernel/domain";
import { Pulse } from "../../record/pulse.ts";
import { GitWork } from "../foreign/git_work.ts";
import type { ExpectedRepository } from "../foreign/repository_plan.ts";
import { randomFrom } from "../random.ts";

/** What it finishes with. */
export interface GitResult {
  /** What each repository must hold, by the path of its directory. */
  readonly expected: Readonly<Record<string, ExpectedRepository>>;
  /** What was not as it should be; empty if nothing was. */
  readonly failure: string;
}

const domain = await enter();
const { stop, seed, directories, topicCount } = domain.options as {
  readonly stop: SharedArrayBuffer;
  readonly seed: number;
  readonly directories: readonly string[];
  readonly topicCount: number;
};
const fs = new FileSystemClient(domain.connect(FileSystem, "files"), domain.window("buffers"));
const pulse = new Pulse(domain);
const random = randomFrom(seed);
const expected: Record<string, ExpectedRepository> = {};
let done = 0;
let failure = "";
try {
  const works = [];
  for (const directory of directories) works.push(await workOn(directory));
  do {
    for (const work of works) await look(work);
  } while (Atomics.load(new Int32Array(stop), 0) === 0);
} catch (error) {
  failure = error instanceof Error ? error.message : String(error);
}
pulse.flush();
domain.finish({ expected, failure } satisfies GitResult);

async function workOn(directory: string): Promise<GitWork> {
  const work = new GitWork(fs, directory, random, async (call) => {
    const answer = await pulse.timeAsync(call);
    pulse.reach(++done);
    return answer;
  });
  await work.begin();
  for (let count = 0; count < topicCount; count++) await work.work();
  expected[directory] = work.expected;
  return work;
}

async function look(work: GitWork): Promise<void> {
  const wrong = await work.look();
  if (wrong !== undefined) throw new Error(wrong);
}
