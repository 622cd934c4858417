/**
 * What a mount needs of the host, looked at before anything is started: whoever lacks something is
 * told what it is and how to get it.
 *
 * @module
 */

import { findLibc } from "@hako/gateways/fuse";
import { OsError } from "@hako/ipc";

/** Something that the host must have and has not. */
export class MissingRequirement extends Error {
  /** The class name, as `Error` wants it. */
  override readonly name = "MissingRequirement";
}

/** By which requests reach the servers. */
const DEVICE = "/dev/fuse";

/** The program that has the right to mount, which others lack. */
export const FUSERMOUNT_PATHS: readonly string[] = [
  "/usr/bin/fusermount3",
  "/bin/fusermount3",
  "/usr/local/bin/fusermount3",
];

/** What users may ask of it. */
const CONFIGURATION = "/etc/fuse.conf";

/** Where C libraries are. */
const LIBRARIES: readonly string[] = [
  "/lib",
  "/lib64",
  "/usr/lib",
  "/usr/lib64",
  "/run/current-system/sw/lib",
];

/** What is looked at here: permissions to read. */
export const LOOKED_AT: readonly string[] = [...FUSERMOUNT_PATHS, CONFIGURATION, ...LIBRARIES];

/** The set-user-id bit (`inode(7)`). */
const SET_UID = 0o4000;

/** The host, as far as it is looked at. */
export interface Host {
  /** Who asks. */
  readonly isRoot: boolean;
  /** The mode of a file, or `undefined` if it is not there. */
  mode(path: string): number | undefined;
  /** What is written in a file; nothing if it cannot be read. */
  text(path: string): string;
  /** Whether `test(1)` says yes. */
  test(...args: readonly string[]): boolean;
  /** The C library. */
  libc(): string;
}

/** What is wanted of the host. */
export interface Wish {
  /** Whether other users are to be let in. */
  readonly allowOther: boolean;
  /** The C library, if the user said which. */
  readonly libc: string | undefined;
}

/**
 * Makes sure that this host can mount.
 *
 * @returns The path of the C library.
 * @throws {MissingRequirement} If it cannot.
 */
export function checkHost(host: Host, { allowOther, libc }: Wish): string {
  const found = checkedLibc(host, libc);
  checkDevice(host);
  const fusermount = FUSERMOUNT_PATHS.find((path) => host.mode(path) !== undefined);
  if (fusermount === undefined) {
    throw new MissingRequirement(
      "fusermount3 is missing; `apt install fuse3` brings it (elsewhere the package is fuse3 too)",
    );
  }
  if (host.isRoot) return found;
  if ((host.mode(fusermount)! & SET_UID) === 0) {
    throw new MissingRequirement(
      `only root may mount here; as root, \`chmod u+s ${fusermount}\` lets everyone`,
    );
  }
  if (allowOther && !/^\s*user_allow_other\s*$/m.test(host.text(CONFIGURATION))) {
    throw new MissingRequirement(
      `only root may use --allow-other; a line user_allow_other in ${CONFIGURATION} lets everyone`,
    );
  }
  return found;
}

function checkedLibc(host: Host, path: string | undefined): string {
  if (path !== undefined) {
    if (host.mode(path) !== undefined) return path;
    throw new MissingRequirement(`the C library ${path} is missing`);
  }
  try {
    return host.libc();
  } catch (error) {
    if (!(error instanceof OsError)) throw error;
    const advice = error.code === "ENOENT" ? "; --libc FILE tells where it is" : "";
    throw new MissingRequirement(`${error.message}${advice}`);
  }
}

function checkDevice(host: Host): void {
  if (!host.test("-e", DEVICE)) {
    throw new MissingRequirement(
      `${DEVICE} is missing; as root, \`modprobe fuse\` makes it. A container needs ` +
        `--device ${DEVICE} --cap-add SYS_ADMIN`,
    );
  }
  if (!host.test("-r", DEVICE, "-a", "-w", DEVICE)) {
    throw new MissingRequirement(
      `no right to ${DEVICE}; as root, \`chmod 666 ${DEVICE}\` gives it to everyone`,
    );
  }
}

/** The host that this program runs on. */
export function thisHost(): Host {
  return {
    isRoot: Deno.uid() === 0,
    mode(path) {
      try {
        return Deno.statSync(path).mode ?? 0;
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return undefined;
        throw error;
      }
    },
    text(path) {
      try {
        return Deno.readTextFileSync(path);
      } catch {
        return ""; // Nobody is allowed anything there.
      }
    },
    test(...args) {
      const command = new Deno.Command("test", { args: [...args], stdin: "null" });
      return command.outputSync().success;
    },
    libc: () => findLibc(),
  };
}
