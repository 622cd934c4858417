/**
 * Checks a value by its shape. The first fault is told with its path and the nearest valid name.
 *
 * @module
 */

import { OPTIONS_DEPTH_MAX } from "./limits.ts";
import { suggest } from "./nearest.ts";
import type {
  Condition,
  CountShape,
  ListShape,
  MapShape,
  NameRule,
  RecordShape,
  Shape,
} from "./shape.ts";

/** Characters of a value that a message shows. */
const SHOWN_LENGTH_MAX = 60;

/**
 * Checks a value. A member that is `undefined` counts as left out.
 *
 * @param path Where the value stands, as {@linkcode memberPath} writes it; empty at the top.
 * @throws {TypeError} With the path of the first fault, what is wrong there, and the nearest name.
 */
export function checkShape(value: unknown, shape: Shape, path: string = ""): void {
  switch (shape.is) {
    case "text":
      if (typeof value === "string" && shape.pattern.test(value)) return;
      return refuse(path, `${show(value)} is no ${shape.what}`);
    case "choice": {
      if (typeof value === "string" && shape.values.includes(value)) return;
      const nearest = typeof value === "string" ? suggest(value, shape.values) : "";
      const choices = nearest === "" ? `; it is one of ${shape.values.join(", ")}` : nearest;
      return refuse(path, `${show(value)} is no ${shape.what}${choices}`);
    }
    case "count":
      if (typeof value === "number" && isStep(value, shape)) return;
      return refuse(path, `${show(value)} is no ${countWords(shape)}`);
    case "switch":
      if (typeof value === "boolean") return;
      return refuse(path, `${show(value)} is neither true nor false`);
    case "free":
      return checkFree(value, path, 0);
    case "list":
      return checkList(value, shape, path);
    case "map":
      return checkMap(value, shape, path);
    case "record":
      return checkRecord(value, shape, path);
  }
}

/** The path of a member: `domains.disk`, `["odd name"]` where the name is no word. */
export function memberPath(path: string, name: string): string {
  if (!/^[\w$-]+$/.test(name)) return `${path}[${show(name)}]`;
  const shown = name.length > SHOWN_LENGTH_MAX ? `${name.slice(0, SHOWN_LENGTH_MAX)}...` : name;
  return path === "" ? shown : `${path}.${shown}`;
}

/** Ends a check with what is wrong, and where. */
export function refuse(path: string, what: string): never {
  throw new TypeError(`Cannot boot: ${path === "" ? "the manifest" : path}: ${what}`);
}

/** A value as a message shows it: short, on one line, and told from its neighbours in type. */
export function show(value: unknown): string {
  if (typeof value === "string") {
    const isLong = value.length > SHOWN_LENGTH_MAX;
    return JSON.stringify(isLong ? `${value.slice(0, SHOWN_LENGTH_MAX)}...` : value);
  }
  if (Array.isArray(value)) return "a list";
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null) return "an object";
  return String(value); // A number, a boolean, null, undefined, a bigint or a symbol.
}

function isStep(value: number, { min, max, step }: CountShape): boolean {
  return Number.isInteger(value) && value >= min && value <= max && value % step === 0;
}

function countWords({ min, max, step }: CountShape): string {
  return `${step === 1 ? "whole number" : `multiple of ${step}`} from ${min} to ${max}`;
}

function checkList(value: unknown, shape: ListShape, path: string): void {
  if (!Array.isArray(value)) refuse(path, `${show(value)} is no list`);
  const seen = new Set<unknown>();
  // By index, so that a hole in the list is seen too.
  for (let index = 0; index < value.length; index++) {
    const item: unknown = value[index];
    checkShape(item, shape.of, `${path}[${index}]`);
    if (seen.has(item)) refuse(`${path}[${index}]`, `${show(item)} stands there already`);
    seen.add(item);
  }
}

function checkMap(value: unknown, shape: MapShape, path: string): void {
  checkPlain(value, path);
  for (const [name, member] of Object.entries(value)) {
    const at = memberPath(path, name);
    if (shape.names !== undefined) checkName(name, shape.names, at);
    if (member === undefined && shape.of.is !== "free") refuse(at, "is missing");
    checkShape(member, shape.of, at);
  }
}

function checkName(name: string, { pattern, what, reserved }: NameRule, path: string): void {
  if (!pattern.test(name)) refuse(path, what);
  if (Object.hasOwn(reserved, name)) refuse(path, reserved[name]!);
}

function checkRecord(value: unknown, shape: RecordShape, path: string): void {
  if (shape.isOpen) checkObject(value, path);
  else checkPlain(value, path);
  if (!shape.isOpen) checkFieldNames(value, shape, path);
  for (const [name, field] of Object.entries(shape.fields)) {
    const member = value[name];
    const at = memberPath(path, name);
    if (member !== undefined) checkShape(member, field.shape, at);
    else if (field.isRequired) refuse(at, "is missing");
  }
  for (const condition of shape.conditions ?? []) checkCondition(value, condition, path);
}

function checkFieldNames(
  value: Record<string, unknown>,
  { fields }: RecordShape,
  path: string,
): void {
  for (const name of Object.keys(value)) {
    if (Object.hasOwn(fields, name)) continue;
    refuse(memberPath(path, name), `no such field${suggest(name, Object.keys(fields))}`);
  }
}

function checkCondition(value: Record<string, unknown>, rule: Condition, path: string): void {
  const member = value[rule.field];
  if (member === undefined || (rule.value !== undefined && member !== rule.value)) return;
  const { needs } = rule;
  if (needs !== undefined && !needs.values.includes(String(value[needs.field]))) {
    const found = `not a domain whose ${needs.field} is ${show(value[needs.field])}`;
    refuse(memberPath(path, rule.field), `${rule.message}, ${found}`);
  }
  const isMissing = rule.beside !== undefined && value[rule.beside] === undefined;
  const isTooMuch = rule.without !== undefined && value[rule.without] !== undefined;
  if (isMissing || isTooMuch) refuse(memberPath(path, rule.field), rule.message);
}

/** An object as JSON has them: of a class it would lose itself when it is posted. */
function checkPlain(value: unknown, path: string): asserts value is Record<string, unknown> {
  checkObject(value, path);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype) return;
  refuse(path, "is an object of a class; write a plain one");
}

function checkObject(value: unknown, path: string): asserts value is Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return;
  refuse(path, `${show(value)} is no object`);
}

/** What can be posted: JSON, and the memories that a program may share with its domains. */
function checkFree(value: unknown, path: string, depth: number): void {
  if (typeof value === "function" || typeof value === "symbol") {
    refuse(path, `${show(value)} cannot be posted to a worker`);
  }
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return;
  if (depth === OPTIONS_DEPTH_MAX) refuse(path, `nests deeper than ${OPTIONS_DEPTH_MAX}`);
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) checkFree(item, `${path}[${index}]`, depth + 1);
    return;
  }
  for (const [name, member] of Object.entries(value)) {
    checkFree(member, memberPath(path, name), depth + 1);
  }
}
