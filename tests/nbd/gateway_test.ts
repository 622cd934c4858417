import { assertEquals } from "@std/assert";
import { denoProgram } from "../../tools/command_line/deno_program.ts";
import { clientTest, KILL_EVERY_MS, run, ServedImage, succeed } from "./served_image.ts";

const MiB = 1024 * 1024;
const VOLUME = { createBytes: 16 * MiB };
const CONFIG = new URL("../../deno.json", import.meta.url).pathname;
const CROWD = new URL("./crowd.ts", import.meta.url).pathname;

for (const [how, killEveryMs] of [["", 0], [" while servers die", KILL_EVERY_MS]] as const) {
  clientTest(
    `a thousand connections of all kinds are served at once${how}`,
    [],
    async (directory) => {
      await using image = await ServedImage.start(directory, { ...VOLUME, killEveryMs });
      const socket = image.address.replace("unix:", "");
      const permissions = [`--allow-read=${socket}`, `--allow-write=${socket}`];
      permissions.push(`--allow-net=unix:${socket}`);
      await succeed(
        denoProgram(),
        "run",
        "--quiet",
        `--config=${CONFIG}`,
        ...permissions,
        CROWD,
        socket,
      );
    },
  );
}

for (const transport of ["unix", "tcp"] as const) {
  clientTest(
    `a gateway that dies is back for new clients, over ${transport}`,
    ["qemu-io"],
    async (directory) => {
      const dying = { killEveryMs: KILL_EVERY_MS, victims: ["nbd"], transport };
      await using image = await ServedImage.start(directory, { ...VOLUME, ...dying });
      let successes = 0;
      await image.whileKilled(async () => {
        const { code } = await run("qemu-io", [
          "-f",
          "raw",
          "-c",
          "write -P 7 0 4k",
          "-c",
          "read -P 7 0 4k",
          image.uri,
        ]);
        if (code === 0) successes++;
      });
      assertEquals(successes > 0, true);
    },
  );
}
