/**
 * What `hako fs` does for each of its orders.
 *
 * @module
 */

import { nextTurn, OsError } from "@hako/ipc";
import type { FileSystemClient } from "@hako/fs-server";
import { terminalProgress } from "../terminal/progress.ts";
import type { Style } from "../terminal/style.ts";
import { copy, hostSide, imageSide } from "./copying.ts";
import {
  describe,
  joined,
  jsonLine,
  listed,
  renderListing,
  renderStat,
  renderUsage,
  safe,
  treeLines,
} from "./listing.ts";
import type { Order } from "./order.ts";

/** Bytes that `cat` reads at once. */
const CAT_BYTES = 256 * 1024;

/** Time after which a long copy looks whether it was interrupted. */
const TURN_MS = 50;

/** What orders are done with. */
export interface Means {
  /** The files of the image. */
  readonly fs: FileSystemClient;
  /** Colours, where they are wanted. */
  readonly style: Style;
  /** Aborted when the user wants an end. */
  readonly signal: AbortSignal;
}

/** Does what was asked, and answers the exit code: 1 if something could not be done. */
export async function obey(order: Order, means: Means): Promise<number> {
  const { fs } = means;
  switch (order.kind) {
    case "ls":
      return each(order.paths, (path) => showListing(order, means, path));
    case "tree":
      return each(order.paths, (path) => showTree(order, means, path));
    case "cat":
      return each(order.paths, (path) => cat(fs, path));
    case "stat":
      return each(order.paths, (path) => {
        const found = describe(fs, path, path);
        say(order.flags.json ? jsonLine(path, found) : renderStat(path, found));
      });
    case "rm":
      return each(order.paths, (path) => remove(fs, path, order.flags));
    case "mkdir":
      return each(order.paths, (path) => {
        fs.mkdirSync(path, { recursive: order.flags.parents });
      });
    case "mv":
      return move(order, fs);
    case "ln":
      return each([order.target], (path) => link(order, fs, path));
    case "cp":
      return await copyAll(order, means);
    case "df":
      say(
        order.flags.json
          ? JSON.stringify(fs.statfsSync())
          : renderUsage(order.image, fs.statfsSync()),
      );
      return 0;
    case "check":
      return 0; // Done when the servers have halted: `checkImage`.
  }
}

/** Does something for each path; says what could not be done, and goes on. */
function each(paths: readonly string[], act: (path: string) => void): number {
  let code = 0;
  for (const path of paths) {
    try {
      act(path);
    } catch (error) {
      if (!(error instanceof OsError)) throw error;
      complain(error.message);
      code = 1;
    }
  }
  return code;
}

function showListing(order: Order & { kind: "ls" }, means: Means, path: string): void {
  const { flags } = order;
  const entries = listed(means.fs, path, flags.all);
  if (flags.json) {
    for (const entry of entries) say(jsonLine(joined(path, entry.name), entry));
    return;
  }
  if (order.paths.length > 1) say(`${safe(path)}:`);
  if (entries.length > 0) say(renderListing(entries, { ...flags, style: means.style }));
}

function showTree(order: Order, means: Means, path: string): void {
  const lines = treeLines(means.fs, path, { ...order.flags, style: means.style });
  let step = lines.next();
  for (; !step.done; step = lines.next()) say(step.value);
  const { directories, others } = step.value;
  const plural = (count: number, one: string, many: string) =>
    `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;
  say(`\n${plural(directories, "directory", "directories")}, ${plural(others, "file", "files")}`);
}

function cat(fs: FileSystemClient, path: string): void {
  using file = fs.openSync(path);
  const chunk = new Uint8Array(CAT_BYTES);
  for (let count = file.readSync(chunk); count !== null; count = file.readSync(chunk)) {
    for (let done = 0; done < count;) done += Deno.stdout.writeSync(chunk.subarray(done, count));
  }
}

function remove(
  fs: FileSystemClient,
  path: string,
  { recursive, force }: { readonly recursive: boolean; readonly force: boolean },
): void {
  if (/^\/+$/.test(path)) throw new OsError("EBUSY", "remove the root");
  try {
    if (!recursive && fs.lstatSync(path).isDirectory) {
      throw new OsError("EISDIR", `remove '${path}' without --recursive`);
    }
    fs.removeSync(path, { recursive });
  } catch (error) {
    if (force && error instanceof OsError && error.code === "ENOENT") return;
    throw error;
  }
}

function link(order: Order & { kind: "ln" }, fs: FileSystemClient, path: string): void {
  if (order.flags.force) remove(fs, path, { recursive: false, force: true });
  if (order.flags.symbolic) fs.symlinkSync(order.source, path);
  else fs.linkSync(order.source, path);
}

function move({ sources, target }: Order & { kind: "mv" }, fs: FileSystemClient): number {
  const isDirectory = imageSide(fs).look(target, true)?.kind === "directory";
  if (!isDirectory && sources.length > 1) throw new OsError("ENOTDIR", `move to ${target}`);
  return each(sources, (source) => {
    const name = source.replace(/\/+$/, "").split("/").at(-1) ?? "";
    fs.renameSync(source, isDirectory ? joined(target, name) : target);
  });
}

async function copyAll(order: Order & { kind: "cp" }, { fs, signal }: Means): Promise<number> {
  const { flags } = order;
  using progress = terminalProgress(flags);
  let turnedMs = performance.now();
  const failures = await copy({ host: hostSide, image: imageSide(fs) }, order, {
    ...flags,
    signal,
    async onStep(path, doneBytes, totalBytes) {
      const MiB = 1024 * 1024;
      const label = `MiB  ${safe(path.split("/").at(-1) ?? "")}`;
      progress.update(label, Math.round(doneBytes / MiB), Math.round(totalBytes / MiB));
      if (performance.now() - turnedMs < TURN_MS) return;
      await nextTurn(); // Signals come through the event loop.
      turnedMs = performance.now();
    },
  });
  progress.erase();
  for (const { path, why } of failures) complain(`${path}: ${why}`);
  return failures.length === 0 ? 0 : 1;
}

function say(text: string): void {
  console.log(text);
}

function complain(what: string): void {
  console.error(`hako fs: ${safe(what)}`);
}
