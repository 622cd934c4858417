import { assert, assertEquals } from "@std/assert";
import { randomFrom } from "../random.ts";
import { PatternWork } from "./pattern_work.ts";

const [FIRST, LENGTH, STEPS] = [8_192, 131_072, 2_000];

/** Carries out what qemu-io would, on bytes that are at zero. */
class Disk {
  readonly bytes: Uint8Array<ArrayBuffer> = new Uint8Array(FIRST + LENGTH + 8_192);
  readonly kinds: Set<string> = new Set();

  do(command: string): void {
    const words = command.split(" ");
    this.kinds.add(words.filter((word) => !/^\d+$/.test(word)).join(" "));
    if (command === "flush") return;
    const pattern = words.includes("-P") ? Number(words[words.indexOf("-P") + 1]) : 0;
    const [offset, length] = words.slice(-2).map(Number) as [number, number];
    assert(offset >= FIRST && length > 0 && offset + length <= FIRST + LENGTH, command);
    const part = this.bytes.subarray(offset, offset + length);
    if (words[0] === "write") part.fill(pattern);
    else assert(part.every((byte) => byte === pattern), `${command}: it reads what is not there`);
  }
}

Deno.test("a range must hold what the commands wrote, and each read looks for what is there", () => {
  const work = new PatternWork(FIRST, LENGTH, randomFrom(5));
  const disk = new Disk();
  for (let step = 0; step < STEPS; step++) disk.do(work.next());
  assertEquals(work.expected(), disk.bytes.slice(FIRST, FIRST + LENGTH));
  assertEquals([...disk.kinds].sort(), ["flush", "read -P", "write -P", "write -f -P", "write -z"]);
  assert(disk.bytes.subarray(0, FIRST).every((byte) => byte === 0));
  assert(work.bytesWritten > LENGTH);
});
