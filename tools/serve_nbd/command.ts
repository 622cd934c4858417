/**
 * The command line of `hako serve`, and what its program may do: read and write the image, and listen
 * at one port or one socket.
 *
 * @module
 */

import { resolve } from "node:path";
import {
  type Command,
  type Flags,
  type Invocation,
  type Place,
  UsageError,
} from "../command_line/command.ts";
import { noSuch } from "../command_line/nearest.ts";
import { readByteSize } from "./byte_size.ts";
import { LISTEN_DEFAULT, readListenAddress } from "./listen_address.ts";
import { listenPermissions, type NbdOnImageOptions } from "./nbd_on_image.ts";

/** The export's name if nobody says so. */
const EXPORT_DEFAULT = "hako";

/** The protocols that volumes are served by. */
const PROTOCOLS: readonly string[] = ["nbd"];

/** Exported only so that the type of `serveCommand` is public. @internal */
export const serveFlags = {
  listen: {
    value: "WHERE",
    summary: `HOST:PORT or unix:PATH; ${LISTEN_DEFAULT} if left out`,
  },
  create: {
    value: "SIZE",
    summary: "make the image, for a volume of SIZE such as 512M or 8G, if there is none",
  },
  export: {
    value: "NAME",
    summary: `the export's name; ${EXPORT_DEFAULT} if left out. It is the default export too`,
  },
  "read-only": { summary: "let clients read only" },
  tags: { summary: "keep a tag for each block, by which rot is found: for an image that has them" },
  quiet: { letter: "q", summary: "say only where it listens and what goes wrong" },
} as const satisfies Flags;

/** `hako serve nbd IMAGE`. */
export const serveCommand: Command<typeof serveFlags> = {
  name: "serve",
  summary: "serve a volume on an image to NBD clients",
  about:
    "qemu, nbdcopy, nbdfuse and Linux itself are such clients. The servers behind the volume " +
    "may die, and its clients do not see it. It serves until Ctrl-C, which flushes everything.",
  flags: serveFlags,
  arguments: {
    placeholder: "nbd IMAGE",
    countMin: 2,
    countMax: 2,
    summary: "the protocol, and an image that --create has made",
  },
  examples: [
    { line: "nbd disk.img --create 1G", what: `serve a new image at ${LISTEN_DEFAULT}` },
    { line: "nbd disk.img --listen unix:/tmp/hako.sock", what: "serve it at a socket" },
    { line: "nbd disk.img --read-only --export backup", what: "let nobody change it" },
  ],
  module: "tools/serve_nbd/main.ts",
  permissions(invocation, place) {
    const { path, listen } = readServeOrder(invocation, place);
    const { read = [], write = [], net = [] } = listenPermissions(listen);
    return {
      read: [place.sourceRoot, path, ...read],
      write: [path, ...write],
      net: [...net],
    };
  },
};

/**
 * What the command line asks for.
 *
 * @throws {UsageError} If it asks for what there is not.
 */
export function readServeOrder(
  { arguments: [protocol, image], flags }: Invocation<typeof serveFlags>,
  place: Place,
): NbdOnImageOptions {
  if (!PROTOCOLS.includes(protocol!)) {
    throw new UsageError(
      `Cannot run serve with ${protocol}: ${noSuch("protocol", protocol!, PROTOCOLS)}`,
    );
  }
  const { create, listen = LISTEN_DEFAULT, export: exportName = EXPORT_DEFAULT } = flags;
  if (!/^[A-Za-z][A-Za-z0-9._-]{0,31}$/.test(exportName)) {
    throw new UsageError(
      `Cannot run serve with --export ${exportName}: a name is up to 32 letters, digits, dots, ` +
        "_ and -, and starts with a letter",
    );
  }
  const createBytes = create === undefined ? undefined : readByteSize(create);
  if (create !== undefined && createBytes === undefined) {
    throw new UsageError(
      `Cannot run serve with --create ${create}: SIZE is a number and K, M or G`,
    );
  }
  return {
    path: resolve(place.directory, image!),
    ...(createBytes === undefined ? {} : { createBytes }),
    listen: readListenAddress(listen, place.directory),
    exportName,
    readOnly: flags["read-only"],
    tags: flags.tags,
  };
}
