/**
 * Block devices of the host for tests: loop devices, where there is somebody who may make them.
 *
 * @module
 */

/** A loop device on an image. */
export interface LoopDevice extends Disposable {
  /** A node of it, outside of /dev: Deno lets a driver open that. */
  readonly path: string;
  /** Its image. */
  readonly image: string;
}

/** Makes a loop device of zeroes; `undefined` where that is not possible. */
export function makeLoopDevice(byteLength: number): LoopDevice | undefined {
  const directory = Deno.makeTempDirSync({ prefix: "hako-loop-" });
  const image = `${directory}/image`;
  Deno.createSync(image).close();
  Deno.truncateSync(image, byteLength);
  const device = run("losetup", "--find", "--show", image);
  const path = `${directory}/disk`;
  const release = () => {
    if (device !== undefined) run("losetup", "--detach", device);
    Deno.removeSync(directory, { recursive: true });
  };
  const major = device === undefined ? undefined : run("stat", "--format=%Hr", device);
  const minor = device === undefined ? undefined : run("stat", "--format=%Lr", device);
  const isMade = major !== undefined && minor !== undefined &&
    run("mknod", path, "b", major, minor) !== undefined && mayOpen(path);
  if (isMade) return { path, image, [Symbol.dispose]: release };
  release();
  return undefined;
}

/** What a command says; `undefined` if it fails or is not there. */
function run(name: string, ...args: string[]): string | undefined {
  try {
    const { code, stdout } = new Deno.Command(name, { args, stderr: "null" }).outputSync();
    return code === 0 ? new TextDecoder().decode(stdout).trim() : undefined;
  } catch {
    return undefined; // Not there, or not allowed.
  }
}

/** Whether this process may read and write a device. */
export function mayOpen(path: string): boolean {
  try {
    Deno.openSync(path, { read: true, write: true }).close();
    return true;
  } catch {
    return false; // A directory whose devices do not count.
  }
}
