/**
 * Completion for zsh, by its `_arguments`.
 *
 * @module
 */

import type { ArgumentOffer, CommandOffer, FlagOffer, Offer } from "./offers.ts";

/** A file `_NAME` for a directory of zsh's `fpath`; it can be sourced too. */
export function zshScript(name: string, commands: readonly CommandOffer[]): string {
  const described = commands.map((command) =>
    `    ${quoted(`${command.name}:${plain(command.summary)}`)}`
  );
  return `#compdef ${name}
# Completion for ${name}. Made by: ${name} completion zsh

_${name}() {
  local curcontext="$curcontext" state line
  typeset -A opt_args
  local -a commands=(
${described.join("\n")}
  )
  _arguments -C \\
    '(- *)'{-h,--help}'[show every command]' \\
    '(- *)--version[show the version]' \\
    '1:command:->command' \\
    '*::argument:->argument'
  case $state in
    command)
      _describe -t commands command commands ;;
    argument)
      case $words[1] in
${commands.map(commandCase).join("\n")}
      esac ;;
  esac
}

if [[ "$funcstack[1]" == "_${name}" ]]; then
  _${name} "$@"
else
  compdef _${name} ${name}
fi
`;
}

function commandCase({ name, flags, arguments: places, goesOn }: CommandOffer): string {
  const specs = flags.map(flagSpec);
  places.forEach((place, index) => {
    const isLast = index === places.length - 1;
    specs.push(argumentSpec(goesOn && isLast ? "*" : String(index + 1), place));
  });
  return `        ${name})
          _arguments -s \\
${specs.map((spec) => `            ${spec}`).join(" \\\n")} ;;`;
}

/** `'(-q --quiet)'{-q,--quiet}'[say less]'`, with `:FILE:_files` behind it for a value. */
function flagSpec({ name, letter, summary, isRepeatable, value }: FlagOffer): string {
  const text = quoted(
    `[${plain(summary)}]${value ? `:${value.placeholder}:${actionOf(value.offer)}` : ""}`,
  );
  const equals = value ? "=" : "";
  if (letter === undefined) return `${isRepeatable ? "'*'" : ""}--${name}${equals}${text}`;
  const excluded = isRepeatable ? "'*'" : `'(-${letter} --${name})'`;
  return `${excluded}{-${letter},--${name}${equals}}${text}`;
}

function argumentSpec(place: string, { placeholder, offer }: ArgumentOffer): string {
  return quoted(`${place}:${placeholder}:${actionOf(offer)}`);
}

function actionOf(offer: Offer): string {
  switch (offer.kind) {
    case "files":
      return "_files";
    case "directories":
      return "_files -/";
    case "words":
      return `(${offer.words.join(" ")})`;
    case "nothing":
      return " ";
  }
}

/** Without what means something within a specification. */
function plain(text: string): string {
  return text.replace(/[[\]]/g, "").replaceAll(":", "\\:");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
