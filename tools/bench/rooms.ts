/**
 * The rooms that rows belong to: the first word of their names.
 *
 * @module
 */

/** From the bottom to the top, with what is measured there. */
const HEADINGS: Readonly<Record<string, string>> = {
  ipc: "calls, messages and bytes between two domains",
  kernel: "boot, fail-over, promises and memory of domains",
  storage: "volumes",
  nbd: "volumes as network block devices",
  fs: "files, beside those of the host and of JavaScript",
  fuse: "files of a mount",
};

/** The room of a row. */
export function roomOf(name: string): string {
  return name.split("/")[0]!;
}

/** A room with what is measured there: `"ipc: calls between two domains"`. */
export function headingOf(room: string): string {
  const heading = HEADINGS[room];
  return heading === undefined ? room : `${room}: ${heading}`;
}

/** The rows room by room, in the order in which the rooms come. */
export function byRoom<R extends { readonly name: string }>(
  rows: readonly R[],
): (readonly [room: string, rows: readonly R[]])[] {
  const rooms = [...new Set(rows.map(({ name }) => roomOf(name)))];
  return rooms.map((room) => [room, rows.filter(({ name }) => roomOf(name) === room)]);
}

/** Orders names by their rooms only: known rooms from the bottom up, then others by name. */
export function compareRooms(one: string, other: string): number {
  const [first, second] = [roomOf(one), roomOf(other)];
  if (first === second) return 0;
  return placeOf(first) - placeOf(second) || (first < second ? -1 : 1);
}

function placeOf(room: string): number {
  const rooms = Object.keys(HEADINGS);
  const place = rooms.indexOf(room);
  return place < 0 ? rooms.length : place;
}
