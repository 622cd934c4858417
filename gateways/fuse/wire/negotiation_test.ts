import { assertEquals, assertThrows } from "@std/assert";
import { OsError } from "@hako/ipc";
import { INIT, INIT2 } from "./flags.ts";
import { negotiate } from "./negotiation.ts";
import { OPCODE } from "./opcodes.ts";
import { type Part, requestOf } from "./test_request.ts";

const WISH = {
  flags: INIT.ASYNC_READ | INIT.WRITEBACK_CACHE | INIT.INIT_EXT,
  flags2: INIT2.HAS_RESEND,
  maxWrite: 1 << 20,
  maxReadahead: 1 << 20,
};

function offer(...parts: readonly Part[]) {
  return requestOf({ opcode: OPCODE.INIT, unique: 2n }, ...parts).request;
}

Deno.test("negotiate() agrees on what both have", () => {
  const flags = INIT.ASYNC_READ | INIT.MAX_PAGES | INIT.SPLICE_READ | INIT.INIT_EXT;
  const answer = negotiate(offer(7, 45, 131072, flags, 0xfff, new Uint8Array(44)), WISH);
  assertEquals(answer, {
    minor: 45,
    maxReadahead: 131072,
    flags: INIT.ASYNC_READ | INIT.MAX_PAGES | INIT.INIT_EXT,
    flags2: INIT2.HAS_RESEND,
    maxBackground: 64,
    congestionThreshold: 48,
    maxWrite: 1 << 20,
    maxPages: 256,
    timeGran: 1,
  });
});

Deno.test("negotiate() takes a short offer as having no second flags, whatever it says", () => {
  const old = negotiate(offer(7, 31, 131072, INIT.ASYNC_READ | INIT.MAX_PAGES), WISH);
  assertEquals([old.minor, old.flags, old.flags2], [31, INIT.ASYNC_READ | INIT.MAX_PAGES, 0]);
  const liar = negotiate(offer(7, 36, 0, INIT.INIT_EXT), WISH);
  assertEquals([liar.flags, liar.flags2, liar.maxReadahead], [0, 0, 0]);
});

Deno.test("negotiate() speaks 7.45 at most, and refuses what is older than 7.31", () => {
  assertEquals(negotiate(offer(7, 99, 0, 0), WISH).minor, 45);
  assertEquals(negotiate(offer(8, 1, 0, 0), WISH).minor, 1);
  for (const [major, minor] of [[7, 30], [6, 45], [0, 0]]) {
    const error = assertThrows(() => negotiate(offer(major!, minor!, 0, 0), WISH), OsError);
    assertEquals(error.code, "EPROTONOSUPPORT");
  }
});
