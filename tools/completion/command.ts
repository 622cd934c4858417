/**
 * The command line of `hako completion`. Its program may do nothing but print.
 *
 * @module
 */

import type { Command, Flags } from "../command_line/command.ts";

/** The shells that are known. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** The name of a shell. */
export type Shell = (typeof SHELLS)[number];

/** Exported only so that the type of `completionCommand` is public. @internal */
export const completionFlags = {} as const satisfies Flags;

/** `hako completion SHELL`. */
export const completionCommand: Command<typeof completionFlags> = {
  name: "completion",
  summary: "print the completion script for a shell",
  about: "It completes hako, as deno install makes it: commands, flags, their values, files.",
  flags: completionFlags,
  arguments: {
    placeholder: "SHELL",
    countMin: 1,
    countMax: 1,
    choices: SHELLS,
    summary: `the shell: ${SHELLS.join(", ")}`,
  },
  examples: [
    {
      line: "bash > ~/.local/share/bash-completion/completions/hako",
      what: "for bash, with the package bash-completion",
    },
    { line: "bash >> ~/.bashrc", what: "for bash, without it" },
    { line: "zsh > ~/.zfunc/_hako", what: "for zsh, with ~/.zfunc in its fpath" },
    { line: "fish > ~/.config/fish/completions/hako.fish", what: "for fish" },
  ],
  module: "tools/completion/main.ts",
  permissions: () => ({}),
};
