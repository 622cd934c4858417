/**
 * Completion for fish.
 *
 * @module
 */

import type { CommandOffer, FlagOffer, Offer } from "./offers.ts";

/** A file `NAME.fish` for fish's directory of completions; it can be sourced too. */
export function fishScript(name: string, commands: readonly CommandOffer[]): string {
  const lines = commands.flatMap((command) => commandLines(name, command));
  return `# Completion for ${name}. Made by: ${name} completion fish

# Whether the command is $argv[1].
function __${name}_in
    set -l words (commandline -opc)
    test (count $words) -ge 2; and test "$words[2]" = "$argv[1]"
end

# The same, and that its argument $argv[2] comes next, or a later one if $argv[3] is given. Flags, and
# the values of those that take one, do not count.
function __${name}_at
    __${name}_in $argv[1]; or return 1
    set -l words (commandline -opc)
    set -l place 0
    set -l skipped
    for word in $words[3..-1]
        if set -q skipped[1]
            set -e skipped[1]
        else if contains -- "$word" $__${name}_valued
            set skipped 1
        else if not string match -q -- '-*' "$word"
            set place (math $place + 1)
        end
    end
    test $place -eq $argv[2]; and return 0
    set -q argv[3]; and test $place -gt $argv[2]
end

function __${name}_first
    test (count (commandline -opc)) -eq 1
end

set -g __${name}_valued ${[...new Set(commands.flatMap(valuedWords))].join(" ")}
complete -c ${name} -f
complete -c ${name} -n __${name}_first -s h -l help -d 'show every command'
complete -c ${name} -n __${name}_first -l version -d 'show the versions'
${lines.join("\n")}
`;
}

function commandLines(program: string, command: CommandOffer): string[] {
  const { name, summary, flags, arguments: places, goesOn } = command;
  const lines = [
    `complete -c ${program} -n __${program}_first -a ${name} -d ${quoted(summary)}`,
  ];
  const isThis = quoted(`__${program}_in ${name}`);
  for (const flag of flags) {
    lines.push(`complete -c ${program} -n ${isThis} ${flagWords(flag)} -d ${quoted(flag.summary)}`);
  }
  places.forEach(({ placeholder, offer }, index) => {
    if (offer.kind === "nothing") return;
    const later = goesOn && index === places.length - 1 ? " later" : "";
    const condition = quoted(`__${program}_at ${name} ${index}${later}`);
    lines.push(`complete -c ${program} -n ${condition} ${offered(offer)} -d ${placeholder}`);
  });
  return lines;
}

function flagWords({ name, letter, value }: FlagOffer): string {
  const words = [`-l ${name}`];
  if (letter !== undefined) words.unshift(`-s ${letter}`);
  if (value !== undefined) words.push("-r", offered(value.offer));
  return words.join(" ");
}

function offered(offer: Offer): string {
  switch (offer.kind) {
    case "files":
      return "-F";
    case "directories":
      return "-f -a '(__fish_complete_directories)'";
    case "words":
      return `-f -a ${quoted(offer.words.join(" "))}`;
    case "nothing":
      return "-f";
  }
}

function valuedWords({ flags }: CommandOffer): string[] {
  return flags.filter(({ value }) => value !== undefined).flatMap(({ name, letter }) =>
    letter === undefined ? [`--${name}`] : [`--${name}`, `-${letter}`]
  );
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}
