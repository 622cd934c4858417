/**
 * Runs scripts that mount, where nothing of what they mount or start outlives them: in a mount
 * namespace and a process namespace of their own.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { ROOT } from "../command_rig.ts";
import { findTool } from "../host_tool.ts";

/** Without these there is nothing to be tested. */
const TOOLS = ["fusermount3", "findmnt", "mke2fs", "e2fsck", "debugfs", "pgrep", "setpriv"];

/** A mount namespace and a process namespace: when the script ends, all that it started does. */
const NAMESPACES = ["-m", "-p", "-f", "--kill-child", "--mount-proc", "--propagation", "private"];

/** Seconds after which nothing of it may live. */
const SECONDS_MAX = "60";

/** What the host lacks. */
const MISSING = [
  ...TOOLS.filter((tool) => findTool(tool) === undefined),
  ...canMount() ? [] : ["right to mount"],
];

/** A test that is a script; skipped by name where it cannot run. */
export function mountTest(name: string, script: string): void {
  const skipped = MISSING.length === 0 ? "" : ` (skipped: no ${MISSING.join(", ")})`;
  Deno.test({
    name: `${name}${skipped}`,
    ignore: MISSING.length > 0,
    async fn() {
      const directory = Deno.makeTempDirSync();
      try {
        await runScript(script, directory);
      } finally {
        Deno.removeSync(directory, { recursive: true });
      }
    },
  });
}

async function runScript(script: string, directory: string): Promise<void> {
  const path = new URL(script, import.meta.url).pathname;
  const args = ["-s", "KILL", SECONDS_MAX, "unshare", ...NAMESPACES, "sh", path];
  const { code, stdout, stderr } = await new Deno.Command("timeout", {
    args: [...args, directory, ROOT, Deno.execPath()],
    env: {
      TMPDIR: `${directory}/temporary`,
      INIT_CWD: directory,
      XDG_STATE_HOME: `${directory}/state`,
      NO_COLOR: "1",
    },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  assertEquals(code, 0, `${decoder.decode(stdout)}\n${decoder.decode(stderr)}`);
}

/** Whether this process may make such namespaces, and has the device. */
function canMount(): boolean {
  try {
    const args = [...NAMESPACES, "test", "-r", "/dev/fuse", "-a", "-w", "/dev/fuse"];
    return new Deno.Command("unshare", { args }).outputSync().success;
  } catch {
    return false;
  }
}
