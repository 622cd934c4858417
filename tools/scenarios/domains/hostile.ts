/**
 * A hostile app: tries every host call that matters, and tells what became of each. It is given no
 * permission at all.
 *
 * @module
 */

import { enter } from "@hako/kernel/domain";

/** What became of one attempt. */
export interface Attempt {
  /** What was tried. */
  readonly what: string;
  /** Whether the host refused. */
  readonly denied: boolean;
  /** The name of the error, or what was gained. */
  readonly detail: string;
}

const domain = await enter();
const { secret, url } = domain.options as { readonly secret: string; readonly url: string };

/** Errors that mean a refusal, not an accident. */
const REFUSALS = ["NotCapable", "PermissionDenied"];

const attempts: readonly (readonly [string, () => unknown])[] = [
  ["read a file", () => Deno.readTextFileSync(secret)],
  ["read a file later", () => Deno.readTextFile(secret)],
  ["read a directory", () => [...Deno.readDirSync("/")]],
  ["look at a file", () => Deno.statSync(secret)],
  ["read a file through node:fs", async () => (await import("node:fs")).readFileSync(secret)],
  ["write a file", () => Deno.writeTextFileSync(secret, "overwritten")],
  ["remove a file", () => Deno.removeSync(secret)],
  ["make a temporary file", () => Deno.makeTempFileSync()],
  ["make a link", () => Deno.symlinkSync(secret, `${secret}.link`)],
  ["connect", () => Deno.connect({ hostname: "127.0.0.1", port: 59999 })],
  ["listen", () => Deno.listen({ hostname: "127.0.0.1", port: 0 })],
  ["serve HTTP", () => Deno.serve({ hostname: "127.0.0.1", port: 0 }, () => new Response())],
  ["fetch", () => fetch(url)],
  ["open a WebSocket", () => openSocket()],
  ["run a program", () => new Deno.Command("true").outputSync()],
  ["run a program through node", async () => (await import("node:child_process")).execSync("true")],
  ["read the environment", () => Deno.env.get("PATH")],
  ["list the environment", () => Deno.env.toObject()],
  ["change the environment", () => Deno.env.set("HAKO", "1")],
  ["load a native library", () => Deno.dlopen("libc.so.6", {})],
  ["ask the host's name", () => Deno.hostname()],
  ["ask the system's memory", () => Deno.systemMemoryInfo()],
  ["ask who runs this", () => Deno.uid()],
  ["import a local file", () => import(`file://${secret}`)],
  ["import remote code", () => import(`${url}/module.js`)],
  ["send a signal", () => Deno.kill(1, "SIGCONT")],
  ["change the directory", () => Deno.chdir("/")],
  ["start a worker with more permissions", () => startWorker({ read: true })],
  ["start a worker that inherits", () => startWorker("inherit")],
];

const results: Attempt[] = [];
for (const [what, attempt] of attempts) results.push(await tryOut(what, attempt));
results.push(await tryOut("be granted a permission", askForPermission));
domain.finish(results);

async function tryOut(what: string, attempt: () => unknown): Promise<Attempt> {
  try {
    const gained = await attempt();
    return { what, denied: false, detail: String(gained).slice(0, 80) };
  } catch (error) {
    const name = error instanceof Error ? error.name : "";
    const message = error instanceof Error ? error.message : String(error);
    // A module or a WebSocket tells of the refusal in its own words.
    const denied = REFUSALS.includes(name) || /Requires .* access|escalate/.test(message);
    return { what, denied, detail: denied ? name : `${name}: ${message}`.slice(0, 120) };
  }
}

async function askForPermission(): Promise<never> {
  const status = await Deno.permissions.request({ name: "read", path: secret });
  if (status.state === "granted") throw new Error("granted");
  throw new Deno.errors.NotCapable(status.state);
}

function openSocket(): Promise<unknown> {
  const socket = new WebSocket(url.replace("http", "ws"));
  return new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = (event) => reject(new Error((event as ErrorEvent).message));
  });
}

/** A worker that tries to read the secret; what it inherits is nothing, so it must fail. */
function startWorker(permissions: "inherit" | { read: true }): Promise<unknown> {
  const source = `try { postMessage(Deno.readTextFileSync(${JSON.stringify(secret)})) }
    catch (error) { postMessage({ name: error.name, message: error.message }) }`;
  const worker = new Worker(`data:text/javascript,${encodeURIComponent(source)}`, {
    type: "module",
    deno: { permissions },
  });
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => {
      if (typeof data === "string") resolve(data);
      else reject(Object.assign(new Error(data.message), { name: data.name }));
    };
    worker.onerror = (event) => {
      event.preventDefault();
      reject(new Error(event.message));
    };
  });
}
