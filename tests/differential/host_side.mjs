// The host's file system, asked by Node: its calls are those of libuv, which adds nothing of its own.
// Reads lines of JSON, each `{ root, actions }`, and answers each with a line of outcomes.

import fs from "node:fs";
import { createInterface } from "node:readline";

process.umask(0);

for await (const line of createInterface({ input: process.stdin })) {
  const { root, actions } = JSON.parse(line);
  fs.mkdirSync(root, 0o755);
  const slots = [];
  const outcomes = actions.map((action) => act(action, root, slots));
  for (const fd of slots) if (fd !== undefined) fs.closeSync(fd);
  const tree = [];
  walk(root, "", tree);
  fs.rmSync(root, { recursive: true });
  process.stdout.write(JSON.stringify({ outcomes, tree }) + "\n");
}

function act(action, root, slots) {
  const at = (path) => Buffer.from(root + path);
  const { op, slot } = action;
  try {
    if (slot !== undefined && op !== "open" && slots[slot] === undefined) return "EBADF";
    switch (op) {
      case "open": {
        const fd = fs.openSync(at(action.path), action.flags, action.mode);
        if (slots[slot] !== undefined) fs.closeSync(slots[slot]);
        slots[slot] = fd;
        return 0;
      }
      case "close":
        fs.closeSync(slots[slot]);
        slots[slot] = undefined;
        return 0;
      case "fsync":
        fs.fsyncSync(slots[slot]);
        return 0;
      case "fstat":
        return told(fs.fstatSync(slots[slot]));
      case "read": {
        const bytes = Buffer.alloc(action.length);
        const count = fs.readSync(slots[slot], bytes, 0, action.length, action.offset);
        return [count, digest(bytes.subarray(0, count))];
      }
      case "write": {
        const bytes = Buffer.alloc(action.length);
        for (let index = 0; index < bytes.length; index++) {
          bytes[index] = byteAt(action.seed, index);
        }
        return fs.writeSync(slots[slot], bytes, 0, bytes.length, action.offset);
      }
      case "ftruncate":
        fs.ftruncateSync(slots[slot], action.size);
        return 0;
      case "mkdir":
        fs.mkdirSync(at(action.path), action.mode);
        return 0;
      case "rmdir":
        fs.rmdirSync(at(action.path));
        return 0;
      case "unlink":
        fs.unlinkSync(at(action.path));
        return 0;
      case "stat":
        return told(fs.statSync(at(action.path)));
      case "lstat":
        return told(fs.lstatSync(at(action.path)));
      case "readlink":
        return fs.readlinkSync(at(action.path));
      case "readdir":
        return fs.readdirSync(at(action.path)).sort();
      case "rename":
        fs.renameSync(at(action.source), at(action.target));
        return 0;
      case "link":
        fs.linkSync(at(action.source), at(action.target));
        return 0;
      case "symlink":
        fs.symlinkSync(Buffer.from(action.text), at(action.path));
        return 0;
      case "chmod":
        fs.chmodSync(at(action.path), action.mode);
        return 0;
      case "utimes":
        fs.utimesSync(at(action.path), action.atime, action.mtime);
        return times(fs.statSync(at(action.path)));
      case "truncate": {
        // `fs.truncateSync` opens; so do we.
        const fd = fs.openSync(at(action.path), 1);
        try {
          fs.ftruncateSync(fd, action.size);
        } finally {
          fs.closeSync(fd);
        }
        return 0;
      }
    }
  } catch (error) {
    if (typeof error.code !== "string" || error.syscall === undefined) throw error;
    return error.code;
  }
}

function times({ atimeMs, mtimeMs }) {
  return [Math.round(atimeMs / 1000), Math.round(mtimeMs / 1000)];
}

function told(info) {
  if (info.isDirectory()) return ["directory", info.mode & 0o7777];
  const type = info.isSymbolicLink() ? "symlink" : "file";
  return [type, info.mode & 0o7777, info.nlink, info.size];
}

function walk(root, path, tree) {
  const info = fs.lstatSync(root + path);
  const row = [path, ...told(info)];
  if (info.isSymbolicLink()) row.push(fs.readlinkSync(root + path));
  if (info.isFile()) row.push(digest(fs.readFileSync(root + path)));
  tree.push(row);
  if (!info.isDirectory()) return;
  for (const name of fs.readdirSync(root + path).sort()) walk(root, `${path}/${name}`, tree);
}

function byteAt(seed, index) {
  return (seed * 131 + index * 7 + (index >> 8) * 13) & 0xff;
}

function digest(bytes) {
  let hash = 0x811c9dc5;
  let at = 0;
  for (; at + 4 <= bytes.length; at += 4) {
    const word = bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 | bytes[at + 3] << 24;
    hash = Math.imul(hash ^ word, 0x01000193);
  }
  for (; at < bytes.length; at++) hash = Math.imul(hash ^ bytes[at], 0x01000193);
  return hash >>> 0;
}
