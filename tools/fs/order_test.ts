import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../command_line/command.ts";
import { parseCommand } from "../command_line/parse.ts";
import { fsCommand } from "./command.ts";
import { readOrder } from "./order.ts";

const PLACE = { sourceRoot: "/hako", directory: "/home/me", temporaryDirectory: "/tmp/x" };

function order(...args: string[]) {
  return readOrder(parseCommand(fsCommand, args), PLACE.directory);
}

function permissions(...args: string[]) {
  return fsCommand.permissions(parseCommand(fsCommand, args), PLACE);
}

Deno.test("paths in the image begin at its root, with or without a slash or a colon", () => {
  for (const text of ["etc/motd", "/etc/motd", ":etc/motd", ":/etc/motd"]) {
    const read = order("disk.img", "cat", text);
    assertEquals(read.image, "/home/me/disk.img");
    assertEquals(read.kind === "cat" && read.paths, ["/etc/motd"]);
  }
});

Deno.test("cp tells host and image apart by the colon", () => {
  const read = order("disk.img", "cp", "-r", "a", ":b", "c/");
  assertEquals(read.kind === "cp" && [...read.sources, read.target], [
    { side: "host", path: "/home/me/a", text: "a" },
    { side: "image", path: "/b", text: ":b" },
    { side: "host", path: "/home/me/c/", text: "c/" },
  ]);
});

Deno.test("the text of a symbolic link stays as it was written", () => {
  const read = order("disk.img", "ln", "-s", "../x", "y");
  assertEquals(read.kind === "ln" && [read.source, read.target], ["../x", "/y"]);
  const hard = order("disk.img", "ln", "x", "y");
  assertEquals(hard.kind === "ln" && [hard.source, hard.target], ["/x", "/y"]);
});

Deno.test("a program may read what it copies from and write what it copies to, and no more", () => {
  assertEquals(permissions("d.img", "ls"), {
    read: ["/hako", "/home/me/d.img"],
    write: ["/home/me/d.img"],
    run: [],
  });
  assertEquals(permissions("d.img", "cp", "a", ":b").read, [
    "/hako",
    "/home/me/d.img",
    "/home/me/a",
  ]);
  assertEquals(permissions("d.img", "cp", "a", ":b").write, ["/home/me/d.img"]);
  const out = permissions("d.img", "cp", "-r", ":b", "/srv/out");
  assertEquals(out.write, ["/home/me/d.img", "/srv/out"]);
  assertEquals(out.run, ["ln"]);
});

for (
  const [args, reason] of [
    [["d.img", "sl"], 'no such command; did you mean "ls"?'],
    [["d.img", "cat"], "a path is missing"],
    [["d.img", "mv", "a"], "paths are missing"],
    [["d.img", "df", "/"], "it takes no paths"],
    [["d.img", "ln", "a", "b", "c"], "it takes 2 paths"],
    [["d.img", "cp", "a", "b"], "no path is in the image"],
    [["d.img", "ls", "--recursive"], "that is for cp, rm"],
    [["d.img", "cat", "a\0b"], "a path has a NUL in it"],
  ] as const
) {
  Deno.test(`fs ${args.slice(1).join(" ").replace("\0", "NUL")} is refused: ${reason}`, () => {
    assertThrows(() => order(...args), UsageError, reason);
  });
}
