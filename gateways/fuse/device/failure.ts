/**
 * What `fusermount3` says of its failures, as errors that say what to do.
 *
 * @module
 */

import { type Errno, OsError } from "@hako/ipc";

interface Failure {
  /** What it says; the first that is found counts. */
  readonly said: RegExp;
  readonly code: Errno;
  /** What to do about it. */
  readonly advice?: string;
}

const FAILURES: readonly Failure[] = [
  {
    said: /device not found|(open|access) \/dev\/fuse: No such (file|device)|unknown filesystem/,
    code: "ENODEV",
    advice: "Linux has no FUSE here; `modprobe fuse`, or give the container /dev/fuse",
  },
  {
    said: /\/dev\/fuse: (Permission denied|Operation not permitted)/,
    code: "EACCES",
    advice: "it takes the right to read and write /dev/fuse; `chmod 666 /dev/fuse` gives it to all",
  },
  {
    said: /user_allow_other/,
    code: "EPERM",
    advice: "root must write the line user_allow_other to /etc/fuse.conf",
  },
  {
    said: /too many FUSE filesystems/,
    code: "EBUSY",
    advice: "mount_max in /etc/fuse.conf says how many",
  },
  {
    said: /Transport endpoint is not connected/,
    code: "EBUSY",
    advice: "what is mounted there is dead; `fusermount3 -uz` cures it",
  },
  { said: /no write access|Permission denied/, code: "EACCES" },
  {
    said: /not permitted|privileged options/,
    code: "EPERM",
    advice: "it takes root, or fusermount3 with its set-user-id bit (`chmod u+s`)",
  },
  {
    said: /resource busy/,
    code: "EBUSY",
    advice: "a file is open there or somebody works there; try again, or lazily",
  },
  { said: /No such file/, code: "ENOENT" },
  { said: /not a directory/i, code: "ENOTDIR" },
  { said: /not found in|not mounted|Invalid argument/, code: "EINVAL" },
  { said: /unknown option|invalid/i, code: "EINVAL" },
];

/** The error for what was said. Those of unknown words are `EIO`. */
export function explain(what: string, said: string): OsError {
  const words = said === "" ? "fusermount3 said nothing" : said;
  const failure = FAILURES.find((one) => one.said.test(said));
  const advice = failure?.advice === undefined ? "" : ` (${failure.advice})`;
  return new OsError(failure?.code ?? "EIO", `${what}: ${words}${advice}`);
}
