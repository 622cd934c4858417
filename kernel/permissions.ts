/**
 * What the process that hosts a system must be allowed, computed from the manifest: the union of what
 * its domains may do, and reading the modules that its workers load.
 *
 * A worker can never do more than its process, and a worker without permissions still loads what its
 * process may read. So the process gets this and nothing else, never `-A`.
 *
 * @module
 */

import { hostPath } from "./manifest/module_url.ts";
import type { DomainManifest, HostPermissions, SystemManifest } from "./manifest.ts";

/**
 * What a domain may touch of the host, with absolute paths: a relative one would mean another file
 * wherever the program is started.
 *
 * @param base The manifest's.
 */
export function domainPermissions(
  { permissions = {} }: Pick<DomainManifest, "permissions">,
  base: string,
): HostPermissions {
  const { read, write, net, ffi } = permissions;
  const absolute = (path: string): string => hostPath(path, base);
  return {
    ...(read === undefined ? {} : { read: read.map(absolute) }),
    ...(write === undefined ? {} : { write: write.map(absolute) }),
    ...(net === undefined ? {} : { net }),
    ...(ffi === undefined ? {} : { ffi: ffi.map(absolute) }),
  };
}

/**
 * What the process must be allowed. Lists are sorted and say nothing twice; a path below another one
 * is left out.
 *
 * @param manifest A checked manifest.
 * @param modules Absolute paths of what the workers load, files or directories: all of their module
 * graphs that lies in files, for the process must be allowed to read each of those.
 *
 * @example
 * ```ts
 * import { defineSystem } from "./manifest.ts";
 * import { permissionLine, processPermissions } from "./permissions.ts";
 *
 * const manifest = defineSystem({
 *   base: "file:///system/manifest.ts",
 *   domains: {
 *     disk: { kind: "driver", module: "./disk.ts", permissions: { write: ["./disk.img"] } },
 *   },
 * });
 * const line = permissionLine(processPermissions(manifest, ["/system/disk.ts"]));
 * if (line !== "--allow-read=/system/disk.ts --allow-write=/system/disk.img") throw new Error(line);
 * ```
 */
export function processPermissions(
  manifest: SystemManifest,
  modules: readonly string[],
): HostPermissions {
  const granted = Object.values(manifest.domains)
    .map((domain) => domainPermissions(domain, manifest.base));
  const read = [...modules, ...granted.flatMap((permissions) => permissions.read ?? [])];
  const write = granted.flatMap((permissions) => permissions.write ?? []);
  const net = granted.flatMap((permissions) => permissions.net ?? []);
  const ffi = granted.flatMap((permissions) => permissions.ffi ?? []);
  return {
    read: topmost(read),
    write: topmost(write),
    net: [...new Set(net)].sort(),
    ...(ffi.length === 0 ? {} : { ffi: topmost(ffi) }),
  };
}

/**
 * The flags of `deno` that grant the permissions, each one argument.
 *
 * @throws {TypeError} A value has a comma in it, at which `deno` would split it, unquotable.
 */
export function permissionArguments(permissions: HostPermissions): string[] {
  const { read = [], write = [], net = [], ffi = [] } = permissions;
  return Object.entries({ read, write, net, ffi }).flatMap(([name, values]) => {
    for (const value of values) {
      if (value.includes(",")) {
        throw new TypeError(`Cannot grant ${JSON.stringify(value)}: it has a comma in it`);
      }
    }
    // An empty list would grant everything: `--allow-read=` is `--allow-read`.
    return values.length === 0 ? [] : [`--allow-${name}=${values.join(",")}`];
  });
}

/** The same as one line for a shell, quoted where it must be. */
export function permissionLine(permissions: HostPermissions): string {
  return permissionArguments(permissions).map(quoted).join(" ");
}

/** Sorted paths, without those that lie below another. */
function topmost(paths: readonly string[]): string[] {
  const all = new Set(paths);
  return [...all].filter((path) => !ancestors(path).some((above) => all.has(above))).sort();
}

function ancestors(path: string): string[] {
  const found: string[] = [];
  for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
    found.push(path.slice(0, end));
  }
  return path === "/" ? found : [...found, "/"];
}

/**
 * As sh reads it (POSIX.1-2024, Shell Command Language, 2.2): nothing is special in single quotes. A
 * single quote stands in double ones, because the shell of `deno task` knows no backslash there.
 */
function quoted(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  const end = word.indexOf("=") + 1; // Completion of file names works after an unquoted flag.
  return `${word.slice(0, end)}'${word.slice(end).replaceAll("'", `'"'"'`)}'`;
}
