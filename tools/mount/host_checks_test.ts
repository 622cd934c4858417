import { assertEquals, assertThrows } from "@std/assert";
import { OsError } from "@hako/ipc";
import { checkHost, FUSERMOUNT_PATHS, type Host, MissingRequirement } from "./host_checks.ts";

const FUSERMOUNT = FUSERMOUNT_PATHS[0]!;
const WISH = { allowOther: false, libc: undefined };

/** A host that can mount, but for what is said. */
function hostWith(what: Partial<Host> & { readonly lacks?: string } = {}): Host {
  const { lacks, ...rest } = what;
  return {
    isRoot: true,
    mode: (path) => path === FUSERMOUNT && path !== lacks ? 0o104755 : undefined,
    text: () => "",
    test: () => true,
    libc: () => "/lib/libc.so.6",
    ...rest,
  };
}

function complaint(host: Host, wish: Partial<Parameters<typeof checkHost>[1]> = {}): string {
  return assertThrows(() => checkHost(host, { ...WISH, ...wish }), MissingRequirement).message;
}

Deno.test("checkHost() answers the C library of a host that can mount", () => {
  assertEquals(checkHost(hostWith(), WISH), "/lib/libc.so.6");
  assertEquals(checkHost(hostWith({ isRoot: false }), WISH), "/lib/libc.so.6");
  const own = hostWith({ mode: () => 0o104755 });
  assertEquals(checkHost(own, { allowOther: true, libc: "/my/libc.so" }), "/my/libc.so");
});

Deno.test("checkHost() says what a host lacks, and how to get it", () => {
  const noDevice = hostWith({ test: (how) => how !== "-e" });
  assertEquals(
    complaint(noDevice),
    "/dev/fuse is missing; as root, `modprobe fuse` makes it. A container needs --device " +
      "/dev/fuse --cap-add SYS_ADMIN",
  );
  const noRight = hostWith({ isRoot: false, test: (how) => how === "-e" });
  assertEquals(
    complaint(noRight),
    "no right to /dev/fuse; as root, `chmod 666 /dev/fuse` gives it to everyone",
  );
  assertEquals(
    complaint(hostWith({ lacks: FUSERMOUNT })),
    "fusermount3 is missing; `apt install fuse3` brings it (elsewhere the package is fuse3 too)",
  );
  const notSetUid = hostWith({ isRoot: false, mode: () => 0o100755 });
  assertEquals(
    complaint(notSetUid),
    `only root may mount here; as root, \`chmod u+s ${FUSERMOUNT}\` lets everyone`,
  );
});

Deno.test("checkHost() knows who may let other users in", () => {
  const wish = { allowOther: true };
  const leave = "# user_allow_other\n";
  assertEquals(
    complaint(hostWith({ isRoot: false, text: () => leave }), wish),
    "only root may use --allow-other; a line user_allow_other in /etc/fuse.conf lets everyone",
  );
  const allowed = hostWith({ isRoot: false, text: () => `${leave}user_allow_other\n` });
  assertEquals(checkHost(allowed, { ...WISH, ...wish }), "/lib/libc.so.6");
  assertEquals(checkHost(hostWith(), { ...WISH, ...wish }), "/lib/libc.so.6");
});

Deno.test("checkHost() tells of a C library that is missing or another one", () => {
  assertEquals(complaint(hostWith(), { libc: "/no" }), "the C library /no is missing");
  const nowhere = hostWith({
    libc: () => {
      throw new OsError("ENOENT", "find the C library");
    },
  });
  assertEquals(complaint(nowhere).endsWith("; --libc FILE tells where it is"), true);
  const musl = hostWith({
    libc: () => {
      throw new OsError("EOPNOTSUPP", "use FUSE with the C library musl");
    },
  });
  assertEquals(complaint(musl).includes("musl"), true);
});
