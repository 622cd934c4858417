/**
 * A system as a table: what a reader of its manifest wants to see at once.
 *
 * @module
 */

import type { DomainManifest, RestartPolicy, SystemManifest } from "@hako/kernel";
import { RESTART_DEFAULT } from "../../kernel/limits.ts";
import { renderTable } from "../terminal/table.ts";

const HEAD = ["domain", "kind", "serves", "uses", "keeps", "restart", "permissions"];

const NOTHING = "-";

/** The domains, one below the other; what a domain has several of stands on as many lines. */
export function systemTable(manifest: SystemManifest): string {
  const rows = Object.entries(manifest.domains).flatMap(([name, domain]) => lines(name, domain));
  return renderTable({ head: HEAD, rows });
}

function lines(name: string, domain: DomainManifest): string[][] {
  const { kind, replicas, serves = {}, uses = [], keeps = {}, restart } = domain;
  const columns = [
    [replicas === undefined ? name : `${name} x ${replicas}`],
    [kind],
    Object.entries(serves).map(([endpoint, protocol]) =>
      endpoint === protocol.name ? endpoint : `${endpoint}: ${protocol.name}`
    ),
    uses,
    Object.entries(keeps).map(([keep, byteLength]) => `${keep} ${byteWords(byteLength)}`),
    restartWords(restart ?? RESTART_DEFAULT),
    permissionWords(domain),
  ].map((column) => column.length === 0 ? [NOTHING] : column);
  const height = Math.max(...columns.map((column) => column.length));
  return Array.from({ length: height }, (_, row) => columns.map((column) => column[row] ?? ""));
}

function permissionWords({ permissions = {} }: DomainManifest): string[] {
  const words = Object.entries(permissions).flatMap(([kind, values]: [string, string[]]) =>
    values.map((value) => `${kind} ${value}`)
  );
  return words.length === 0 ? ["none"] : words;
}

function restartWords({ limit, windowMs, backoffMs, atLimit }: RestartPolicy): string[] {
  return [
    `${limit} in ${timeWords(windowMs)}`,
    ...(backoffMs === undefined || backoffMs === 0 ? [] : [`after ${timeWords(backoffMs)}`]),
    ...(atLimit === undefined ? [] : [`then ${atLimit}`]),
  ];
}

function timeWords(ms: number): string {
  return ms >= 1_000 && ms % 100 === 0 ? `${ms / 1_000} s` : `${ms} ms`;
}

function byteWords(byteLength: number): string {
  const units = ["B", "KiB", "MiB", "GiB"];
  let unit = 0;
  let value = byteLength;
  for (; value >= 1024 && value % 1024 === 0 && unit < units.length - 1; unit++) value /= 1024;
  return `${value} ${units[unit]}`;
}
