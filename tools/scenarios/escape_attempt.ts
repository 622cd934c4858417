/**
 * `escape-attempt`: a domain without permissions tries to get out, beside a file system at work.
 *
 * @module
 */

import { defineSystem } from "@hako/kernel";
import { FileSystem, FileSystemClient } from "@hako/fs-server";
import { filesOnImage } from "../systems/files_on_image.ts";
import type { Attempt } from "./domains/hostile.ts";
import { checkedByE2fsck } from "./foreign_tools.ts";
import { type Check, check, type Played, type Scenario, type ScenarioContext } from "./scenario.ts";

/** A new image that is large enough for two small files. */
const IMAGE_BYTES = 64 * 1024 * 1024;

const SECRET = "nobody may read this";
const CONTENT = "still here";

/** What came of the work. */
interface Escaped {
  readonly attempts: readonly Attempt[];
  /** What the file system's files hold afterwards. */
  readonly unharmed: string;
}

/** A hostile domain beside an honest system. */
export const escapeAttempt: Scenario<Escaped> = {
  name: "escape-attempt",
  story: "a hostile domain without permissions tries every host call that matters",
  durationMs: 0,
  faults: [],
  manifest: (context) =>
    defineSystem({
      base: import.meta.url,
      domains: {
        ...filesOnImage({ path: context.image, createBytes: IMAGE_BYTES }),
        hostile: {
          kind: "app",
          module: "./domains/hostile.ts",
          // A port of this machine on which nobody listens: if the attempt got out, it would fail there.
          options: { secret: secretOf(context), url: "http://127.0.0.1:59999" },
          restart: { limit: 0, windowMs: 1_000 },
          start: "request",
        },
      },
    }),
  async workload(system, stage) {
    Deno.writeTextFileSync(secretOf(stage.context), SECRET);
    const files = await system.connect(FileSystem, "files");
    const fs = new FileSystemClient(files, await system.window(1024 * 1024));
    fs.writeTextFileSync("/before.txt", CONTENT);
    stage.progress("trying to escape", 0, 1);
    await system.start("hostile");
    const attempts = await stage.finished<Attempt[]>(system, "hostile");
    fs.writeTextFileSync("/after.txt", CONTENT);
    const unharmed = fs.readTextFileSync("/before.txt") + fs.readTextFileSync("/after.txt");
    return { attempts, unharmed };
  },
  checks: judge,
  figures: ({ work: { attempts } }) => {
    const denied = attempts.filter((attempt) => attempt.denied).length;
    return [{ name: "attempts denied", value: denied, unit: `of ${attempts.length}` }];
  },
};

function secretOf({ temporaryDirectory }: ScenarioContext): string {
  return `${temporaryDirectory}/secret.txt`;
}

async function judge({ context, work, status }: Played<Escaped>): Promise<Check[]> {
  const { attempts, unharmed } = work;
  const secret = Deno.readTextFileSync(secretOf(context));
  const deaths = Object.values(status.domains).reduce((sum, domain) => sum + domain.deaths, 0);
  return [
    ...attempts.map(({ what, denied, detail }) => check(`cannot ${what}`, denied, detail)),
    check("the secret is untouched", secret === SECRET, `${secret.length} bytes`),
    check("the file system serves on", unharmed === CONTENT + CONTENT, `${unharmed.length} bytes`),
    check("no other domain died", deaths === 0, `${deaths} deaths`),
    await checkedByE2fsck(context.image),
  ];
}
