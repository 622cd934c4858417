import { assertEquals } from "@std/assert";
import { FAILURES_MAX, WriteFailures } from "./write_failures.ts";

Deno.test("a failure is told once, to its client, of its file", () => {
  const failures = new WriteFailures();
  failures.note(1, 10, 5);
  failures.note(1, 11, 28);
  failures.note(2, 10, 28);
  assertEquals([failures.take(1, 12), failures.take(3, 10)], [0, 0]);
  assertEquals([failures.take(1, 10), failures.take(1, 10)], [5, 0]);
  assertEquals([failures.take(1, 11), failures.take(2, 10)], [28, 28]);
});

Deno.test("failures of freed files and of clients that are gone are forgotten", () => {
  const failures = new WriteFailures();
  for (const badge of [1, 2]) for (const inode of [10, 11]) failures.note(badge, inode, 5);
  failures.forget(10);
  failures.gone(2);
  assertEquals([failures.take(1, 10), failures.take(1, 11), failures.take(2, 11)], [0, 5, 0]);
});

Deno.test("of too many files whoever is asked for first tells", () => {
  const failures = new WriteFailures();
  for (let inode = 1; inode <= FAILURES_MAX + 2; inode++) failures.note(1, inode, 5);
  assertEquals(failures.take(1, 1), 5);
  assertEquals([failures.take(1, FAILURES_MAX + 2), failures.take(1, FAILURES_MAX + 1)], [5, 0]);
  for (let inode = 2; inode <= FAILURES_MAX; inode++) assertEquals(failures.take(1, inode), 5);
});
