/**
 * The words of an example, as a shell would hand them to a program.
 *
 * @module
 */

/** The words before any redirection. Quotes are those of a shell without what they could expand. */
export function shellWords(line: string): string[] {
  const [command = ""] = line.split(/\s(?:>>?|\||;)\s/, 1);
  const words = command.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? [];
  return words.map((word) => word.replace(/'([^']*)'|"([^"]*)"/g, "$1$2"));
}
