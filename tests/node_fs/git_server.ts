/**
 * Repositories of the host behind http, as `git http-backend` serves them.
 *
 * @module
 */

const decoder = new TextDecoder();

/** A server on a port of its own. */
export interface GitServer extends AsyncDisposable {
  /** The address of the directory. */
  readonly url: string;
}

/** Runs git in a directory; answers what it said. @throws {Error} What it complained of. */
export function git(directory: string, ...args: string[]): string {
  const { code, stdout, stderr } = new Deno.Command("git", {
    args: ["-C", directory, ...args],
    clearEnv: true,
    env: gitEnvironment(directory),
  }).outputSync();
  const said = decoder.decode(stdout);
  if (code !== 0) throw new Error(`git ${args.join(" ")}: ${said}${decoder.decode(stderr)}`);
  return said;
}

/** Serves all repositories in a directory, for reading and writing. */
export function serveGit(directory: string): GitServer {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => answer(directory, request),
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** One request, by the rules of CGI (RFC 3875). */
async function answer(directory: string, request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const body = new Uint8Array(await request.arrayBuffer());
  const child = new Deno.Command("git", {
    args: ["http-backend"],
    clearEnv: true,
    env: {
      ...gitEnvironment(directory),
      GIT_PROJECT_ROOT: directory,
      GIT_HTTP_EXPORT_ALL: "1",
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers.get("content-type") ?? "",
      CONTENT_LENGTH: String(body.byteLength),
      HTTP_CONTENT_ENCODING: request.headers.get("content-encoding") ?? "",
      GIT_PROTOCOL: request.headers.get("git-protocol") ?? "",
      REMOTE_ADDR: "127.0.0.1",
      REMOTE_USER: "hako",
    },
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const writer = child.stdin.getWriter();
  const written = writer.write(body).then(() => writer.close()).catch(() => {});
  const { stdout } = await child.output();
  await written;
  return responseOf(stdout);
}

function responseOf(said: Uint8Array): Response {
  const end = said.findIndex((_, at) => decoder.decode(said.subarray(at, at + 4)) === "\r\n\r\n");
  const headers = new Headers();
  let status = 200;
  for (const line of decoder.decode(said.subarray(0, end)).split("\r\n")) {
    const [name = "", value = ""] = line.split(/:\s*(.*)/s);
    if (name.toLowerCase() === "status") status = parseInt(value);
    else headers.set(name, value);
  }
  return new Response(said.slice(end + 4), { status, headers });
}

/** Nothing of the host's own settings. */
function gitEnvironment(directory: string): Record<string, string> {
  return {
    PATH: "/usr/local/bin:/usr/bin:/bin",
    HOME: directory,
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_CONFIG_COUNT: "3",
    ...{ GIT_CONFIG_KEY_0: "safe.directory", GIT_CONFIG_VALUE_0: "*" },
    ...{ GIT_CONFIG_KEY_1: "http.receivepack", GIT_CONFIG_VALUE_1: "true" },
    ...{ GIT_CONFIG_KEY_2: "init.defaultBranch", GIT_CONFIG_VALUE_2: "main" },
    ...{ GIT_AUTHOR_NAME: "Ada", GIT_AUTHOR_EMAIL: "ada@example.org" },
    ...{ GIT_COMMITTER_NAME: "Ada", GIT_COMMITTER_EMAIL: "ada@example.org" },
    ...{ GIT_AUTHOR_DATE: "2026-01-01T00:00:00Z", GIT_COMMITTER_DATE: "2026-01-01T00:00:00Z" },
  };
}
