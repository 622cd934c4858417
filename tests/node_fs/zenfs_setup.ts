/**
 * What ZenFS's own tests import: a `node:fs` on a system of Hako with the files that they need. Each
 * test file has a process's worker, and a system, of its own.
 *
 * @module
 */

import { Readable, Writable } from "node:stream";
import { OsError } from "@hako/ipc";
import { boot, defineSystem } from "@hako/kernel";
import { FileSystem, FileSystemClient, XATTR } from "@hako/fs-server";
import { nodeFs, type StreamClasses } from "@hako/fs-server/node";
import { filesOnImage } from "@hako/tools";

const MiB = 1024 * 1024;

/** Paths at the front of the arguments of functions, where it is not one. */
const PATHS: Readonly<Record<string, number>> = {
  ...{ copyFile: 2, cp: 2, link: 2, rename: 2 },
  ...{ close: 0, read: 0, readv: 0, write: 0, writev: 0, symlink: 0 },
};

type AnyFunction = (...values: unknown[]) => unknown;

/** As the package's setup for Node does: the tests expect errors that name absolute paths. */
function withAbsolutePaths(functions: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(functions).map(([name, value]) => {
    const isFunction = typeof value === "function" && !/^(?:[A-Z]|f[a-z]*(?:Sync)?$)/.test(name);
    if (!isFunction) return [name, value];
    const count = PATHS[name.replace(/Sync$/, "")] ?? 1;
    const call: AnyFunction = (...values) => {
      for (let index = 0; index < count; index++) {
        const path = values[index];
        if (typeof path === "string" && /^[^/]/.test(path)) values[index] = `/${path}`;
      }
      return (value as AnyFunction)(...values);
    };
    return [name, call];
  });
  return Object.fromEntries(entries);
}

const directory = Deno.makeTempDirSync();
const domains = filesOnImage({ path: `${directory}/disk.img`, createBytes: 64 * MiB });
const system = await boot(defineSystem({ base: import.meta.url, domains }));
Deno.removeSync(directory, { recursive: true }); // The driver has the image open.
const files = await system.connect(FileSystem, "files");
const client = new FileSystemClient(files, await system.window(4 * MiB));
client.removeSync("/lost+found"); // The tests list the root, and expect to read all of it.

const ownStreams = Deno.env.get("ZENFS_OWN_STREAMS") === "1";
const streams = { Readable, Writable } as unknown as StreamClasses;
const plain = nodeFs<Record<string, unknown>>(client, {
  umask: 0,
  ...(ownStreams ? {} : { streams }),
});

/** How ZenFS names extended attributes; `node:fs` has none. */
const xattr = (() => {
  const set = (
    path: string,
    name: string,
    value: string,
    options: Record<string, unknown> = {},
  ) => {
    const flags = (options["create"] ? XATTR.create : 0) | (options["replace"] ? XATTR.replace : 0);
    client.setXattrSync(path, name, new TextEncoder().encode(value), { flags });
  };
  const get = (path: string, name: string, options: Record<string, unknown> = {}) => {
    const value = client.getXattrSync(path, name);
    return options["encoding"] === "buffer" ? value : new TextDecoder().decode(value);
  };
  const remove = (path: string, name: string) => client.removeXattrSync(path, name);
  const list = (path: string) => client.listXattrsSync(path);
  const told = (act: AnyFunction): AnyFunction => (...values) => {
    try {
      return act(...values);
    } catch (error) {
      if (!(error instanceof OsError) || error.code !== "EOPNOTSUPP") throw error;
      throw Object.assign(new Error(error.message), { code: "ENOTSUP" });
    }
  };
  const both = Object.entries({ set, get, remove, list }).flatMap(([name, act]) => {
    const call = told(act as AnyFunction);
    const later: AnyFunction = (...values) => new Promise((resolve) => resolve(call(...values)));
    return [[name, later], [`${name}Sync`, call]];
  });
  return Object.fromEntries(both);
})();

/** What the tests are run on. */
export const fs: Record<string, unknown> = {
  ...withAbsolutePaths(plain),
  xattr,
  promises: withAbsolutePaths(plain["promises"] as Record<string, unknown>),
};

/** What `node:fs` does not have, or not on Linux. */
export const flags = { lchmod: false, "promises.exists": false };

const { copySync, data } = await import(`${Deno.env.get("ZENFS_TESTS")}/setup.ts`);
copySync(data, fs);
