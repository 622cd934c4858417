/**
 * The JSON schema (draft 2020-12) of a manifest, read from the same shapes as the check.
 *
 * @module
 */

import { MANIFEST } from "./description.ts";
import type { Condition, MapShape, RecordShape, Shape } from "./shape.ts";

/** A schema, or part of one. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/** The schema of a manifest as a JSON document. */
export function manifestSchema(): JsonSchema {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Hako manifest",
    description: "What a system consists of, and the only place where authority is given.",
    ...shapeSchema(MANIFEST),
  };
}

/** The text of `schema.json`. */
export function manifestSchemaText(): string {
  return JSON.stringify(manifestSchema(), null, 2) + "\n";
}

/** The schema of one shape. */
export function shapeSchema(shape: Shape): JsonSchema {
  switch (shape.is) {
    case "text":
      return { type: "string", pattern: shape.pattern.source };
    case "choice":
      return { enum: shape.values };
    case "count": {
      const { min, max, step } = shape;
      const multiple = step === 1 ? {} : { multipleOf: step };
      return { type: "integer", minimum: min, maximum: max, ...multiple };
    }
    case "switch":
      return { type: "boolean" };
    case "free":
      return {};
    case "list":
      return { type: "array", items: shapeSchema(shape.of), uniqueItems: true };
    case "map":
      return mapSchema(shape);
    case "record":
      return recordSchema(shape);
  }
}

function mapSchema({ of, names }: MapShape): JsonSchema {
  const values = { type: "object", additionalProperties: shapeSchema(of) };
  if (names === undefined) return values;
  const reserved = Object.keys(names.reserved);
  const pattern = { pattern: names.pattern.source };
  return {
    ...values,
    propertyNames: reserved.length === 0 ? pattern : { ...pattern, not: { enum: reserved } },
  };
}

function recordSchema({ fields, conditions, isOpen }: RecordShape): JsonSchema {
  const entries = Object.entries(fields);
  const properties = entries.map(([name, { shape, summary }]) =>
    [name, { description: summary, ...shapeSchema(shape) }] as const
  );
  const required = entries.filter(([, field]) => field.isRequired).map(([name]) => name);
  return {
    type: "object",
    properties: Object.fromEntries(properties),
    ...(required.length === 0 ? {} : { required }),
    ...(isOpen ? {} : { additionalProperties: false }),
    ...(conditions === undefined ? {} : { allOf: conditions.map(conditionSchema) }),
  };
}

function conditionSchema({ field, value, needs, beside, without, message }: Condition): JsonSchema {
  const given = value === undefined ? {} : { properties: { [field]: { const: value } } };
  const then = {
    ...(needs === undefined ? {} : { properties: { [needs.field]: { enum: needs.values } } }),
    ...(beside === undefined ? {} : { required: [beside] }),
    ...(without === undefined ? {} : { not: { required: [without] } }),
  };
  return { description: message, if: { ...given, required: [field] }, then };
}
