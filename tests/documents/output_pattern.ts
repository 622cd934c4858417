/**
 * What a page says that commands print, compared with what they print.
 *
 * @module
 */

/**
 * Whether an output is as a page shows it. `...` alone on a line stands for any lines, none
 * included; within a line it stands for any characters. Space at the ends of lines does not count.
 */
export function isAsShown(shown: string, output: string): boolean {
  const parts = lines(shown).map((line) =>
    line === "..." ? "(?:.*\n)*?" : `${escape(line).replaceAll("\\.\\.\\.", ".*")}\n`
  );
  return new RegExp(`^${parts.join("")}$`).test(lines(output).map((line) => `${line}\n`).join(""));
}

function lines(text: string): string[] {
  return text.trimEnd().split("\n").map((line) => line.trimEnd());
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}
