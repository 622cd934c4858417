/**
 * The peer that isolates best: another process of the same runtime, over a Unix-domain socket, with
 * eight bytes there and four back.
 *
 * @module
 */

import { type Contestant, PEER_SOCKET } from "@hako/tools/bench";

/** Bytes of a request: two integers. */
export const REQUEST_BYTES = 8;

/** Bytes of a reply: one. */
export const REPLY_BYTES = 4;

/** One call after the other. */
export async function callingOverSocket(): Promise<Contestant> {
  const socket = `${Deno.cwd()}/${PEER_SOCKET}`;
  const listener = Deno.listen({ transport: "unix", path: socket });
  const permissions = ["read", "write"].map((name) => `--allow-${name}=${socket}`);
  permissions.push(`--allow-net=unix:${socket}`);
  const module = new URL("./unix_socket_server.ts", import.meta.url).href;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", ...permissions, module, socket],
    stdin: "null",
    stdout: "null",
    stderr: "inherit",
  }).spawn();
  const connection = await listener.accept();
  const request = new Int32Array(REQUEST_BYTES / 4);
  const requestBytes = new Uint8Array(request.buffer);
  const reply = new Uint8Array(REPLY_BYTES);
  return {
    startsProcesses: true,
    async run(count) {
      for (let index = 0; index < count; index++) {
        request[0] = index;
        request[1] = 1;
        await connection.write(requestBytes); // So few bytes are written and read whole.
        if (await connection.read(reply) !== REPLY_BYTES) throw new Error("Cannot go on: hung up");
      }
    },
    async close() {
      connection.close(); // The child ends with it.
      listener.close();
      await child.status;
    },
  };
}
