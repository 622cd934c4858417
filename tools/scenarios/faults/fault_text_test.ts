import { assertEquals, assertThrows } from "@std/assert";
import { UsageError } from "../../command_line/command.ts";
import { type FaultSpec, parseFault } from "./fault_text.ts";

/** What is written, and what it means. */
const WRITTEN: readonly (readonly [string, Partial<FaultSpec>])[] = [
  ["storage:terminate@every=200ms", {
    domain: "storage",
    fault: { side: "outside", kind: "terminate" },
    moment: { type: "every", everyMs: 200, times: Infinity },
  }],
  ["*:kill@every=1s,times=4", {
    domain: "*",
    fault: { side: "outside", kind: "terminate" },
    moment: { type: "every", everyMs: 1_000, times: 4 },
  }],
  ["fs:hang@at=2s,for=500ms", {
    fault: { side: "inside", kind: "blocked" },
    moment: { type: "at", atMs: 2_000 },
    lastsMs: 500,
  }],
  ["fs:zombie@times=3,for=1s", {
    moment: { type: "times", times: 3 },
    lastsMs: 1_000,
  }],
  ["fs:slow=30ms@every=1s", { fault: { side: "inside", kind: "slow" }, amount: 30 }],
  ["fs:heap=64@at=1s", { fault: { side: "inside", kind: "heap" }, amount: 64 }],
  ["fs:throw@point=fs.commit.before,visit=3", {
    moment: { type: "point", point: "fs.commit.before", visit: 3 },
  }],
  ["fs:throw@point=fs.commit.before", {
    moment: { type: "point", point: "fs.commit.before", visit: 1 },
  }],
  ["disk:eio@write=500", {
    fault: { side: "disk", kind: "eio" },
    moment: { type: "operation", operation: "write", at: 500 },
  }],
  ["disk:rot@chance=0.01,times=5", {
    moment: { type: "chance", chance: 0.01, times: 5, operation: undefined },
  }],
  ["disk:slow=5ms@chance=1,on=read", {
    fault: { side: "disk", kind: "slow" },
    amount: 5,
    moment: { type: "chance", chance: 1, times: Infinity, operation: "read" },
  }],
  ["kernel:restart@every=1s", { domain: "kernel", fault: { side: "outside", kind: "restart" } }],
];

for (const [text, expected] of WRITTEN) {
  Deno.test(`parseFault() takes ${text}`, () => {
    const spec: Record<string, unknown> = { ...parseFault(text) };
    const found = Object.keys(expected).map((name) => [name, spec[name]]);
    assertEquals(Object.fromEntries(found), expected);
    assertEquals(spec["text"], text);
  });
}

/** What is refused, and what is said of it. */
const REFUSED: readonly (readonly [string, string])[] = [
  ["", "a fault is DOMAIN:KIND@WHEN"],
  ["storage", "a fault is DOMAIN:KIND@WHEN"],
  [":kill@every=1s", "a fault is DOMAIN:KIND@WHEN"],
  ["storage:@every=1s", "a fault is DOMAIN:KIND@WHEN"],
  ["storage:kill", "a fault is DOMAIN:KIND@WHEN"],
  ["storage:kill@", '"" is no KEY=VALUE'],
  ["storage:kill@soon", '"soon" is no KEY=VALUE'],
  ["storage:kill@every=", '"every=" is no KEY=VALUE'],
  ["storage:kil@every=1s", 'there is no "kil"; did you mean "kill"?'],
  ["storage:kill@evry=1s", 'there is no "evry"; did you mean "every"?'],
  ["storage:kill@every=1s,every=2s", '"every" stands twice'],
  ["storage:kill@every=1s,at=2s", '"at" does not go with "every"'],
  ["storage:kill@every=1s,visit=2", '"visit" does not go with "every"'],
  ["storage:kill@visit=2", "say when"],
  ["storage:kill@every=5ms", '"every" is from 10ms up'],
  ["storage:kill@every=soon", '"every" is a time'],
  ["storage:kill@every=1s,times=0", '"times" is a number from 1'],
  ["storage:kill@every=1s,for=1s", "terminate does not last"],
  ["storage:slow@every=1s", "say for how long: slow=30ms"],
  ["storage:heap@at=1s", "say how many MiB: heap=64"],
  ["storage:kill=5@at=1s", "terminate takes no amount"],
  ["storage:restart@point=fs.a", "nobody restarts a domain at a point"],
  ["disk:eio@every=1s", '"eio" needs an operation of the disk'],
  ["disk:kill@write=5", 'a disk\'s operation does not suffer "terminate"'],
  ["disk:eio@chance=0", '"chance" is above 0'],
  ["disk:eio@chance=2", '"chance" is above 0'],
  ["disk:eio@chance=0.5,on=wirte", 'a disk knows no "wirte"; did you mean "write"?'],
  ["*:eio@write=5", "it needs one domain"],
  ["*:throw@point=fs.a", "it needs one domain"],
];

for (const [text, message] of REFUSED) {
  Deno.test(`parseFault() refuses "${text}": ${message}`, () => {
    const error = assertThrows(() => parseFault(text), UsageError, message);
    assertEquals(error.message.startsWith(`Cannot inject "${text}": `), true);
  });
}
