import { assertEquals, assertThrows } from "@std/assert";
import { OsError } from "@hako/ipc";
import type { Inode } from "../ext4/inode.ts";
import { ACCESS } from "../protocol.ts";
import {
  type AccessLists,
  check,
  checkAdd,
  checkChown,
  checkRemove,
  checkTimes,
  type Credential,
  inherit,
  isAllowed,
  KEEP_ID,
  modeAfterChmod,
  modeAfterChown,
  modeAfterWrite,
  requireOwner,
  ROOT,
} from "./permissions.ts";

const FILE = 0o100000;
const DIRECTORY = 0o040000;
const OWNER: Credential = { uid: 10, gid: 20, groups: [] };
const MEMBER: Credential = { uid: 11, gid: 99, groups: [7, 20] };
const NO_LISTS: AccessLists = { accessList: () => undefined };
const OTHER: Credential = { uid: 12, gid: 99, groups: [] };

function inodeOf(mode: number, extra: Partial<Inode> = {}): Inode {
  return { number: 5, mode, uid: 10, gid: 20, links: 1, flags: 0, ...extra } as Inode;
}

function errorOf(body: () => void): string {
  try {
    body();
  } catch (error) {
    if (error instanceof OsError) return error.code;
    throw error;
  }
  return "";
}

Deno.test("one class of permissions counts: the owner's, else the group's, else the others'", () => {
  const { read, write, execute } = ACCESS;
  assertEquals(isAllowed(inodeOf(FILE | 0o400), read, OWNER, NO_LISTS), true);
  assertEquals(isAllowed(inodeOf(FILE | 0o400), write, OWNER, NO_LISTS), false);
  assertEquals(isAllowed(inodeOf(FILE | 0o077), read, OWNER, NO_LISTS), false);
  assertEquals(isAllowed(inodeOf(FILE | 0o060), read | write, MEMBER, NO_LISTS), true);
  assertEquals(isAllowed(inodeOf(FILE | 0o707), read, MEMBER, NO_LISTS), false);
  assertEquals(isAllowed(inodeOf(FILE | 0o770), read, OTHER, NO_LISTS), false);
  assertEquals(isAllowed(inodeOf(FILE | 0o005), read | execute, OTHER, NO_LISTS), true);
  assertEquals(isAllowed(inodeOf(FILE | 0o005), read | write, OTHER, NO_LISTS), false);
});

Deno.test("where there is an access control list, it says what all but the owner may", () => {
  const entries = [[1, 7, -1], [2, 6, 12], [4, 0, -1], [8, 4, 7], [16, 5, -1], [32, 1, -1]];
  const list = entries.map(([tag = 0, permissions = 0, id = 0]) => ({ tag, permissions, id }));
  const lists: AccessLists = { accessList: () => list };
  const { read, write, execute } = ACCESS;
  const file = inodeOf(FILE | 0o651);
  assertEquals(isAllowed(file, write, OWNER, lists), true);
  assertEquals(isAllowed(file, execute, OWNER, lists), false);
  assertEquals(isAllowed(file, read, OTHER, lists), true);
  assertEquals(isAllowed(file, write, OTHER, lists), false);
  assertEquals(isAllowed(file, read, MEMBER, lists), true);
  assertEquals(isAllowed(file, execute, MEMBER, lists), false);
  assertEquals(isAllowed(file, execute, { ...OTHER, uid: 13 }, lists), true);
  assertEquals(isAllowed(file, read, { ...OTHER, uid: 13 }, lists), false);
  assertEquals(isAllowed(inodeOf(FILE | 0o604), read, MEMBER, lists), false);
});

Deno.test("root may all, but run what nobody may run", () => {
  assertEquals(isAllowed(inodeOf(FILE), ACCESS.read | ACCESS.write, ROOT, NO_LISTS), true);
  assertEquals(isAllowed(inodeOf(FILE | 0o666), ACCESS.execute, ROOT, NO_LISTS), false);
  assertEquals(isAllowed(inodeOf(FILE | 0o010), ACCESS.execute, ROOT, NO_LISTS), true);
  assertEquals(isAllowed(inodeOf(DIRECTORY), ACCESS.execute, ROOT, NO_LISTS), true);
});

Deno.test("what is immutable is not written, by root neither", () => {
  const inode = inodeOf(FILE | 0o777, { flags: 0x10 });
  assertEquals(errorOf(() => check(inode, ACCESS.write, ROOT, NO_LISTS)), "EPERM");
  assertEquals(errorOf(() => check(inode, ACCESS.read, OTHER, NO_LISTS)), "");
  assertEquals(errorOf(() => requireOwner(inode, ROOT)), "EPERM");
  assertEquals(errorOf(() => checkTimes(inode, "now", ROOT, NO_LISTS)), "EPERM");
  assertEquals(errorOf(() => checkChown(inode, 1, 1, ROOT)), "EPERM");
});

