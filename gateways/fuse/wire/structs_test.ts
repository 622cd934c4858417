import { assertEquals } from "@std/assert";
import { FATTR, FOPEN, INIT, INIT2 } from "./flags.ts";
import { NOTIFY, OPCODE } from "./opcodes.ts";
import * as structs from "./structs.ts";

/** What a header older than 7.45 does not have, with the minor number that it came with. */
const SINCE: Readonly<Record<string, number>> = {
  fuse_sx_time: 39,
  fuse_statx_in: 39,
  fuse_statx_out: 39,
  fuse_copy_file_range_out: 45,
  "fuse_open_out.backing_id": 40,
  "fuse_init_out.max_stack_depth": 40,
  "fuse_init_out.request_timeout": 43,
  FUSE_STATX: 39,
  FUSE_COPY_FILE_RANGE_64: 45,
  FUSE_NOTIFY_RESEND: 40,
  FUSE_NOTIFY_INC_EPOCH: 44,
  FUSE_NOTIFY_PRUNE: 45,
};

/** Structs whose fields are, in part, those of a struct in them. */
const INNER: Readonly<Record<string, readonly [string, RegExp]>> = {
  fuse_lk_in: ["lk", /^(start|end|type|pid)$/],
  fuse_lk_out: ["lk", /./],
  fuse_statfs_out: ["st", /./],
  fuse_statx_out: ["stat", /^(?!attr_valid|flags$|spare$)/],
};

const NAMELESS = /^(unused|padding|dummy|spare|reserved)/;

/** Lines of C that print name and value, and what they print. */
const facts = [...layoutFacts(), ...opcodeFacts(), ...flagFacts()];

Deno.test({
  name: "structs, opcodes and flags are those of the host's linux/fuse.h, as gcc sees them",
  ignore: !hasHeader(),
  fn() {
    const lines = facts.map(({ c, name }) => `${c.guard}\nsay("${name}", ${c.value});\n#endif\n`);
    const said = runC(`#include <linux/fuse.h>
#include <stddef.h>
#include <stdio.h>
static void say(const char *name, unsigned long long value) { printf("%s %llu\\n", name, value); }
int main(void) {\n${lines.join("")}return 0;\n}`);
    const known = new Map(
      said.trim().split("\n").map((line) => {
        const [name = "", value = ""] = line.split(" ");
        return [name, Number(value)];
      }),
    );
    const ours = facts.filter(({ name }) => known.has(name)).map((
      { name, value },
    ) => [name, value]);
    assertEquals(ours, [...known]);
    assertEquals(known.size > 250, true, `${known.size} facts were compared`);
  },
});

Deno.test("structs have the sizes of Linux 6.18", () => {
  const sizes = Object.fromEntries(layouts().map(({ name, byteLength }) => [name, byteLength]));
  const { fuse_in_header, fuse_out_header, fuse_attr, fuse_entry_out, fuse_init_out } = sizes;
  const header = [fuse_in_header, fuse_out_header, fuse_attr, fuse_entry_out, fuse_init_out];
  assertEquals(header, [40, 16, 88, 128, 64]);
  assertEquals([sizes.fuse_statx_in, sizes.fuse_statx_out, sizes.fuse_sx_time], [24, 288, 16]);
  assertEquals(structs.STATX_OUT.at.mask + 256, structs.STATX_OUT.byteLength);
  assertEquals(structs.INIT_OUT.at.max_stack_depth, 36);
  assertEquals(structs.INIT_OUT.at.request_timeout, 40);
});

interface Fact {
  readonly name: string;
  readonly value: number;
  readonly c: { readonly guard: string; readonly value: string };
}

function layouts() {
  return Object.values(structs).filter((value) => typeof value === "object");
}

function layoutFacts(): Fact[] {
  return layouts().flatMap(({ name, byteLength, at }) => {
    const since = SINCE[name] ?? 0;
    const size = {
      name,
      value: byteLength,
      c: { guard: from(since), value: `sizeof(struct ${name})` },
    };
    const fields = Object.entries(at).filter(([field]) => !NAMELESS.test(field));
    return [
      size,
      ...fields.map(([field, offset]) => {
        const [inner, isInner] = INNER[name] ?? [];
        const place = isInner?.test(field) === true ? `${inner}.${field}` : field;
        const guard = from(SINCE[`${name}.${field}`] ?? since);
        const value = `offsetof(struct ${name}, ${place})`;
        return { name: `${name}.${field}`, value: offset, c: { guard, value } };
      }),
    ];
  });
}

function opcodeFacts(): Fact[] {
  const entries = [
    ...Object.entries(OPCODE).map(([name, value]) => [`FUSE_${name}`, value] as const),
    ...Object.entries(NOTIFY).map(([name, value]) => [`FUSE_NOTIFY_${name}`, value] as const),
  ];
  return entries.filter(([name]) => name !== "FUSE_NOTIFY_REPLY_").map(([name, value]) => {
    return { name, value, c: { guard: from(SINCE[name] ?? 0), value: name } };
  });
}

function flagFacts(): Fact[] {
  const low = Object.entries(INIT).map(([name, value]) => [`FUSE_${name}`, value] as const);
  const high = Object.entries(INIT2).map(([name, value]) => {
    return [`FUSE_${name}`, value * 2 ** 32] as const;
  });
  const open = Object.entries(FOPEN).map(([name, value]) => [`FOPEN_${name}`, value] as const);
  const set = Object.entries(FATTR).map(([name, value]) => [`FATTR_${name}`, value] as const);
  return [...low, ...high, ...open, ...set].map(([name, value]) => {
    return { name: `flag:${name}`, value, c: { guard: `#ifdef ${name}`, value: name } };
  });
}

function from(minor: number): string {
  return `#if FUSE_KERNEL_MINOR_VERSION >= ${minor}`;
}

function hasHeader(): boolean {
  try {
    return runC("#include <linux/fuse.h>\nint main(void) { return 0; }") === "";
  } catch {
    return false;
  }
}

/** What a program in C prints. */
function runC(source: string): string {
  const directory = Deno.makeTempDirSync();
  try {
    Deno.writeTextFileSync(`${directory}/facts.c`, source);
    const line = `cd ${directory} && gcc -o facts facts.c && ./facts`;
    const { success, stdout, stderr } = new Deno.Command("sh", { args: ["-c", line] }).outputSync();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}
