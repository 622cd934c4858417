/**
 * Serves two files in a worker that may do nothing but call the C library.
 *
 * @module
 */

import { OsError } from "@hako/ipc";
import { FuseNotification } from "../wire/mod.ts";
import { FuseDevice, mountThrough, openLibc, release } from "./mod.ts";
import { TwoFiles } from "./test_two_files.ts";

/** How a worker begins. */
export interface Beginning {
  readonly libc: string;
  /** Mounts there, and holds reads of `stuck`. */
  readonly directory?: string;
  /** Or takes over what another worker of this process has mounted. */
  readonly fd?: number;
}

/** What a worker tells. */
export type Told =
  | { readonly mounted: { fd: number; commFd: number; pid: number; connection: number } }
  | { readonly canResend: boolean }
  | { readonly held: number }
  | { readonly tookOver: { fd: number; former: number; resent: number } }
  | { readonly ended: number }
  | { readonly failed: string; readonly message: string };

const EAGAIN = -11;
const EINTR = -4;
const ENOENT = -2;
const SLICE_REQUESTS = 1000;

declare const self: {
  onmessage: ((event: MessageEvent<Beginning>) => void) | null;
  postMessage(told: Told): void;
};

self.onmessage = async ({ data }) => {
  try {
    await (data.fd === undefined ? begin(data) : takeOver(data, data.fd));
  } catch (error) {
    const failed = error instanceof OsError ? error.code : "other";
    self.postMessage({ failed, message: String(error) });
  }
};

async function begin({ libc: path, directory = "" }: Beginning): Promise<void> {
  const libc = openLibc(path);
  const mount = mountThrough(libc, { directory, fsName: "two,files\\" });
  self.postMessage({ mounted: mount });
  const files = new TwoFiles({ isHolding: true });
  const ended = await serve(new FuseDevice(libc, mount.fd), files);
  if (ended < 0) release(libc, mount);
  self.postMessage({ ended });
}

async function takeOver({ libc: path }: Beginning, fd: number): Promise<void> {
  const libc = openLibc(path);
  let former = -1;
  const device = new FuseDevice(libc, fd).takeOver((_fd, old) => former = old);
  const notification = new FuseNotification();
  const sent = device.write(notification.source, notification.resend());
  const files = new TwoFiles({ isHolding: false });
  while (sent > 0 && files.resent === 0) {
    device.poll(1000);
    answerOne(device, files);
  }
  self.postMessage({ tookOver: { fd: device.fd, former, resent: files.resent } });
  self.postMessage({ ended: await serve(device, files) });
}

/** Serves until nothing more can come; returns why. */
async function serve(device: FuseDevice, files: TwoFiles): Promise<number> {
  let held = 0;
  let hasBegun = false;
  for (;;) {
    device.poll(50);
    for (let count = 0; count < SLICE_REQUESTS; count++) {
      const result = answerOne(device, files);
      if (result === EAGAIN) break;
      if (result <= 0 && result !== EINTR && result !== ENOENT) return result;
      if (!hasBegun) self.postMessage({ canResend: files.canResend });
      hasBegun = true;
      if (files.held > held) self.postMessage({ held: held = files.held });
    }
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

function answerOne(device: FuseDevice, files: TwoFiles): number {
  const count = device.read(files.request.target);
  if (count <= 0) return count;
  const byteLength = files.answer(count);
  if (byteLength > 0) device.write(files.reply.source, byteLength);
  return count;
}
