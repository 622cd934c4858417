/**
 * Paths as text, without a look at what stands there.
 *
 * @module
 */

/** An absolute path without `.`, `..` and empty names, from a directory on. */
export function resolvePath(directory: string, path: string): string {
  const whole = path.startsWith("/") ? path : `${directory}/${path}`;
  const names: string[] = [];
  for (const name of whole.split("/")) {
    if (name === "..") names.pop();
    else if (name !== "" && name !== ".") names.push(name);
  }
  return `/${names.join("/")}`;
}

/** All but the last name of an absolute path. */
export function parentOf(path: string): string {
  return path.replace(/\/+[^/]*\/*$/, "") || "/";
}

/** The last name of a path. */
export function lastNameOf(path: string): string {
  return path.replace(/\/+$/, "").replace(/^.*\//s, "");
}
