import { assertEquals } from "@std/assert";
import { findLibc } from "./finding.ts";
import { optionText } from "./mounting.ts";

const SCENARIOS = {
  reads: "a mount of a worker with one permission is read, listed, unmounted",
  killed: "a mount vanishes when its process is killed",
  takenOver: "a successor answers what a zombie has read, and the zombie reads nothing more",
  busy: "a busy mount is unmounted lazily, and its stuck reader is freed by force",
  dead: "a dead mount is told of, and cured",
  errors: "errors of mounting say what to do",
};

/** Nothing of what a scenario does is left when its namespace ends, however it ends. */
const NAMESPACE = ["-k", "2", "40", "unshare", "-m", "--propagation", "private"];
const PROBE = "test -r /dev/fuse && test -w /dev/fuse && command -v fusermount3";

/** Runs what follows as nobody, who has the right to a `/dev/fuse` in that namespace. */
const AS_NOBODY = `mknod "$1/fuse" c 10 229 && chmod 666 "$1/fuse" &&
  mount --bind "$1/fuse" /dev/fuse && mkdir "$1/m" && chown nobody "$1" "$1/m" &&
  export HOME="$1" DENO_DIR="$1/deno" && shift &&
  exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"`;

const ignore = !canMount();
for (const [scenario, name] of Object.entries(SCENARIOS)) {
  Deno.test({ name: `mountThrough(): ${name}`, ignore, fn: () => play(scenario) });
}

const ignoreNobody = ignore || !canBeNobody();
for (const scenario of ["reads", "killed"] as const) {
  const name = `mountThrough() as nobody: ${SCENARIOS[scenario]}`;
  Deno.test({ name, ignore: ignoreNobody, fn: () => play(scenario, { asNobody: true }) });
}

Deno.test("optionText() says what fusermount3 understands", () => {
  assertEquals(
    optionText({ directory: "/x" }),
    "rw,nosuid,nodev,fsname=hako,subtype=hako,max_read=1048576,auto_unmount,default_permissions",
  );
  const options = {
    directory: "/x",
    fsName: "a,b\\c",
    readOnly: true,
    allowOther: true,
    defaultPermissions: false,
    setuid: true,
    devices: true,
    maxRead: 4096,
  };
  assertEquals(
    optionText(options),
    "ro,suid,dev,fsname=a\\,b\\\\c,subtype=hako,max_read=4096,auto_unmount,allow_other",
  );
});

function canMount(): boolean {
  if (Deno.build.os !== "linux") return false;
  return new Deno.Command("timeout", { args: [...NAMESPACE, "sh", "-c", PROBE] })
    .outputSync().success;
}

/** Whether another user than root may run this program, and read this project. */
function canBeNobody(): boolean {
  const directory = Deno.makeTempDirSync();
  const script = 'test -r "$0" && exec "$1" --version';
  const command = ["sh", "-c", script, modulePath(), Deno.execPath()];
  const args = [...NAMESPACE, "sh", "-c", AS_NOBODY, "sh", directory, ...command];
  try {
    return new Deno.Command("timeout", { args }).outputSync().success;
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

async function play(scenario: string, { asNobody = false } = {}): Promise<void> {
  const directory = await Deno.makeTempDir();
  const libc = findLibc();
  const place = asNobody ? `${directory}/m` : directory;
  const permissions = [
    "--allow-read",
    `--allow-write=${place}`,
    "--allow-run",
    `--allow-ffi=${libc}`,
  ];
  const run = [Deno.execPath(), "run", "--quiet", "--no-prompt", "--no-check", ...permissions];
  const user = asNobody ? ["sh", "-c", AS_NOBODY, "sh", directory] : [];
  const args = [...NAMESPACE, ...user, ...run, modulePath(), scenario, libc, place];
  try {
    const { code, stdout, stderr } = await new Deno.Command("timeout", { args }).output();
    const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    assertEquals(code, 0, said);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function modulePath(): string {
  return new URL("./test_namespace_main.ts", import.meta.url).pathname;
}
