import { assertEquals } from "@std/assert";
import {
  bool,
  bytes,
  f64,
  fixedBytes,
  i16,
  i32,
  i8,
  oneOf,
  u16,
  u32,
  u64,
  u8,
  utf8,
  window,
} from "./field.ts";
import { defineProtocol } from "./protocol.ts";
import { protocolTable } from "./protocol_table.ts";

/** Every kind of field, and every kind of answer. */
const Every = defineProtocol("every", 3, {
  numbers: {
    code: 12,
    request: { a: u8, b: u16, c: u32, d: u64, e: i8, f: i16, g: i32, h: f64, i: bool },
    errors: [],
    idempotent: true,
  },
  seek: {
    code: 1,
    request: { handle: u32, offset: u64, whence: oneOf("start", "the | end") },
    reply: { id: fixedBytes(16), raw: bytes(100), name: utf8(140) },
    errors: ["EBADF", "EINVAL", "EIO", "ENOENT", "ENOSPC"],
    idempotent: false,
  },
  copy: {
    code: 3,
    request: { source: window("read"), target: window("write") },
    errors: ["EFAULT"],
    idempotent: true,
  },
  log: { code: 2, request: {}, errors: [], idempotent: false, oneWay: true },
});

const TABLE = `
every, version 3

| operation | code | request                                       | reply                                    | errors                  | idempotent | one-way |
| --------- | ---: | --------------------------------------------- | ---------------------------------------- | ----------------------- | ---------- | ------- |
| seek      |    1 | handle: u32 (word 0)                          | id: fixedBytes(16) (16 bytes)            | EBADF EINVAL EIO ENOENT | no         | no      |
|           |      | offset: u64 (words 1-2)                       | raw: bytes(100) (word 0, 0 to 100 bytes) | ENOSPC                  |            |         |
|           |      | whence: oneOf("start", "the \\| end") (word 3) | name: utf8(140) (word 1, 0 to 140 bytes) |                         |            |         |
|           |      | 4 of 12 words, 0 of 256 bytes                 | 2 of 14 words, 256 of 256 bytes          |                         |            |         |
| log       |    2 | 0 of 12 words, 0 of 256 bytes                 | none                                     |                         | no         | yes     |
| copy      |    3 | source: window("read") (words 0-2)            | a count                                  | EFAULT                  | yes        | no      |
|           |      | target: window("write") (words 3-5)           |                                          |                         |            |         |
|           |      | 6 of 12 words, 0 of 256 bytes                 |                                          |                         |            |         |
| numbers   |   12 | a: u8 (word 0)                                | a count                                  |                         | yes        | no      |
|           |      | b: u16 (word 1)                               |                                          |                         |            |         |
|           |      | c: u32 (word 2)                               |                                          |                         |            |         |
|           |      | d: u64 (words 3-4)                            |                                          |                         |            |         |
|           |      | e: i8 (word 5)                                |                                          |                         |            |         |
|           |      | f: i16 (word 6)                               |                                          |                         |            |         |
|           |      | g: i32 (word 7)                               |                                          |                         |            |         |
|           |      | h: f64 (words 8-9)                            |                                          |                         |            |         |
|           |      | i: bool (word 10)                             |                                          |                         |            |         |
|           |      | 11 of 12 words, 0 of 256 bytes                |                                          |                         |            |         |
`;

Deno.test("protocolTable() shows every kind of field, its bounds and its place", () => {
  assertEquals("\n" + protocolTable(Every), TABLE);
});

Deno.test("protocolTable() is a Markdown table: every row has as many cells as the heading", () => {
  const [, , heading, ...rows] = protocolTable(Every).trimEnd().split("\n");
  const cells = (row: string) => row.split(/(?<!\\)\|/).length;
  for (const row of rows) assertEquals(cells(row), cells(heading!), row);
});

Deno.test("protocolTable() of a protocol without operations is its heading", () => {
  assertEquals(protocolTable(defineProtocol("none", 1, {})).split("\n").length, 5);
});
