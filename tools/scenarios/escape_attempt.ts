/**
 * `escape-attempt`: a domain without permissions tries to get out, beside a file system at work.
 *
 * @module
 */

import { boot, defineSystem } from "@hako/kernel";
import { FileSystem, FileSystemClient } from "@hako/fs-server";
import { filesOnImage } from "../systems/files_on_image.ts";
import type { Attempt } from "./domains/hostile.ts";
import { checkedByE2fsck } from "./foreign_tools.ts";
import {
  type Check,
  check,
  type Outcome,
  type Scenario,
  type ScenarioContext,
} from "./scenario.ts";

/** A new image that is large enough for two small files. */
const IMAGE_BYTES = 64 * 1024 * 1024;

const SECRET = "nobody may read this";
const CONTENT = "still here";

/** A hostile domain beside an honest system. */
export const escapeAttempt: Scenario = {
  name: "escape-attempt",
  story: "a hostile domain without permissions tries every host call that matters",
  run: play,
};

async function play(context: ScenarioContext): Promise<Outcome> {
  const secret = `${context.temporaryDirectory}/secret.txt`;
  Deno.writeTextFileSync(secret, SECRET);
  const startMs = performance.now();
  await using system = await boot(defineSystem({
    base: import.meta.url,
    domains: {
      ...filesOnImage({ path: context.image, createBytes: IMAGE_BYTES }),
      hostile: {
        kind: "app",
        module: "./domains/hostile.ts",
        // A port of this machine on which nobody listens: if the attempt got out, it would fail there.
        options: { secret, url: "http://127.0.0.1:59999" },
        restart: { limit: 0, windowMs: 1_000 },
        start: "request",
      },
    },
  }));
  const bootMs = performance.now() - startMs;
  const files = await system.connect(FileSystem, "files");
  const fs = new FileSystemClient(files, await system.window(1024 * 1024));
  fs.writeTextFileSync("/before.txt", CONTENT);
  context.progress("trying to escape", 0, 1);
  await system.start("hostile");
  const attempts = await system.finished("hostile") as Attempt[];
  fs.writeTextFileSync("/after.txt", CONTENT);
  const unharmed = fs.readTextFileSync("/before.txt") + fs.readTextFileSync("/after.txt");
  const { domains } = await system.status();
  await system.halt();

  const deaths = Object.values(domains).reduce((sum, domain) => sum + domain.deaths, 0);
  const checks: Check[] = [
    ...attempts.map(({ what, denied, detail }) => check(`cannot ${what}`, denied, detail)),
    check(
      "the secret is untouched",
      Deno.readTextFileSync(secret) === SECRET,
      `${SECRET.length} bytes`,
    ),
    check("the file system serves on", unharmed === CONTENT + CONTENT, `${unharmed.length} bytes`),
    check("no other domain died", deaths === 0, `${deaths} deaths`),
    await checkedByE2fsck(context.image),
  ];
  const denied = attempts.filter((attempt) => attempt.denied).length;
  return {
    checks,
    figures: [
      { name: "start to ready", value: bootMs, unit: "ms" },
      { name: "attempts denied", value: denied, unit: `of ${attempts.length}` },
    ],
  };
}
