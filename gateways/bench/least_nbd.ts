/**
 * The least that a Deno program must do to be an NBD server: one socket, an image in its own memory,
 * no server behind it. What it cannot do any faster, nobody can on these sockets.
 *
 * It takes every request that one read of the socket has brought, and answers all of them with one
 * write, from one buffer. It serves one export to one client at a time, and trusts it.
 *
 * Arguments: the socket's path, the bytes of the image.
 *
 * @module
 */

import {
  COMMAND,
  emptyRequest,
  OFFSET_DATA_BYTES,
  readRequest,
  REQUEST_BYTES,
  SIMPLE_REPLY_BYTES,
  writeOffsetData,
  writeSimpleReply,
} from "@hako/drivers/nbd";
import { Exports } from "../nbd/exports.ts";
import { negotiate } from "../nbd/negotiation.ts";
import { Peer } from "../nbd/peer.ts";
import type { VolumePort } from "../nbd/volume_port.ts";

/** Room for what comes in, and again for what goes out: some requests of the largest measured. */
const BUFFER_BYTES = 8 * 1024 * 1024;

/** No more is written at once, unless it is one answer: the client has something to do meanwhile. */
const OUTPUT_BYTES = 256 * 1024;

const PATIENCE = { handshakeTicks: Infinity, stallTicks: Infinity };

const [path, bytes] = Deno.args as [string, string];
const image = new Uint8Array(Number(bytes));
const nobody = {} as VolumePort; // Nothing is asked of it: the image answers.
const exports = new Exports([
  { name: "hako", byteLength: image.byteLength, flags: 1, volume: nobody },
]);
const input = new Uint8Array(BUFFER_BYTES);
const output = new Uint8Array(BUFFER_BYTES);
const listener = Deno.listen({ transport: "unix", path });
for await (const connection of listener) {
  const agreed = await negotiate(new Peer(connection, PATIENCE), exports);
  if (agreed !== undefined) await transmit(connection, agreed.ahead, agreed.isStructured);
  connection.close();
}

async function transmit(connection: Deno.Conn, ahead: Uint8Array, isStructured: boolean) {
  const inView = new DataView(input.buffer);
  const outView = new DataView(output.buffer);
  const headBytes = isStructured ? OFFSET_DATA_BYTES : SIMPLE_REPLY_BYTES;
  const request = { ...emptyRequest(), error: 0 };
  input.set(ahead);
  for (let end = ahead.byteLength;;) {
    let at = 0;
    let out = 0;
    for (; end - at >= REQUEST_BYTES; at += REQUEST_BYTES) {
      if (!readRequest(inView, at, request)) throw new Error("Cannot serve: this is no request");
      const { command, offset, byteLength } = request;
      if (command === COMMAND.DISC) return;
      if (command === COMMAND.READ) {
        if (out > 0 && out + headBytes + byteLength > OUTPUT_BYTES) break;
        if (isStructured) writeOffsetData(outView, out, request, offset, byteLength);
        else writeSimpleReply(outView, out, request);
        output.set(image.subarray(offset, offset + byteLength), out + headBytes);
        out += headBytes + byteLength;
        continue;
      }
      if (command === COMMAND.WRITE) {
        if (end - at < REQUEST_BYTES + byteLength) break;
        const from = at + REQUEST_BYTES;
        image.set(input.subarray(from, from + byteLength), offset);
        at += byteLength;
      }
      writeSimpleReply(outView, out, request);
      out += SIMPLE_REPLY_BYTES;
    }
    for (let sent = 0; sent < out;) sent += await connection.write(output.subarray(sent, out));
    input.copyWithin(0, at, end);
    end -= at;
    if (end >= REQUEST_BYTES && at > 0) continue; // There was no room for their answers.
    const count = await connection.read(input.subarray(end));
    if (count === null) return;
    end += count;
  }
}
