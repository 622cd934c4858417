/**
 * Where the host's C library is.
 *
 * @module
 */

import { OsError } from "@hako/ipc";

/** Where glibc is, by distribution; the first that is there is taken. */
const CANDIDATES: Readonly<Record<string, readonly string[]>> = {
  x86_64: [
    "/lib/x86_64-linux-gnu/libc.so.6", // Debian, Ubuntu
    "/lib64/libc.so.6", // Fedora, openSUSE, Arch, Gentoo
    "/usr/lib/x86_64-linux-gnu/libc.so.6",
    "/usr/lib64/libc.so.6",
    "/usr/lib/libc.so.6",
    "/lib/libc.so.6",
    "/run/current-system/sw/lib/libc.so.6", // NixOS
  ],
  aarch64: [
    "/lib/aarch64-linux-gnu/libc.so.6",
    "/lib64/libc.so.6",
    "/usr/lib/aarch64-linux-gnu/libc.so.6",
    "/usr/lib64/libc.so.6",
    "/usr/lib/libc.so.6",
    "/lib/libc.so.6",
    "/run/current-system/sw/lib/libc.so.6",
  ],
};

/** Where musl is, to say so. */
const MUSL: Readonly<Record<string, string>> = {
  x86_64: "/lib/ld-musl-x86_64.so.1",
  aarch64: "/lib/ld-musl-aarch64.so.1",
};

/** The host, as far as it matters here. */
export interface HostFiles {
  /** As `Deno.build.os`. */
  readonly os: string;
  /** As `Deno.build.arch`. */
  readonly arch: string;
  /** Whether a file of that path is there. */
  exists(path: string): boolean;
}

/**
 * The absolute path of the host's C library: what a manifest gives to the FUSE gateway as its only
 * `ffi` permission. Looks at a few files; needs the permission to read them.
 *
 * @param host The host; this one unless told.
 * @throws {OsError} `EOPNOTSUPP` on musl, on other systems than Linux and on other processors than
 * x86-64 and arm64; `ENOENT` if it is in none of the usual places.
 *
 * @example
 * ```ts
 * import { findLibc } from "@hako/gateways/fuse";
 *
 * const permissions = { ffi: [findLibc()] };
 * ```
 */
export function findLibc(host: HostFiles = thisHost()): string {
  if (host.os !== "linux") {
    throw new OsError("EOPNOTSUPP", `use FUSE on ${host.os}: it is a part of Linux`);
  }
  const candidates = CANDIDATES[host.arch];
  if (candidates === undefined) {
    throw new OsError("EOPNOTSUPP", `use FUSE on ${host.arch}: only on x86-64 and arm64`);
  }
  const found = candidates.find((path) => host.exists(path));
  if (found !== undefined) return found;
  const musl = MUSL[host.arch];
  if (musl !== undefined && host.exists(musl)) {
    throw new OsError("EOPNOTSUPP", `use FUSE with the C library musl (${musl}): only with glibc`);
  }
  throw new OsError("ENOENT", `find the C library; looked at ${candidates.join(", ")}`);
}

function thisHost(): HostFiles {
  return {
    os: Deno.build.os,
    arch: Deno.build.arch,
    exists: (path) => {
      try {
        return Deno.statSync(path).isFile;
      } catch (error) {
        if (error instanceof Deno.errors.NotFound) return false;
        throw error;
      }
    },
  };
}
