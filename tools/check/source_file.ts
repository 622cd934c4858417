/**
 * What the architecture check needs to know of one source file, read from its syntax tree.
 *
 * @module
 */

import ts from "typescript";

/** How a file refers to another. */
export type ReferenceKind =
  | "value" // import, export from, import()
  | "type" // import type, import("x").T
  | "url"; // new URL("x", import.meta.url), import.meta.resolve("x")

/** One reference from a file to another. */
export interface Reference {
  /** What is written between the quotes. */
  readonly specifier: string;
  /** How it refers. */
  readonly kind: ReferenceKind;
  /** The line, from 1. */
  readonly line: number;
}

/** Something in a file that a rule may forbid there. */
export interface Use {
  /** What is used: `"Atomics.wait"`, `"new Worker"`. */
  readonly what: string;
  /** The line, from 1. */
  readonly line: number;
}

/** A function and its length. */
export interface FunctionLength {
  /** The function's name. */
  readonly name: string;
  /** Lines from its first to its last. */
  readonly lineCount: number;
  /** Its first line, from 1. */
  readonly line: number;
}

/** One source file. */
export interface SourceFile {
  /** The path, below the root of the source, with `/` between names. */
  readonly path: string;
  /** Lines in the file. */
  readonly lineCount: number;
  /** What it refers to. */
  readonly references: readonly Reference[];
  /** The lines of its `export * from`. */
  readonly starExports: readonly number[];
  /** The named members of globals that it touches, and the classes that it constructs. */
  readonly uses: readonly Use[];
  /** Its functions and methods; arrow functions not. */
  readonly functions: readonly FunctionLength[];
}

/** Globals whose members rules speak of. */
const WATCHED_GLOBALS: ReadonlySet<string> = new Set(["Atomics", "Date", "Math", "performance"]);

/** Global functions that rules speak of. */
const WATCHED_CALLS: ReadonlySet<string> = new Set(["setTimeout", "setInterval"]);

/** Reads one file. It need not be free of type errors, or refer to files that exist. */
export function readSourceFile(path: string, text: string): SourceFile {
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true, ts.ScriptKind.TS);
  const reader = new Reader(tree);
  reader.visit(tree);
  return {
    path,
    lineCount: text.split("\n").length - (text.endsWith("\n") ? 1 : 0),
    references: reader.references,
    starExports: reader.starExports,
    uses: reader.uses,
    functions: reader.functions,
  };
}

class Reader {
  readonly references: Reference[] = [];
  readonly starExports: number[] = [];
  readonly uses: Use[] = [];
  readonly functions: FunctionLength[] = [];
  readonly #tree: ts.SourceFile;

  constructor(tree: ts.SourceFile) {
    this.#tree = tree;
  }

  visit(node: ts.Node): void {
    if (ts.isImportDeclaration(node)) this.#addImport(node);
    else if (ts.isExportDeclaration(node)) this.#addExport(node);
    else if (ts.isImportTypeNode(node)) this.#addImportType(node);
    else if (ts.isCallExpression(node)) this.#addCall(node);
    else if (ts.isNewExpression(node)) this.#addNew(node);
    else if (ts.isPropertyAccessExpression(node)) this.#addMember(node);
    if (isNamedFunction(node)) this.#addFunction(node);
    ts.forEachChild(node, (child) => this.visit(child));
  }

  #addImport(node: ts.ImportDeclaration): void {
    const clause = node.importClause;
    const onlyTypes = clause !== undefined &&
      (clause.phaseModifier === ts.SyntaxKind.TypeKeyword || importsOnlyTypes(clause));
    this.#refer(node.moduleSpecifier, onlyTypes ? "type" : "value");
  }

  #addExport(node: ts.ExportDeclaration): void {
    if (!node.moduleSpecifier) return;
    if (!node.exportClause) this.starExports.push(this.#lineOf(node));
    this.#refer(node.moduleSpecifier, node.isTypeOnly ? "type" : "value");
  }

  #addImportType(node: ts.ImportTypeNode): void {
    if (ts.isLiteralTypeNode(node.argument)) this.#refer(node.argument.literal, "type");
  }

  #addCall(node: ts.CallExpression): void {
    const callee = node.expression;
    if (callee.kind === ts.SyntaxKind.ImportKeyword) this.#refer(node.arguments[0], "value");
    else if (callee.getText(this.#tree) === "import.meta.resolve") {
      this.#refer(node.arguments[0], "url");
    } else if (ts.isIdentifier(callee) && WATCHED_CALLS.has(callee.text)) {
      this.uses.push({ what: callee.text, line: this.#lineOf(node) });
    }
  }

  #addNew(node: ts.NewExpression): void {
    const name = node.expression.getText(this.#tree);
    const base = node.arguments?.[1]?.getText(this.#tree);
    if (name === "URL" && base === "import.meta.url") this.#refer(node.arguments?.[0], "url");
    if (name === "Worker") this.uses.push({ what: "new Worker", line: this.#lineOf(node) });
    if (name === "Date" && (node.arguments?.length ?? 0) === 0) {
      this.uses.push({ what: "new Date", line: this.#lineOf(node) });
    }
  }

  #addMember(node: ts.PropertyAccessExpression): void {
    if (!ts.isIdentifier(node.expression) || !WATCHED_GLOBALS.has(node.expression.text)) return;
    const what = `${node.expression.text}.${node.name.text}`;
    this.uses.push({ what, line: this.#lineOf(node) });
  }

  #addFunction(node: ts.FunctionLikeDeclaration): void {
    const line = this.#lineOf(node);
    const end = this.#tree.getLineAndCharacterOfPosition(node.getEnd()).line + 1;
    const name = node.name?.getText(this.#tree) ?? "constructor";
    this.functions.push({ name, line, lineCount: end - line + 1 });
  }

  #refer(node: ts.Node | undefined, kind: ReferenceKind): void {
    if (!node || !ts.isStringLiteralLike(node)) return; // Computed: nobody can tell.
    this.references.push({ specifier: node.text, kind, line: this.#lineOf(node) });
  }

  #lineOf(node: ts.Node): number {
    return this.#tree.getLineAndCharacterOfPosition(node.getStart(this.#tree)).line + 1;
  }
}

function importsOnlyTypes(clause: ts.ImportClause): boolean {
  const bindings = clause.namedBindings;
  if (clause.name || !bindings || !ts.isNamedImports(bindings)) return false;
  return bindings.elements.length > 0 && bindings.elements.every((element) => element.isTypeOnly);
}

function isNamedFunction(node: ts.Node): node is ts.FunctionLikeDeclaration {
  return (ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node) ||
    ts.isConstructorDeclaration(node) || ts.isAccessor(node)) && node.body !== undefined;
}
