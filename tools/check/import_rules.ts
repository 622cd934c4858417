/**
 * The rules about who imports whom.
 *
 * @module
 */

import type { Finding } from "./finding.ts";
import { type Project, resolveReference, type Target } from "./project.ts";
import { BENCH_FACE, isBench, isTest, type Room, roomOf } from "./rooms.ts";
import type { Reference, SourceFile } from "./source_file.ts";

/** One reference with all that a rule may ask about it. */
interface Import {
  readonly file: SourceFile;
  readonly room: Room;
  readonly reference: Reference;
  readonly target: Target;
  readonly project: Project;
}

/** A rule: what is wrong with an import and what to do, or `undefined` if nothing is. */
type Rule = (imported: Import) => string | undefined;

const RULES: Readonly<Record<string, Rule>> = {
  "arrow": arrow,
  "face": face,
  "missing-face": missingFace,
  "own-face": ownFace,
  "acting-module": actingModule,
  "third-party": thirdParty,
  "test-code": testCode,
  "undeclared": undeclared,
};

/** What is wrong with the imports of a file. */
export function checkImports(project: Project, file: SourceFile): Finding[] {
  const room = roomOf(file.path);
  if (!room) return [];
  return file.references.flatMap((reference) => {
    const target = resolveReference(project, file.path, reference);
    const imported = { file, room, reference, target, project };
    return Object.entries(RULES).flatMap(([rule, check]) => {
      const message = check(imported);
      if (message === undefined) return [];
      return [{ path: file.path, line: reference.line, rule, message }];
    });
  });
}

function arrow({ room, target, reference, file }: Import): string | undefined {
  if (target.kind !== "file") return undefined;
  if (target.face === BENCH_FACE && isBench(file.path)) return undefined;
  const other = roomOf(target.path);
  if (!other || other === room) return undefined;
  const allowed = room.arrows.find((candidate) => candidate.room === other.name);
  if (!allowed) {
    const may = room.arrows.map((candidate) => candidate.room).join(", ") || "nothing";
    return `${room.name}/ may not import ${other.name}/ ("${reference.specifier}"); it may import ` +
      `${may}. Move what both need to a room below them`;
  }
  if (!allowed.faces || target.face === undefined || allowed.faces.includes(target.face)) {
    return undefined;
  }
  return `${room.name}/ may import only ${allowed.faces.join(", ")} of ${other.name}/, ` +
    `not "${target.face}"`;
}

function face({ room, target, reference }: Import): string | undefined {
  if (target.kind !== "file" || target.face !== undefined || room.seesInside) return undefined;
  const other = roomOf(target.path);
  if (other === room) return undefined;
  const where = other ? `${other.name}/` : "the root";
  return `"${reference.specifier}" reaches into ${where}; import its package by name, and export ` +
    "what you need from its mod.ts";
}

function missingFace({ target }: Import): string | undefined {
  if (target.kind !== "missing face") return undefined;
  return `"${target.face}" is not among the exports of its deno.json`;
}

function ownFace({ room, target, project, file }: Import): string | undefined {
  if (target.kind !== "file" || roomOf(target.path) !== room || room.seesInside) return undefined;
  const isFace = target.path.endsWith("/mod.ts") &&
    [...project.faces.values()].includes(target.path);
  if (!isFace && target.face === undefined) return undefined;
  if (file.path.endsWith("/mod.ts")) return undefined; // A face may gather smaller faces.
  return `${target.path} is the package's own public face; import the file that declares the name`;
}

function actingModule({ target, reference, room }: Import): string | undefined {
  if (target.kind !== "file" || reference.kind === "url" || room.name === "tests") return undefined;
  if (!target.path.endsWith("/main.ts")) return undefined;
  return `${target.path} acts when it is imported; move what you need out of it`;
}

function thirdParty({ room, target, file }: Import): string | undefined {
  if (!room.runtime || isTest(file.path)) return undefined; // What is tested and shipped is ours.
  if (target.kind === "third party") {
    return `"${target.name}" is third-party code, on which ${room.name}/ does not depend`;
  }
  if (target.kind !== "standard") return undefined;
  return `"${target.name}" is for tests and tools; ${room.name}/ depends on the runtime alone`;
}

function testCode({ target, file }: Import): string | undefined {
  if (target.kind !== "file" || isTest(file.path) || !isTest(target.path)) return undefined;
  if (roomOf(target.path)?.name === "tests") return undefined; // The arrows speak of that.
  return `${target.path} is for tests; move what you need out of it`;
}

function undeclared({ target, reference }: Import): string | undefined {
  if (target.kind !== "third party" || reference.kind === "url") return undefined;
  if (!/^(?:jsr|npm|https?):/.test(target.name)) return undefined;
  return `declare "${target.name}" under imports in the root deno.json, and import it by that name`;
}