Deno.test("names in a sticky directory belong to the file's owner and the directory's", () => {
  const sticky = inodeOf(DIRECTORY | 0o1777, { uid: 10 });
  const file = inodeOf(FILE | 0o777, { uid: 11 });
  assertEquals(errorOf(() => checkRemove(sticky, file, OWNER, NO_LISTS)), "");
  assertEquals(errorOf(() => checkRemove(sticky, file, MEMBER, NO_LISTS)), "");
  assertEquals(errorOf(() => checkRemove(sticky, file, OTHER, NO_LISTS)), "EPERM");
  assertEquals(errorOf(() => checkRemove(sticky, file, ROOT, NO_LISTS)), "");
  assertEquals(
    errorOf(() => checkRemove(inodeOf(DIRECTORY | 0o755), file, MEMBER, NO_LISTS)),
    "EACCES",
  );
  assertEquals(errorOf(() => checkRemove(inodeOf(DIRECTORY | 0o777), file, OTHER, NO_LISTS)), "");
  const growing = inodeOf(DIRECTORY | 0o777, { flags: 0x20 });
  assertEquals(errorOf(() => checkRemove(growing, file, ROOT, NO_LISTS)), "EPERM");
});

Deno.test("names are added where one may write and search, and the directory has a name", () => {
  assertEquals(errorOf(() => checkAdd(inodeOf(DIRECTORY | 0o300), OWNER, NO_LISTS)), "");
  assertEquals(errorOf(() => checkAdd(inodeOf(DIRECTORY | 0o200), OWNER, NO_LISTS)), "EACCES");
  assertEquals(errorOf(() => checkAdd(inodeOf(DIRECTORY, { links: 0 }), ROOT, NO_LISTS)), "ENOENT");
});

Deno.test("times: the owner sets any, who may write sets the present one", () => {
  const inode = inodeOf(FILE | 0o020);
  assertEquals(errorOf(() => checkTimes(inode, "given", OWNER, NO_LISTS)), "");
  assertEquals(errorOf(() => checkTimes(inode, "given", MEMBER, NO_LISTS)), "EPERM");
  assertEquals(errorOf(() => checkTimes(inode, "now", MEMBER, NO_LISTS)), "");
  assertEquals(errorOf(() => checkTimes(inode, "now", OTHER, NO_LISTS)), "EACCES");
});

Deno.test("owners give files to their own groups, and only root gives them away", () => {
  const inode = inodeOf(FILE | 0o644);
  const owner: Credential = { ...OWNER, groups: [7] };
  assertEquals(errorOf(() => checkChown(inode, KEEP_ID, 7, owner)), "");
  assertEquals(errorOf(() => checkChown(inode, 10, 20, owner)), "");
  assertEquals(errorOf(() => checkChown(inode, KEEP_ID, 8, owner)), "EPERM");
  assertEquals(errorOf(() => checkChown(inode, 11, KEEP_ID, owner)), "EPERM");
  assertEquals(errorOf(() => checkChown(inode, KEEP_ID, 20, MEMBER)), "EPERM");
  assertEquals(errorOf(() => checkChown(inode, 11, 8, ROOT)), "");
});

Deno.test("set-id bits go with a new owner, with a write by others, and where they may not be", () => {
  const program = inodeOf(FILE | 0o6755);
  assertEquals(modeAfterChown(program, ROOT) & 0o7777, 0o755);
  assertEquals(modeAfterChown(inodeOf(DIRECTORY | 0o6755), ROOT) & 0o7777, 0o6755);
  // Without leave for the group to run it, the bit once meant mandatory locks.
  assertEquals(modeAfterChown(inodeOf(FILE | 0o6745), ROOT) & 0o7777, 0o2745);
  assertEquals(modeAfterWrite(program, OTHER) & 0o7777, 0o755);
  assertEquals(modeAfterWrite(program, ROOT) & 0o7777, 0o6755);
  assertEquals(modeAfterChmod(program, 0o2700, OWNER) & 0o7777, 0o2700);
  assertEquals(modeAfterChmod(program, 0o2700, { ...OWNER, gid: 1 }) & 0o7777, 0o700);
});

Deno.test("what is made in a set-group-id directory belongs to its group", () => {
  const directory = inodeOf(DIRECTORY | 0o2777);
  const file = inodeOf(FILE | 0o2775);
  inherit(file, directory, OTHER);
  assertEquals([file.uid, file.gid, file.mode & 0o7777], [12, 20, 0o775]);
  const made = inodeOf(DIRECTORY | 0o755);
  inherit(made, directory, OTHER);
  assertEquals([made.gid, made.mode & 0o7777], [20, 0o2755]);
  const plain = inodeOf(FILE | 0o2775);
  inherit(plain, inodeOf(DIRECTORY | 0o777), OTHER);
  assertEquals([plain.gid, plain.mode & 0o7777], [99, 0o2775]);
});

Deno.test("requireOwner() refuses others by name", () => {
  assertThrows(() => requireOwner(inodeOf(FILE), OTHER), OsError, "EPERM");
});
