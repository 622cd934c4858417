import { assert, assertEquals, assertThrows } from "@std/assert";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { checkManifest } from "../manifest_check.ts";
import type { SystemManifest } from "../manifest.ts";
import { MANIFEST } from "./description.ts";
import { manifestSchema, manifestSchemaText } from "./json_schema.ts";
import { checkShape } from "./shape_check.ts";
import type { Shape } from "./shape.ts";

const isValid = new Ajv2020({ strict: true, strictRequired: false }).compile(manifestSchema());

Deno.test("schema.json is what the description gives; else: deno task hako check --schema", () => {
  const url = new URL("./schema.json", import.meta.url);
  assertEquals(Deno.readTextFileSync(url), manifestSchemaText());
});

Deno.test("checkManifest() refuses or accepts any JSON, and never crashes", () => {
  fc.assert(fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => refusesOrAccepts(value)));
});

Deno.test("checkManifest() refuses or accepts any value, and never crashes", () => {
  const anything = fc.anything({ withNullPrototype: true, withMap: true, withBigInt: true });
  fc.assert(fc.property(anything, anything, (value, domain) => {
    refusesOrAccepts(value);
    refusesOrAccepts({ base: "file:///", domains: value });
    refusesOrAccepts({ base: "file:///", domains: { a: domain } });
  }));
});

Deno.test("checkManifest() refuses or accepts manifests with a fault here and there", () => {
  fc.assert(fc.property(manifests(), (value) => refusesOrAccepts(value)), { numRuns: 2_000 });
});

Deno.test("the schema and the check judge the shape of a manifest alike", () => {
  let accepted = 0;
  fc.assert(
    fc.property(manifests(), (value) => {
      const schemaAccepts = isValid(value);
      if (schemaAccepts) accepted++;
      assertEquals(checkAccepts(value), schemaAccepts, JSON.stringify(isValid.errors));
    }),
    { numRuns: 5_000 },
  );
  assert(accepted > 100, `only ${accepted} were accepted: the other verdict was hardly tried`);
});

Deno.test("every field of a manifest has a summary, which the schema tells", () => {
  const text = manifestSchemaText();
  const walk = (shape: Shape): void => {
    if (shape.is === "list" || shape.is === "map") walk(shape.of);
    if (shape.is !== "record") return;
    for (const { summary, shape: inner } of Object.values(shape.fields)) {
      assert(summary.length > 10 && summary.endsWith("."), summary);
      assert(text.includes(JSON.stringify(summary)), summary);
      walk(inner);
    }
  };
  walk(MANIFEST);
});

function refusesOrAccepts(value: unknown): void {
  try {
    checkManifest(value as SystemManifest);
  } catch (error) {
    assert(error instanceof TypeError, String(error));
    assert(/^Cannot boot: [^]+: [^]+/.test(error.message), error.message);
  }
}

function checkAccepts(value: unknown): boolean {
  try {
    checkShape(value, MANIFEST);
    return true;
  } catch (error) {
    assertThrows(
      () => {
        throw error;
      },
      TypeError,
      "Cannot boot: ",
    );
    return false;
  }
}

/** JSON documents near a manifest: each value fits its shape, or with some luck does not. */
function manifests(): fc.Arbitrary<unknown> {
  return nearShape(MANIFEST).map((text) => JSON.parse(text));
}

/** As JSON text, because only text has an own member `__proto__` that an object literal cannot have. */
function nearShape(shape: Shape): fc.Arbitrary<string> {
  const odd = fc.oneof(
    fc.constantFrom("null", "true", "-1", "1.5", "1e400", '""', '"a,b"', "[]", "{}", '"4096"', "0"),
    fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value)),
  );
  return fc.oneof({ arbitrary: fitting(shape), weight: 60 }, { arbitrary: odd, weight: 1 });
}

function fitting(shape: Shape): fc.Arbitrary<string> {
  switch (shape.is) {
    case "text":
      return fc.constantFrom('"a"', '"./m.ts"', '"volume"', '"/a/b"', '"host:80"', '"ünï"');
    case "choice":
      return fc.constantFrom(...shape.values).map((word) => JSON.stringify(word));
    case "count": {
      const { min, max, step } = shape;
      const edges = [min, max - (max % step), min - 1, max + 1, min + 1];
      return fc.oneof(
        { arbitrary: fc.constant(min), weight: 20 },
        { arbitrary: fc.constantFrom(...edges), weight: 2 },
        fc.integer().map((number) => number * step),
      ).map(String);
    }
    case "switch":
      return fc.boolean().map(String);
    case "free":
      return fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.stringify(value));
    case "list":
      return fc.array(nearShape(shape.of), { maxLength: 2 }).map((items) => `[${items.join()}]`);
    case "map":
      return fc.array(fc.tuple(chosenName(), nearShape(shape.of)), { maxLength: 3 }).map(members);
    case "record":
      return recordText(shape.fields);
  }
}

function recordText(
  fields: Readonly<Record<string, { readonly shape: Shape; readonly isRequired: boolean }>>,
): fc.Arbitrary<string> {
  const some = Object.entries(fields).map(([name, { shape, isRequired }]) => {
    const weights = isRequired ? [50, 1] as const : [1, 3] as const;
    const member = nearShape(shape).map((text): [string, string][] => [[name, text]]);
    return fc.oneof(
      { arbitrary: member, weight: weights[0] },
      { arbitrary: fc.constant<[string, string][]>([]), weight: weights[1] },
    );
  });
  const unknown = fc.oneof(
    { arbitrary: fc.constant<[string, string][]>([]), weight: 60 },
    { arbitrary: chosenName().map((name): [string, string][] => [[name, "1"]]), weight: 1 },
  );
  return fc.tuple(unknown, ...some).map((lists) => members(lists.flat()));
}

function chosenName(): fc.Arbitrary<string> {
  return fc.oneof(
    { arbitrary: fc.constantFrom("a", "b", "disk", "volume", "journal-1"), weight: 40 },
    fc.constantFrom("__proto__", "constructor", "toString", "program", "", "A", "a b", "kind"),
    fc.string({ maxLength: 40 }),
  );
}

function members(entries: readonly (readonly [string, string])[]): string {
  return `{${entries.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join()}}`;
}
