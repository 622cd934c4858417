/**
 * Shapes: what a value must look like, said once. The check, the messages with their nearest names
 * and the JSON schema are all read from them.
 *
 * @module
 */

/** Text. */
export interface TextShape {
  /** Which shape this is. */
  readonly is: "text";
  /** What the text is, as "is no ..." ends. */
  readonly what: string;
  /** What all of it matches. */
  readonly pattern: RegExp;
}

/** One of a few words. */
export interface ChoiceShape {
  /** Which shape this is. */
  readonly is: "choice";
  /** What the word says, as "is no ..." ends. */
  readonly what: string;
  /** The words. */
  readonly values: readonly string[];
}

/** A whole number. */
export interface CountShape {
  /** Which shape this is. */
  readonly is: "count";
  /** The smallest. */
  readonly min: number;
  /** The largest. */
  readonly max: number;
  /** Of what it is a multiple. */
  readonly step: number;
}

/** True or false. */
export interface SwitchShape {
  /** Which shape this is. */
  readonly is: "switch";
}

/** Anything that can be posted to a worker; in JSON, any value. */
export interface FreeShape {
  /** Which shape this is. */
  readonly is: "free";
}

/** A list in which nothing stands twice. */
export interface ListShape {
  /** Which shape this is. */
  readonly is: "list";
  /** What stands in it. */
  readonly of: Shape;
}

/** Values by names that the manifest's author chooses. */
export interface MapShape {
  /** Which shape this is. */
  readonly is: "map";
  /** What the names look like; any if left out. */
  readonly names?: NameRule;
  /** The values. */
  readonly of: Shape;
}

/** What a chosen name looks like. */
export interface NameRule {
  /** What all of it matches. */
  readonly pattern: RegExp;
  /** The same in words. */
  readonly what: string;
  /** Names that match and are refused all the same, with the reason. */
  readonly reserved: Readonly<Record<string, string>>;
}

/** Fields of fixed names. */
export interface RecordShape {
  /** Which shape this is. */
  readonly is: "record";
  /** The fields. */
  readonly fields: Readonly<Record<string, Field>>;
  /** Which fields go together. */
  readonly conditions?: readonly Condition[];
  /** Whether other fields are ignored rather than refused: for values that programs make. */
  readonly isOpen?: true;
}

/** One field of a record. */
export interface Field {
  /** What it is for: a sentence for whoever writes a manifest. */
  readonly summary: string;
  /** Its value. */
  readonly shape: Shape;
  /** Whether it must be there. */
  readonly isRequired: boolean;
}

/** A field that is only valid beside others. */
export interface Condition {
  /** The field. */
  readonly field: string;
  /** The value of the field that this is about; any if left out. */
  readonly value?: string;
  /** Another field that must then have one of these values. */
  readonly needs?: { readonly field: string; readonly values: readonly string[] };
  /** Another field that must then be there. */
  readonly beside?: string;
  /** Another field that must then not be there. */
  readonly without?: string;
  /** What is said when it does not hold. */
  readonly message: string;
}

/** What a value must look like. */
export type Shape =
  | TextShape
  | ChoiceShape
  | CountShape
  | SwitchShape
  | FreeShape
  | ListShape
  | MapShape
  | RecordShape;

/** The fields of a record whose type is `T`: one for each of its members, required as there. */
export type FieldsOf<T> = {
  readonly [K in keyof T]-?: Field & {
    readonly isRequired: Record<never, never> extends Pick<T, K> ? false : true;
  };
};

/** A field that must be there. */
export function required(shape: Shape, summary: string): Field & { readonly isRequired: true } {
  return { shape, summary, isRequired: true };
}

/** A field that may be left out. */
export function optional(shape: Shape, summary: string): Field & { readonly isRequired: false } {
  return { shape, summary, isRequired: false };
}

/** Whole numbers from `min` to `max`, in steps of `step`. */
export function count(min: number, max: number, step: number = 1): CountShape {
  return { is: "count", min, max, step };
}
