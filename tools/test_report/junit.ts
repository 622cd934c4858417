/**
 * Reads the machine-readable report of `deno test --junit-path`.
 *
 * @module
 */

/** How a test ended. */
export type Verdict = "passed" | "failed" | "skipped";

/** One test. The steps of a test are counted with it. */
export interface TestResult {
  /** The module that the test is in. */
  readonly module: string;
  /** The test's name. */
  readonly name: string;
  /** How it ended. */
  readonly verdict: Verdict;
}

const TESTCASE = /<testcase\b([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g;

const ENTITIES: Readonly<Record<string, string>> = {
  amp: "&",
  apos: "'",
  gt: ">",
  lt: "<",
  quot: '"',
};

/** The tests of a report, in the order in which they are listed. */
export function readJunit(xml: string): TestResult[] {
  const results: TestResult[] = [];
  for (const [, attributes = "", body = ""] of xml.matchAll(TESTCASE)) {
    const result = {
      module: attribute(attributes, "classname"),
      name: attribute(attributes, "name"),
      verdict: verdictOf(body),
    };
    if (!isStep(result, results.at(-1))) results.push(result);
  }
  return results;
}

/** Steps are listed after their test, as `"test > step"`. */
function isStep(result: TestResult, before: TestResult | undefined): boolean {
  return before !== undefined && before.module === result.module &&
    result.name.startsWith(`${before.name} > `);
}

function verdictOf(body: string): Verdict {
  if (/<(?:failure|error)\b/.test(body)) return "failed";
  return /<skipped\b/.test(body) ? "skipped" : "passed";
}

function attribute(attributes: string, name: string): string {
  const [, value = ""] = new RegExp(`\\b${name}="([^"]*)"`).exec(attributes) ?? [];
  return value.replaceAll(/&(\w+|#\d+|#x[\da-f]+);/gi, (whole, entity: string) => {
    if (!entity.startsWith("#")) return ENTITIES[entity] ?? whole;
    const digits = entity.slice(1);
    return String.fromCodePoint(Number(/^x/i.test(digits) ? `0${digits}` : digits));
  });
}
