/**
 * Where in the gateway's window the paths lie that requests name: references of nodes, and names in
 * them. One request at a time uses them.
 *
 * ```
 * 0      4 Ki     8 Ki     12 Ki                64 Ki
 * | path | target | groups | listing ............ |
 * ```
 *
 * @module
 */

import { putReference, REFERENCE_BYTES } from "@hako/fs-server";
import type { FuseRequest } from "./wire/mod.ts";

/** Bytes of the window that is divided here. */
export const PLACES_BYTES = 65_536;

const PLACE_BYTES = 4096;
const SLASH = 0x2f;

/** A place for one path. */
class PathPlace {
  readonly #bytes: Uint8Array;
  /** The first bytes of the place, by how many they are: made when they are asked for. */
  readonly #views: Uint8Array[] = [];

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Hot path. */
  node(inode: number, generation: number): Uint8Array {
    putReference(this.#bytes, 0, inode, generation);
    return this.#view(REFERENCE_BYTES);
  }

  /** Hot path. */
  name(
    request: FuseRequest,
    inode: number,
    generation: number,
    at: number,
    byteLength: number,
  ): Uint8Array {
    putReference(this.#bytes, 0, inode, generation);
    this.#bytes[REFERENCE_BYTES] = SLASH;
    return this.#view(request.copy(at, byteLength, this.#bytes, REFERENCE_BYTES + 1));
  }

  #view(byteLength: number): Uint8Array {
    return this.#views[byteLength] ??= this.#bytes.subarray(0, byteLength);
  }
}

/** The places of a gateway. */
export class NodePaths {
  /** For the names of a directory. */
  readonly listing: Uint8Array;
  /** No bytes, but in the window. */
  readonly nothing: Uint8Array;
  readonly #path: PathPlace;
  readonly #target: PathPlace;

  /** Divides a window of {@linkcode PLACES_BYTES}. */
  constructor(window: Uint8Array) {
    this.#path = new PathPlace(window.subarray(0, PLACE_BYTES));
    this.#target = new PathPlace(window.subarray(PLACE_BYTES, 2 * PLACE_BYTES));
    this.nothing = window.subarray(2 * PLACE_BYTES, 2 * PLACE_BYTES);
    this.listing = window.subarray(3 * PLACE_BYTES, PLACES_BYTES);
  }

  /** The path of a node. Hot path. */
  node(inode: number, generation: number): Uint8Array {
    return this.#path.node(inode, generation);
  }

  /** The path of the node that a request is about. Hot path. */
  ofNode(request: FuseRequest): Uint8Array {
    return this.#path.node(request.nodeInode, request.nodeGeneration);
  }

  /** The path of the request's first name, in its node. Hot path. */
  ofName(request: FuseRequest): Uint8Array {
    const { nodeInode, nodeGeneration, nameAt, nameByteLength } = request;
    return this.#path.name(request, nodeInode, nodeGeneration, nameAt, nameByteLength);
  }

  /** The path of a request's second name, in another node. */
  ofSecondName(request: FuseRequest, inode: number, generation: number): Uint8Array {
    const { secondNameAt, secondNameByteLength } = request;
    return this.#target.name(request, inode, generation, secondNameAt, secondNameByteLength);
  }

  /** The path of a second node. */
  secondNode(inode: number, generation: number): Uint8Array {
    return this.#target.node(inode, generation);
  }
}
