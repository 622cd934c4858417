/**
 * The process that answers in `unix_socket.ts`.
 *
 * @module
 */

import { REPLY_BYTES, REQUEST_BYTES } from "./unix_socket.ts";

/** Where the client listens. */
const [path = ""] = Deno.args;

const connection = await Deno.connect({ transport: "unix", path });
const request = new Int32Array(REQUEST_BYTES / 4);
const requestBytes = new Uint8Array(request.buffer);
const reply = new Int32Array(REPLY_BYTES / 4);
const replyBytes = new Uint8Array(reply.buffer);
while (await connection.read(requestBytes) === REQUEST_BYTES) {
  reply[0] = request[0]! + request[1]!;
  await connection.write(replyBytes);
}
connection.close();
