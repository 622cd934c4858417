import { assert, assertEquals } from "@std/assert";
import {
  decodeContextQuery,
  decodeContextReply,
  decodeExportQuery,
  decodeGreeting,
  decodeInfoReply,
  decodeOptionHeader,
  decodeOptionReplyHeader,
  encodeBlockSizes,
  encodeClientFlags,
  encodeContextQuery,
  encodeContextReply,
  encodeExportInfo,
  encodeExportNameReply,
  encodeExportQuery,
  encodeGreeting,
  encodeListedExport,
  encodeOption,
  encodeOptionReply,
  encodeTextInfo,
} from "./handshake.ts";
import {
  BASE_ALLOCATION,
  HANDSHAKE_FLAG,
  INFO,
  OPTION,
  OPTION_REPLY,
  STRING_BYTES_MAX,
} from "./wire.ts";

function hex(bytes: Uint8Array): string {
  return bytes.toHex();
}

Deno.test("a greeting is 18 bytes that every NBD client knows", () => {
  const greeting = encodeGreeting(HANDSHAKE_FLAG.FIXED_NEWSTYLE | HANDSHAKE_FLAG.NO_ZEROES);

  assertEquals(hex(greeting), "4e42444d41474943" + "49484156454f5054" + "0003");
  assertEquals(decodeGreeting(greeting), 3);
  assertEquals(hex(encodeClientFlags(3)), "00000003");
});

Deno.test("options and their answers stand on the wire as proto.md draws them", () => {
  const query = encodeExportQuery({ name: "disk", infos: [INFO.BLOCK_SIZE] });
  const option = encodeOption(OPTION.GO, query);
  const reply = encodeOptionReply(OPTION.GO, OPTION_REPLY.ERR_UNKNOWN);

  assertEquals(hex(option), "49484156454f5054" + "00000007" + "0000000c" + hex(query));
  assertEquals(hex(query), "00000004" + "6469736b" + "0001" + "0003");
  assertEquals(hex(reply), "0003e889045565a9" + "00000007" + "80000006" + "00000000");
  assertEquals(decodeOptionHeader(option), { option: OPTION.GO, byteLength: 12 });
  assertEquals(decodeOptionReplyHeader(reply), {
    option: OPTION.GO,
    kind: OPTION_REPLY.ERR_UNKNOWN,
    byteLength: 0,
  });
});

Deno.test("facts of an export stand on the wire as proto.md draws them", () => {
  const info = encodeExportInfo({ byteLength: 0x1_0000_0200, flags: 0x0dff });
  const sizes = encodeBlockSizes({ least: 512, preferred: 4096, most: 0x200_0000 });

  assertEquals(hex(info), "0000" + "0000000100000200" + "0dff");
  assertEquals(hex(sizes), "0003" + "00000200" + "00001000" + "02000000");
  assertEquals(hex(encodeTextInfo(INFO.NAME, "a")), "0001" + "61");
  assertEquals(hex(encodeListedExport("ab")), "00000002" + "6162");
  assertEquals(decodeInfoReply(info), {
    info: INFO.EXPORT,
    exported: { byteLength: 0x1_0000_0200, flags: 0x0dff },
  });
  assertEquals(decodeInfoReply(sizes), {
    info: INFO.BLOCK_SIZE,
    blockSizes: { least: 512, preferred: 4096, most: 0x200_0000 },
  });
  assertEquals(decodeInfoReply(encodeTextInfo(INFO.NAME, "a")), { info: INFO.NAME });
});

Deno.test("the answer to EXPORT_NAME has 124 zeroes unless the client wants none", () => {
  const info = { byteLength: 512, flags: 3 };

  assertEquals(encodeExportNameReply(info, HANDSHAKE_FLAG.FIXED_NEWSTYLE).byteLength, 134);
  assertEquals(
    hex(encodeExportNameReply(info, HANDSHAKE_FLAG.NO_ZEROES)),
    "0000000000000200" + "0003",
  );
});

Deno.test("contexts are asked for and answered as proto.md draws them", () => {
  const query = encodeContextQuery({ name: "d", queries: ["a:", "b"] });
  const reply = encodeContextReply({ contextId: 1, name: BASE_ALLOCATION });

  assertEquals(hex(query), "0000000164" + "00000002" + "00000002613a" + "0000000162");
  assertEquals(decodeContextQuery(query), { name: "d", queries: ["a:", "b"] });
  assertEquals(decodeContextReply(reply), { contextId: 1, name: BASE_ALLOCATION });
});

Deno.test("what is cut short, or has bytes left over, is malformed", () => {
  const messages: [Uint8Array, (bytes: Uint8Array) => unknown][] = [
    [encodeGreeting(3), decodeGreeting],
    [encodeExportQuery({ name: "disk", infos: [0, 3] }), decodeExportQuery],
    [encodeContextQuery({ name: "disk", queries: ["base:"] }), decodeContextQuery],
    [encodeExportInfo({ byteLength: 1, flags: 1 }), decodeInfoReply],
    [encodeBlockSizes({ least: 1, preferred: 1, most: 1 }), decodeInfoReply],
  ];
  for (const [message, decode] of messages) {
    assert(decode(message) !== undefined);
    for (let byteLength = 0; byteLength < message.byteLength; byteLength++) {
      assertEquals(decode(message.slice(0, byteLength)), undefined);
    }
    assertEquals(decode(new Uint8Array([...message, 0])), undefined);
  }
  assertEquals(decodeOptionHeader(encodeOption(1).slice(0, 15)), undefined);
  assertEquals(decodeOptionReplyHeader(encodeOptionReply(1, 1).slice(0, 19)), undefined);
  assertEquals(decodeContextReply(new Uint8Array(3)), undefined);
});

Deno.test("a wrong magic, a long name, and bytes that are no UTF-8 are malformed", () => {
  const greeting = encodeGreeting(3);
  greeting[15]! ^= 1;
  const reply = encodeOptionReply(1, 1);
  reply[0]! ^= 1;
  const option = encodeOption(1);
  option[7]! ^= 1;
  const bent = encodeExportQuery({ name: "disk", infos: [] });
  bent[4] = 0xff;

  assertEquals(decodeGreeting(greeting), undefined);
  assertEquals(decodeOptionReplyHeader(reply), undefined);
  assertEquals(decodeOptionHeader(option), undefined);
  assertEquals(decodeExportQuery(bent), undefined);
  const longest = { name: "x".repeat(STRING_BYTES_MAX), infos: [] };
  const tooLong = { name: "x".repeat(STRING_BYTES_MAX + 1), infos: [] };
  assertEquals(decodeExportQuery(encodeExportQuery(longest)), longest);
  assertEquals(decodeExportQuery(encodeExportQuery(tooLong)), undefined);
});

Deno.test("a count that promises four thousand million queries costs nothing", () => {
  const query = encodeContextQuery({ name: "", queries: ["a"] });
  query.fill(0xff, 4, 8);

  assertEquals(decodeContextQuery(query), undefined);
});
