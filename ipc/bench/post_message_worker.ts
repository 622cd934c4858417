/**
 * The thread that answers in `post_message.ts`: with a sum, or with the buffer that it was handed.
 *
 * @module
 */

import { starter } from "./worker.ts";

type Message = string | ArrayBuffer | { readonly a: number; readonly b: number };

starter.onmessage = ({ data }: MessageEvent<Message>) => {
  if (typeof data === "string") starter.postMessage("ready");
  else if (data instanceof ArrayBuffer) starter.postMessage(data, [data]);
  else starter.postMessage(data.a + data.b);
};
