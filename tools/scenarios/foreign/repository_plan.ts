/**
 * What is done in a repository, and what it must hold then, for those who have no git.
 *
 * @module
 */

/** The branch that topics are merged into. */
export const MAIN = "main";

/** Commits of a topic, each of another file. */
export const FILES_OF_A_TOPIC = 3;

/** Things that are done to begin. */
export const STEPS_TO_BEGIN = 3;

/** Things that are done for each topic. */
export const STEPS_OF_A_TOPIC: number = 6 + 2 * FILES_OF_A_TOPIC;

/** What a repository must hold. */
export interface ExpectedRepository {
  /** The hash of the last commit of each branch. */
  readonly branches: Readonly<Record<string, string>>;
  /** The hashes of all commits. */
  readonly commits: readonly string[];
  /** The content of each file of {@linkcode MAIN}. */
  readonly files: Readonly<Record<string, string>>;
}
