import { assert, assertEquals } from "@std/assert";
import { denoProgram } from "../../tools/command_line/deno_program.ts";
import { permissionFlags } from "../../tools/command_line/launch.ts";
import { findTool, fsck } from "../host_tool.ts";
import { CASE_NAMES } from "./gateway_host.ts";
import { missingForMounts } from "./mounted_run.ts";
import { LIBC } from "./mounted_system.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

/** Seconds after which nothing of a mount may live. */
const SECONDS_MAX = "40";

const missing = missingForMounts();
const skipped = missing.length === 0 ? "" : ` (skipped: no ${missing.join(", ")})`;
const hasE2fsck = findTool("e2fsck") !== undefined;

for (const name of CASE_NAMES) {
  Deno.test({
    name: `a mount: ${name}${skipped}`,
    ignore: missing.length > 0,
    fn: () => look(name),
  });
}

/** Looks at one thing on a mount of its own, in a namespace of its own. */
async function look(name: string): Promise<void> {
  const root = Deno.makeTempDirSync({ prefix: "hako-gateway-" });
  try {
    const [image, directory] = [`${root}/disk.img`, `${root}/mount`];
    Deno.mkdirSync(directory);
    const { success, stdout, stderr } = await new Deno.Command("timeout", {
      args: ["-k", "5", SECONDS_MAX, "unshare", "-m", "--propagation", "private", ...program(name)],
      cwd: "/",
      stdin: "null",
    }).output();
    const decoder = new TextDecoder();
    assertEquals(decoder.decode(stdout).trim(), "ok", decoder.decode(stderr));
    assert(success);
    if (hasE2fsck) assert(fsck(image).clean, fsck(image).text);
  } finally {
    Deno.removeSync(root, { recursive: true });
  }

  function program(name: string): string[] {
    const [image, directory] = [`${root}/disk.img`, `${root}/mount`];
    const run = ["sh", denoProgram()];
    const permissions = { read: [ROOT, image, directory], write: [image, directory], run };
    return [
      ...[denoProgram(), "run", "--quiet", "--frozen", "--no-prompt"],
      ...[`--config=${ROOT}deno.json`, "--unstable-worker-options", `--allow-ffi=${LIBC}`],
      ...permissionFlags(permissions, directory),
      ...[`${ROOT}tests/fuse/gateway_host.ts`, name, image, directory],
    ];
  }
}
