/**
 * Completion for bash, 3.2 and later.
 *
 * @module
 */

import type { CommandOffer, FlagOffer, Offer } from "./offers.ts";

/** A script for `eval`, or for a file that bash reads when it starts. */
export function bashScript(name: string, commands: readonly CommandOffer[]): string {
  const words = commands.map((command) => command.name).join(" ");
  return `# Completion for ${name}. Made by: ${name} completion bash
_${name}() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}"
  local command= place=0 valued= flags= offer= index=1
  # Bash takes = for a word of its own: "--json=a" is three.
  if [[ $word == "=" ]]; then
    word=
  elif [[ $before == "=" ]]; then
    before="\${COMP_WORDS[COMP_CWORD-2]}"
  fi
  [[ $COMP_CWORD -gt 1 ]] && command="\${COMP_WORDS[1]}"
  case "$command" in
    "")
      COMPREPLY=($(compgen -W "${words} --help --version" -- "$word"))
      return ;;
${commands.map(commandCase).join("\n")}
    *)
      return ;;
  esac
  # Which argument this is: flags and their values do not count.
  local only= given
  for ((index = 2; index < COMP_CWORD; index++)); do
    given="\${COMP_WORDS[index]}"
    if [[ -z $only && $given == -- ]]; then
      only=1
    elif [[ -z $only && $given == -* ]]; then
      [[ "\${COMP_WORDS[index+1]}" == "=" ]] && ((index += 2)) && continue
      [[ " $valued " == *" $given "* ]] && ((index += 1))
    else
      ((place += 1))
    fi
  done
  if [[ -z $only && $word == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$word"))
    return
  fi
  if [[ -z $only && " $valued " == *" $before "* ]]; then
    place="$before"
  fi
  case "$command $place" in
${commands.flatMap(placeCases).join("\n")}
  esac
  local IFS=$'\\n'
  case "$offer" in
    files)
      compopt -o filenames 2>/dev/null
      COMPREPLY=($(compgen -f -- "$word")) ;;
    directories)
      compopt -o filenames 2>/dev/null
      COMPREPLY=($(compgen -d -- "$word")) ;;
    ?*)
      COMPREPLY=($(IFS=' '; compgen -W "$offer" -- "$word")) ;;
  esac
}
complete -F _${name} ${name}
`;
}

function commandCase({ name, flags }: CommandOffer): string {
  const valued = flags.filter(({ value }) => value !== undefined);
  return `    ${name})
      flags="${flags.flatMap(wordsOf).join(" ")}"
      valued="${valued.flatMap(wordsOf).join(" ")}" ;;`;
}

/** What is offered at each place of a command: after a flag that takes a value, and as an argument. */
function placeCases(command: CommandOffer): string[] {
  const { name, flags, arguments: places, goesOn } = command;
  const cases: string[] = [];
  for (const flag of flags) {
    if (flag.value === undefined) continue;
    const patterns = wordsOf(flag).map((word) => `"${name} ${word}"`).join("|");
    cases.push(placeCase(patterns, flag.value.offer));
  }
  places.forEach(({ offer }, index) => {
    const isLast = index === places.length - 1;
    cases.push(placeCase(goesOn && isLast ? `"${name} "[0-9]*` : `"${name} ${index}"`, offer));
  });
  return cases.filter((text) => text !== "");
}

function placeCase(pattern: string, offer: Offer): string {
  if (offer.kind === "nothing") return `    ${pattern}) ;;`;
  return `    ${pattern}) offer="${
    offer.kind === "words" ? offer.words.join(" ") : offer.kind
  }" ;;`;
}

function wordsOf({ name, letter }: FlagOffer): string[] {
  return letter === undefined ? [`--${name}`] : [`--${name}`, `-${letter}`];
}
