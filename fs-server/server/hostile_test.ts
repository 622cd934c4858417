import { randomOf } from "../ext4/test_random.ts";
import { assert, assertEquals } from "@std/assert";
import { errnoName } from "@hako/ipc";
import { putReference, REFERENCE_BYTES } from "../layouts/reference.ts";
import { operations } from "../protocol.ts";
import { hasTool, sharedBytes } from "../ext4/test_images.ts";
import { Rig, type RigOptions, utf8 } from "./test_rig.ts";

type OperationName = keyof typeof operations;

const NAMES = Object.keys(operations) as OperationName[];

const NUMBERS = [0, 1, 2, 3, 4, 7, 16, 17, 31, 100, 511, 4095, 4096, 4097, 65_536, 2 ** 31 - 1];
const LARGE = [2 ** 31, 2 ** 32 - 2, 2 ** 32 - 1];
const HUGE = [2 ** 32, 2 ** 32 + 5, 2 ** 40, 2 ** 44, 2 ** 52, Number.MAX_SAFE_INTEGER];
const FLOATS = [0, 1, -1, 1e9, -1e300, 1e300, NaN, Infinity, -Infinity, 0.5, 2 ** 33];
const FLAGS = [0o100, 0o102, 0o202, 0o1002, 0o2001, 0o200000, 0o400000, 0o10000000, 0o4010002];
const PATHS = [
  "/",
  "/a",
  "/a/b",
  "/a/b/c",
  "/d",
  "/d/e",
  "a",
  ".",
  "..",
  "",
  "/l",
  "/l/x",
  "//a//",
];
const MODES = [0o644, 0o755, 0o100644, 0o010600, 0o020600, 0o060600, 0o140600, 0o040755, 0o120777];

/** Makes up requests that any client could send, most of them wrong in some field. */
class Inventor {
  readonly #random: (bound: number) => number;
  readonly handles: number[] = [0, 1, 0xffff_ffff];

  constructor(random: (bound: number) => number) {
    this.#random = random;
  }

  request(name: OperationName): Record<string, unknown> {
    const fields: Record<string, { readonly kind?: string }> = operations[name].request;
    const values: Record<string, unknown> = {};
    for (const field of Object.keys(fields)) values[field] = this.#value(name, field);
    return values;
  }

  #one<T>(list: readonly T[]): T {
    return list[this.#random(list.length)] as T;
  }

  #value(name: OperationName, field: string): unknown {
    switch (field) {
      case "path":
      case "source":
        return name === "write" ? this.#bytes(20_000) : this.#path();
      case "target":
        return /rename|link$/.test(name) && name !== "readlink" ? this.#path() : this.#bytes(6000);
      case "at":
      case "sourceAt":
      case "targetAt":
        return this.#random(4) > 0 ? 0 : this.#one(this.handles);
      case "handle":
        return this.#one(this.handles);
      case "follow":
      case "append":
      case "isHole":
      case "keepTimes":
      case "on":
      case "overrides":
      case "dataOnly":
      case "release":
        return this.#random(2) === 0;
      case "wait":
        return false;
      case "as":
      case "leaseSlot":
        return this.#random(8) > 0 ? 0 : this.#number();
      case "flags":
        return this.#random(3) > 0 ? this.#one(FLAGS) : this.#number();
      case "mode":
        return this.#random(3) > 0 ? this.#one(MODES) : this.#number();
      case "offset":
      case "size":
      case "byteLength":
      case "cookie":
      case "after":
        return this.#random(6) > 0 ? this.#one(NUMBERS) : this.#one(HUGE);
      case "name":
        return utf8(
          this.#one(["user.a", "user.b", "trusted.x", "x", "", "system.posix_acl_access"]),
        );
      case "groups":
      case "value":
      case "session":
        return this.#bytes(300);
      default:
        return /Seconds$/.test(field) ? this.#one(FLOATS) : this.#number();
    }
  }

  #number(): number {
    return this.#random(4) > 0 ? this.#one(NUMBERS) : this.#one(LARGE);
  }

  #bytes(byteLengthMax: number): Uint8Array {
    const bytes = sharedBytes(this.#random(4) === 0 ? 0 : this.#random(byteLengthMax));
    if (this.#random(2) === 0) bytes.fill(this.#random(256));
    return bytes;
  }

  #reference(): Uint8Array {
    const rest = utf8(this.#one(["", "", "/", "/a", "/x/..", "x", "\0"]));
    const path = sharedBytes(REFERENCE_BYTES + rest.byteLength);
    const inode = this.#random(3) > 0 ? 2 + this.#random(20) : this.#number();
    putReference(path, 0, inode, this.#random(4));
    path.set(rest, REFERENCE_BYTES);
    return path.subarray(0, this.#random(8) > 0 ? path.byteLength : this.#random(path.byteLength));
  }

  #path(): Uint8Array {
    const kind = this.#random(13);
    if (kind === 12) return this.#reference();
    if (kind === 0) return this.#bytes(5000);
    if (kind === 1) return utf8("/" + "n".repeat(this.#random(300)));
    if (kind === 2) return utf8(this.#one(PATHS) + "\0");
    return utf8(this.#one(PATHS) + this.#one(["", "", "", "/", "/.", "/..", "/x"]));
  }
}

const SHAPES: [string, RigOptions][] = [
  ["ext2", { type: "ext2", blockBytes: 1024, openFiles: 200 }],
  ["ext4", { type: "ext4", openFiles: 200 }],
];

for (const [shape, options] of SHAPES) {
  Deno.test({
    name: `any request is answered by a count, a reply or an errno of its operation, on ${shape}`,
    ignore: !hasTool("e2fsck"),
    fn() {
      const random = randomOf(shape.length * 7 + (options.blockBytes ?? 0));
      const rig = new Rig(options);
      const inventor = new Inventor(random);
      for (let count = 0; count < 20_000; count++) {
        const name = NAMES[random(NAMES.length)] as OperationName;
        const request = inventor.request(name);
        const reply = ask(rig, name, request);
        if (typeof reply === "number" && reply < 0) {
          const error = errnoName(-reply) ?? String(reply);
          const known: readonly string[] = operations[name].errors;
          assert(known.includes(error), `${name} ${JSON.stringify(request)}: ${error}`);
        }
        if (typeof reply === "object" && "handle" in reply) inventor.handles.push(reply.handle);
        if (inventor.handles.length > 30) inventor.handles.splice(3, 1);
        if (count % 5000 === 4999) {
          const { code, output } = rig.fsck();
          assert(code === 0 || rig.fs.mount.orphans.list().length > 0, output);
          rig.succeed();
        }
      }
      rig.fs.halt();
      assertEquals(rig.fsck().code, 0);
    },
  });
}

type AnyReply = number | { readonly handle: number };

function ask(rig: Rig, name: OperationName, values: Record<string, unknown>): AnyReply {
  const handler = rig.handlers[name] as unknown as (values: unknown, context: unknown) => AnyReply;
  const later = () => ({ answer() {}, isAbandoned: () => false });
  return handler(values, { badge: 1, sequence: ++rig.sequence, later });
}
