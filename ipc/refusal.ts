/**
 * What is said about a value that does not fit its field.
 *
 * @module
 */

/** Values are shown up to this length: a message is read, and what is wrong shows at the start. */
const SHOWN_LENGTH_MAX = 40;

/** A value that is not of its field's type, as `Cannot send block.read: count is "7", not a number`. */
export function wrongType(what: string, value: unknown, wanted: string): TypeError {
  return new TypeError(`${what} is ${show(value)}, not ${wanted}`);
}

/** A value out of its field's bounds, as `Cannot send block.read: count is -1, not from 0 to 255`. */
export function outOfRange(what: string, value: unknown, wanted: string): RangeError {
  return new RangeError(`${what} is ${show(value)}, ${wanted}`);
}

/** A value of a length that does not fit. */
export function wrongLength(what: string, byteLength: number, wanted: string): RangeError {
  return new RangeError(`${what} has ${byteLength} bytes, ${wanted}`);
}

/** A value in few words, whatever it is: no code of its own runs. */
function show(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(
        value.length > SHOWN_LENGTH_MAX ? `${value.slice(0, SHOWN_LENGTH_MAX)}...` : value,
      );
    case "bigint":
      return "a bigint";
    case "object":
      return value === null ? "null" : "an object";
    case "function":
    case "symbol":
      return `a ${typeof value}`;
    default:
      return Object.is(value, -0) ? "-0" : String(value);
  }
}
