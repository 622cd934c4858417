/**
 * Plays a scenario in a process of its own, which may do what the scenario needs and nothing else.
 *
 * @module
 */

import { exitCodeOf, tellChild } from "../command_line/child_process.ts";
import type { Permissions, Place } from "../command_line/command.ts";
import { UsageError } from "../command_line/command.ts";
import { denoProgram } from "../command_line/deno_program.ts";
import { denoArguments } from "../command_line/launch.ts";
import { type HostLine, type HostOrder, readHostLine } from "./host_line.ts";
import type { Audience, PlayedOut } from "./play.ts";
import { check, type Scenario, type UnstagedContext } from "./scenario.ts";

/** The exit code after Ctrl-C, as sh has it. */
const EXIT_INTERRUPTED = 130;

/** Programs that every scenario may ask for their judgement. */
const JUDGES = ["e2fsck", "debugfs"];

/**
 * Plays a scenario; answers `undefined` if the user has interrupted it, which its process has heard
 * as well: it halts its system first.
 *
 * @throws {UsageError} If the fault plan is at fault.
 */
export async function playInProcess(
  scenario: Scenario,
  order: HostOrder,
  place: Place,
  audience: Omit<Audience, "signal">,
): Promise<PlayedOut | undefined> {
  const permissions = permissionsOf(scenario, order.context, place);
  const child = new Deno.Command(denoProgram(), {
    args: denoArguments("tools/scenarios/host/main.ts", permissions, place),
    cwd: place.directory,
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const exitCode = exitCodeOf(child);
  const [out] = await Promise.all([hear(child.stdout, audience), tellChild(child, order)]);
  const code = await exitCode;
  if (code === EXIT_INTERRUPTED) return undefined;
  if (out !== undefined) return out;
  const failed = check("the scenario plays to its end", false, `its process exited with ${code}`);
  return { checks: [failed], figures: [] };
}

/** What a scenario's process may do. */
export function permissionsOf(
  scenario: Scenario,
  context: UnstagedContext,
  { sourceRoot }: Pick<Place, "sourceRoot">,
): Permissions {
  const own = scenario.permissions?.(context) ?? {};
  const outputs = [context.image, context.temporaryDirectory];
  return {
    ...own,
    read: [sourceRoot, ...outputs, ...own.read ?? []],
    write: [...outputs, ...own.write ?? []],
    run: [...JUDGES, ...own.run ?? []],
  };
}

async function hear(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  audience: Omit<Audience, "signal">,
): Promise<PlayedOut | undefined> {
  let out: PlayedOut | undefined;
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      const told = readHostLine(line);
      if (told === undefined) console.error(line); // What a domain has printed.
      else out = obey(told, audience) ?? out;
    }
  }
  return out;
}

function obey(line: HostLine, audience: Omit<Audience, "signal">): PlayedOut | undefined {
  switch (line.type) {
    case "progress":
      audience.progress(line.label, line.done, line.total);
      return undefined;
    case "live":
      audience.live(line.counts);
      return undefined;
    case "misused":
      throw new UsageError(line.why);
    case "played":
      return line.out;
  }
}
